//! Ticks, timeouts and back-pressure, on a clock that the test moves.

use super::lab::{GATES, Job, LETTERED, ONCE, plain};
use super::{lab, seen};
use crate::AckLevel;
use crate::cluster::Launch;
use futures_util::FutureExt;
use std::future::IntoFuture;
use std::time::Duration;

async fn without_ticks(app: &crate::client::App<super::lab::Lab>) -> Vec<u64> {
    let mut tags = seen(app, 0).await;
    tags.retain(|&tag| tag < 1_000_000);
    tags
}

#[tokio::test]
async fn ticks_follow_the_clock() {
    let (cluster, app) = lab(Launch::tasks(4).threads(2)).await;
    app.settled().await.unwrap();
    assert!(seen(&app, 0).await.is_empty());
    for ticks in 1..=3 {
        cluster.clock().advance(Duration::from_millis(100));
        app.settled().await.unwrap();
        assert_eq!(seen(&app, 0).await, vec![1_000_000; ticks]);
    }
    cluster.clock().advance(Duration::from_millis(550));
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await.len(), 4, "one jump is one tick");
    cluster.clock().advance(Duration::from_millis(50));
    app.settled().await.unwrap();
    assert_eq!(seen(&app, 0).await.len(), 5, "the period's grid stays");
}

#[tokio::test]
async fn a_timeout_is_retried_and_late_news_are_ignored() {
    let (cluster, app) = lab(Launch::tasks(1)).await;
    let append = plain::<LETTERED>(&app).append(Job::Gate(1, 7)).into_future();
    // The record was started before this answer left.
    app.ask(0, |_| ()).await.unwrap();
    cluster.clock().advance(Duration::from_millis(999));
    app.ask(0, |_| ()).await.unwrap();
    assert_eq!(app.counters().retries, 0);
    cluster.clock().advance(Duration::from_millis(1));
    append.await.unwrap();
    assert_eq!(without_ticks(&app).await, [7]);
    assert_eq!(app.counters().retries, 1);
    let records = app.counters().records;
    // The first attempt goes on, and its end changes nothing but what its own code does.
    GATES.send_modify(|open| *open |= 1 << 1);
    while without_ticks(&app).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    app.settled().await.unwrap();
    assert_eq!((app.counters().records, app.counters().unfinished), (records, 0));
}

#[tokio::test]
async fn producers_wait_for_room_at_every_level() {
    let (_cluster, app) = lab(Launch::tasks(1).max_unfinished(2).max_backlog(8)).await;
    let depot = plain::<ONCE>(&app);
    for tag in 0..8 {
        let append = depot.append(Job::Gate(2, tag)).ack(AckLevel::None).into_future();
        assert!(append.now_or_never().is_some(), "there is room for record {tag}");
    }
    for level in [AckLevel::None, AckLevel::Appended, AckLevel::Full] {
        assert!(
            depot
                .append(Job::Note(100))
                .ack(level)
                .into_future()
                .now_or_never()
                .is_none()
        );
    }
    let batch = tokio::spawn(depot.append_batch((200..300).map(Job::Note).collect()).into_future());
    app.ask(0, |_| ()).await.unwrap();
    assert_eq!(app.counters().unfinished, 8);
    GATES.send_modify(|open| *open |= 1 << 2);
    batch.await.unwrap().unwrap();
    app.settled().await.unwrap();
    let mut all = seen(&app, 0).await;
    all.sort_unstable();
    assert_eq!(all, (0..8).chain(200..300).collect::<Vec<_>>());
}
