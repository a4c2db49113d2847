//! Launch, shutdown and drop.

use super::lab::{GATES, Job, Lab, ONCE, plain};
use super::{lab, seen};
use crate::AckLevel;
use crate::cluster::{InProcessCluster, Launch};
use crate::error::Error;
use futures_util::FutureExt;
use std::future::IntoFuture;

#[tokio::test]
async fn launches_are_checked() {
    let cluster = InProcessCluster::start().unwrap();
    let error = |launch| async { cluster.launch::<Lab>(launch).await.unwrap_err() };
    assert_eq!(error(Launch::tasks(3)).await, Error::TasksNotPowerOfTwo { tasks: 3 });
    assert_eq!(error(Launch::tasks(0)).await, Error::TasksNotPowerOfTwo { tasks: 0 });
    assert_eq!(
        error(Launch::tasks(2).threads(4)).await,
        Error::BadThreads { threads: 4, tasks: 2 }
    );
    assert_eq!(
        error(Launch::tasks(2).threads(0)).await,
        Error::BadThreads { threads: 0, tasks: 2 }
    );
    let app = cluster.launch::<Lab>(Launch::tasks(2)).await.unwrap();
    assert_eq!(error(Launch::tasks(2)).await, Error::AlreadyLaunched { module: "Lab" });
    assert_eq!(app.keys_for_task(1).take(3).count(), 3);
    assert_eq!(app.keys_for_task(2).count(), 0);
    cluster.shutdown().await.unwrap();
    assert_eq!(error(Launch::tasks(2)).await, Error::ShutDown);
}

#[tokio::test]
async fn shutdown_finishes_what_was_accepted() {
    let (cluster, app) = lab(Launch::tasks(4).threads(2)).await;
    let depot = plain::<ONCE>(&app);
    let fan = Job::All(Box::new(Job::Note(1)));
    let batch = depot.append_batch(vec![fan; 100]).into_future();
    let gated = depot.append(Job::Gate(3, 2)).into_future();
    let mut down = std::pin::pin!(cluster.shutdown());
    assert!(down.as_mut().now_or_never().is_none(), "a record is still outside");
    assert_eq!(depot.append(Job::Note(9)).await, Err(Error::ShutDown));
    assert_eq!(app.ask(0, |_| 1).await, Ok(1), "reads go on");
    GATES.send_modify(|open| *open |= 1 << 3);
    down.await.unwrap();
    assert_eq!(batch.await.unwrap().len(), 100);
    gated.await.unwrap();
    assert_eq!(app.counters().unfinished, 0);
    assert_eq!(app.ask(0, |_| ()).await, Err(Error::ShutDown));
    assert_eq!(app.settled().await, Err(Error::ShutDown));
}

#[tokio::test]
async fn dropping_the_cluster_answers_everyone() {
    let (cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    let depot = plain::<ONCE>(&app);
    let stuck = depot.append(Job::Gate(60, 1)).into_future();
    depot.append(Job::Cycle).ack(AckLevel::Appended).await.unwrap();
    let settled = app.settled();
    drop(cluster);
    assert_eq!(stuck.await, Err(Error::ShutDown));
    assert_eq!(settled.await, Err(Error::ShutDown));
}

#[tokio::test]
async fn appends_of_many_clients_are_all_processed() {
    let (_cluster, app) = lab(Launch::tasks(8).threads(4).max_unfinished(8).max_backlog(16)).await;
    let clients: Vec<_> = (0..8u32)
        .map(|client| {
            let depot = plain::<ONCE>(&app);
            tokio::spawn(async move {
                for turn in 0..50 {
                    let hop = Job::To(client, Box::new(Job::To((client + turn) % 8, Box::new(Job::Note(1)))));
                    depot.append(hop).await.unwrap();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let mut total = 0;
    for task in 0..8 {
        total += seen(&app, task).await.len();
    }
    assert_eq!(total, 400);
}
