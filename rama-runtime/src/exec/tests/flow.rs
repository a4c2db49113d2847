//! Order, event trees and acks.

use super::lab::{Job, LETTERED, ONCE, STRICT, jobs, plain};
use super::{lab, seen};
use crate::AckLevel;
use crate::cluster::Launch;
use crate::error::Error;

fn to(task: u32, job: Job) -> Job {
    Job::To(task, Box::new(job))
}

#[tokio::test]
async fn full_ack_waits_for_the_whole_tree_over_all_threads() {
    for (tasks, threads) in [(1, 1), (4, 1), (4, 2), (8, 4)] {
        let (_cluster, app) = lab(Launch::tasks(tasks).threads(threads).check_wire(true)).await;
        let fan = Job::All(Box::new(Job::All(Box::new(Job::Each(vec![
            Job::Note(1),
            Job::Note(2),
        ])))));
        plain::<ONCE>(&app).append(fan).await.unwrap();
        for task in 0..tasks {
            assert_eq!(
                seen(&app, task).await,
                [1, 2].repeat(tasks as usize),
                "{tasks} tasks, {threads} threads"
            );
        }
        assert_eq!(app.counters().hops, u64::from(tasks + tasks * tasks));
    }
}

#[tokio::test]
async fn hops_arrive_in_the_order_sent() {
    let (_cluster, app) = lab(Launch::tasks(4).threads(2)).await;
    let records: Vec<Job> = (0..3000).map(|tag| to(1, to(2, to(3, Job::Note(tag))))).collect();
    plain::<ONCE>(&app).append_batch(records).await.unwrap();
    assert_eq!(seen(&app, 3).await, (0..3000).collect::<Vec<_>>());
}

#[tokio::test]
async fn ack_returns_are_typed_and_a_missing_one_is_an_error() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    assert_eq!(jobs(&app).append(to(1, Job::Return(7))).await, Ok(7));
    assert_eq!(jobs(&app).append(Job::Note(1)).await, Err(Error::NoAckReturn));
    jobs(&app).append(Job::Note(1)).ack(AckLevel::Full).await.unwrap();
    jobs(&app).append(Job::Note(2)).ack(AckLevel::Appended).await.unwrap();
    jobs(&app).append(Job::Note(3)).ack(AckLevel::None).await.unwrap();
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await, [1, 1, 2, 3]);
}

#[tokio::test]
async fn values_are_not_overtaken_by_the_end_of_the_tree() {
    let (_cluster, app) = lab(Launch::tasks(4).threads(4)).await;
    // On another thread a value is returned and a branch goes on to a third, which ends the tree at home.
    let job = to(
        1,
        Job::Each(vec![to(2, to(3, Job::Note(0))), Job::Return(5), to(3, Job::Note(1))]),
    );
    let appends = (0..500).map(|_| to(0, job.clone())).collect();
    assert_eq!(jobs(&app).append_batch(appends).await, Ok(vec![5; 500]));
}

#[tokio::test]
async fn a_batch_is_acked_in_the_order_of_its_records() {
    let (_cluster, app) = lab(Launch::tasks(4).threads(2).max_backlog(16)).await;
    let records = (0..1000)
        .map(|value| to(value as u32 % 4, Job::Return(value)))
        .collect();
    assert_eq!(jobs(&app).append_batch(records).await, Ok((0..1000).collect()));
    assert_eq!(jobs(&app).append_batch(Vec::new()).await, Ok(Vec::new()));
    let bad = vec![Job::Return(1), Job::Panic, Job::Return(3)];
    assert!(matches!(
        jobs(&app).append_batch(bad).await,
        Err(Error::RecordFailed { offset: 251, .. })
    ));
}

#[tokio::test]
async fn an_append_of_a_topology_can_be_waited_for() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    assert_eq!(jobs(&app).append(to(1, Job::Publish(7))).await, Ok(7));
    assert_eq!(seen(&app, 1).await, [10_007]);
    plain::<ONCE>(&app).append(Job::PublishAndFail(8)).await.unwrap_err();
    app.settled().await.unwrap();
    assert!(seen(&app, 0).await.is_empty());
}

#[tokio::test]
async fn external_futures_resume_their_task() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    assert_eq!(jobs(&app).append(to(1, Job::External(9))).await, Ok(9));
    let error = jobs(&app).append(Job::ExternalPanic).await.unwrap_err();
    assert!(matches!(error, Error::RecordFailed { attempts: 4, .. }), "{error}");
}

#[tokio::test]
async fn endless_cycles_do_not_block_others() {
    for (tasks, threads) in [(1, 1), (4, 2)] {
        let (_cluster, app) = lab(Launch::tasks(tasks).threads(threads)).await;
        plain::<ONCE>(&app)
            .append(Job::Cycle)
            .ack(AckLevel::Appended)
            .await
            .unwrap();
        for tag in 0..100 {
            plain::<STRICT>(&app)
                .append(Job::All(Box::new(Job::Note(tag))))
                .await
                .unwrap();
        }
        assert!(app.ask(0, |lab| lab.rounds).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn yields_without_end_let_others_run() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    plain::<ONCE>(&app)
        .append(Job::Yields(u32::MAX))
        .ack(AckLevel::Appended)
        .await
        .unwrap();
    plain::<STRICT>(&app).append(Job::Note(1)).await.unwrap();
}

#[tokio::test]
async fn partitions_can_be_read_and_are_trimmed() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(1)).await;
    let depot = plain::<ONCE>(&app);
    depot.append_batch((0..5).map(Job::Note).collect()).await.unwrap();
    let info = depot.partition_info(0).await.unwrap();
    assert_eq!((info.start, info.end), (3, 5));
    assert_eq!(depot.read(0, 3..5).await.unwrap(), [Job::Note(3), Job::Note(4)]);
    assert_eq!(
        depot.read(0, 2..5).await,
        Err(Error::OffsetOutOfRange {
            from: 2,
            to: 5,
            start: 3,
            end: 5
        })
    );
    assert_eq!(
        depot.partition_info(2).await,
        Err(Error::NoSuchTask { task: 2, tasks: 2 })
    );
    let whole = plain::<LETTERED>(&app);
    whole.append(Job::Note(1)).await.unwrap();
    assert_eq!(whole.read(0, 0..1).await.unwrap(), [Job::Note(1)]);
}

#[tokio::test]
async fn a_read_that_panics_fails_alone() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    let failed = app.ask(0, |_| -> u32 { panic!("in a read") }).await;
    assert_eq!(
        failed,
        Err(Error::ReadPanicked {
            message: "panicked: in a read".to_owned()
        })
    );
    plain::<ONCE>(&app).append(Job::Note(1)).await.unwrap();
    assert_eq!(seen(&app, 0).await, [1]);
}
