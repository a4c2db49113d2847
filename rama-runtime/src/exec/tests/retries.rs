//! Failed attempts and what becomes of them.

use super::lab::{Job, LETTERED, ONCE, ORDERED, STRICT, jobs, letters, plain};
use super::{lab, seen};
use crate::AckLevel;
use crate::cluster::Launch;
use crate::error::Error;

#[tokio::test]
async fn individual_runs_only_the_failed_record_again() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    let records = vec![Job::Fail(1, 2), Job::Note(2), Job::Note(3)];
    jobs(&app).append_batch(records).ack(AckLevel::Full).await.unwrap();
    // What a failed event wrote is undone.
    assert_eq!(seen(&app, 0).await, [2, 3, 1]);
    assert_eq!(app.counters().retries, 2);
}

#[tokio::test]
async fn neighbours_that_fail_are_tried_again_in_their_order() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    let records = (1..=20).map(|tag| Job::Fail(tag, 1)).collect();
    jobs(&app).append_batch(records).ack(AckLevel::Full).await.unwrap();
    assert_eq!(seen(&app, 0).await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn all_after_keeps_the_order() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    let hop = |job| Job::To(0, Box::new(Job::To(1, Box::new(job))));
    let records = vec![
        hop(Job::Note(1)),
        hop(Job::Fail(2, 1)),
        hop(Job::Note(3)),
        hop(Job::Note(4)),
    ];
    plain::<ORDERED>(&app).append_batch(records).await.unwrap();
    assert_eq!(seen(&app, 1).await, [1, 3, 4, 2, 3, 4]);
    app.settled().await.unwrap();
    assert_eq!(app.counters().unfinished, 0);
}

#[tokio::test]
async fn all_after_gives_up_on_a_record_and_goes_on() {
    let (_cluster, app) = lab(Launch::tasks(1).max_unfinished(1)).await;
    let records = vec![Job::Fail(1, 99), Job::Note(2)];
    let error = plain::<ORDERED>(&app).append_batch(records).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::RecordFailed {
                attempts: 4,
                offset: 0,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(seen(&app, 0).await, [2]);
}

#[tokio::test]
async fn none_fails_at_once_and_a_panic_is_a_failure() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    let error = plain::<ONCE>(&app).append(Job::Fail(1, 1)).await.unwrap_err();
    assert!(
        matches!(&error, Error::RecordFailed { attempts: 1, error, .. } if error == "failure 1"),
        "{error}"
    );
    let error = plain::<ONCE>(&app).append(Job::Panic).await.unwrap_err();
    assert!(
        matches!(&error, Error::RecordFailed { error, .. } if error == "panicked: as asked"),
        "{error}"
    );
    plain::<ONCE>(&app).append(Job::Note(5)).await.unwrap();
    assert_eq!(app.counters().failures, 2);
}

#[tokio::test]
async fn a_record_that_fails_for_good_becomes_a_dead_letter() {
    let (_cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    let job = Job::Each(vec![Job::Note(1), Job::To(1, Box::new(Job::Panic))]);
    plain::<LETTERED>(&app).append(job.clone()).await.unwrap_err();
    app.settled().await.unwrap();
    let letters = letters(&app, 0).await;
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].record, letters[0].attempts), (&job, 2));
    assert_eq!(letters[0].source, "lettered");
    assert_eq!(letters[0].error, "panicked: as asked");
}

#[tokio::test]
async fn halt_stops_the_source_on_that_partition_and_keeps_its_records() {
    let (cluster, app) = lab(Launch::tasks(2).threads(1).max_unfinished(1).max_backlog(4)).await;
    let depot = plain::<STRICT>(&app);
    let outcomes = depot
        .append_batch(vec![Job::Note(1), Job::Fail(2, 9), Job::Note(3)])
        .await;
    assert!(
        matches!(
            outcomes,
            Err(Error::RecordFailed {
                offset: 1,
                attempts: 2,
                ..
            })
        ),
        "{outcomes:?}"
    );
    let behind = depot.append(Job::Note(4)).await;
    assert!(
        matches!(
            behind,
            Err(Error::Halted {
                offset: 3,
                halted_at: 1,
                partition: 0,
                ..
            })
        ),
        "{behind:?}"
    );
    // Nothing that nobody processes may fill the room: appends go on.
    for _ in 0..10 {
        depot.append(Job::Note(5)).ack(AckLevel::Appended).await.unwrap();
    }
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await, [1]);
    let info = depot.partition_info(0).await.unwrap();
    assert_eq!((info.start, info.end), (1, 14));
    depot.append(Job::To(1, Box::new(Job::Note(6)))).await.unwrap();
    assert_eq!(seen(&app, 1).await, [6]);
    cluster.shutdown().await.unwrap();
}

/// All records of an append fly together.
fn together() -> Launch {
    Launch::tasks(2).threads(1).flight(100)
}

#[tokio::test]
async fn individual_runs_only_the_failed_records_of_a_flight_again() {
    let (_cluster, app) = lab(together()).await;
    let records = vec![Job::Fail(1, 2), Job::Note(2), Job::Fail(3, 1), Job::Note(4)];
    jobs(&app).append_batch(records).ack(AckLevel::Full).await.unwrap();
    assert_eq!(seen(&app, 0).await, [2, 4, 3, 1]);
    assert_eq!((app.counters().retries, app.counters().unfinished), (3, 0));
}

#[tokio::test]
async fn without_retries_the_failed_records_of_a_flight_are_left_and_no_others() {
    let (_cluster, app) = lab(together()).await;
    let records = vec![Job::Fail(1, 1), Job::Note(2), Job::Panic, Job::Note(4)];
    let error = plain::<ONCE>(&app).append_batch(records).await.unwrap_err();
    assert!(matches!(error, Error::RecordFailed { offset: 0, .. }), "{error}");
    assert_eq!(seen(&app, 0).await, [2, 4]);
    assert_eq!((app.counters().failures, app.counters().unfinished), (2, 0));
}

#[tokio::test]
async fn all_after_begins_again_at_the_first_failure_of_a_flight() {
    let (_cluster, app) = lab(together()).await;
    let records = vec![
        Job::Note(1),
        Job::Fail(2, 1),
        Job::Note(3),
        Job::Fail(4, 1),
        Job::Note(5),
    ];
    plain::<ORDERED>(&app).append_batch(records).await.unwrap();
    assert_eq!(seen(&app, 0).await, [1, 3, 5, 2, 3, 4, 5]);
    app.settled().await.unwrap();
    assert_eq!(app.counters().unfinished, 0);
}

#[tokio::test]
async fn one_record_of_a_flight_becomes_a_dead_letter() {
    let (_cluster, app) = lab(together()).await;
    let records = vec![Job::Note(1), Job::Panic, Job::Note(3)];
    plain::<LETTERED>(&app).append_batch(records).await.unwrap_err();
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await, [1, 3]);
    let letters = letters(&app, 0).await;
    let kept: Vec<(&Job, u64)> = letters.iter().map(|letter| (&letter.record, letter.offset)).collect();
    assert_eq!(kept, [(&Job::Panic, 1)]);
}

#[tokio::test]
async fn a_halt_in_the_middle_of_a_flight_leaves_what_flew_with_it_done() {
    let (cluster, app) = lab(together().max_backlog(4)).await;
    let depot = plain::<STRICT>(&app);
    let records = vec![Job::Note(1), Job::Fail(2, 9), Job::Note(3)];
    let error = depot.append_batch(records).await.unwrap_err();
    assert!(matches!(error, Error::RecordFailed { offset: 1, .. }), "{error}");
    let behind = depot.append(Job::Note(4)).await.unwrap_err();
    assert!(
        matches!(
            behind,
            Error::Halted {
                offset: 3,
                halted_at: 1,
                ..
            }
        ),
        "{behind}"
    );
    for _ in 0..10 {
        depot.append(Job::Note(5)).ack(AckLevel::Appended).await.unwrap();
    }
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await, [1, 3]);
    assert_eq!(app.counters().unfinished, 0);
    cluster.shutdown().await.unwrap();
}
