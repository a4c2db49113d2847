//! What an event that has succeeded leaves behind, whatever is dropped when its writes become permanent.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

static ARMED: AtomicBool = AtomicBool::new(false);

/// Its `Drop` panics on the threads of `Committing`, while they are armed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bomb(u64);

impl Drop for Bomb {
    fn drop(&mut self) {
        let thread = std::thread::current();
        let ours = thread.name().is_some_and(|name| name.starts_with("Committing-"));
        if ours && ARMED.load(Ordering::SeqCst) && !std::thread::panicking() {
            panic!("bomb {}", self.0);
        }
    }
}

#[module]
pub struct Committing {
    #[depot(hash_by = |n| n)]
    hopping: Depot<u64>,
    #[depot(hash_by = |n| n)]
    exploding: Depot<u64>,
    #[depot(hash_by = |n| n)]
    returning: Depot<u64>,
    #[pstate(owner = committing)]
    held: PState<Map<u64, Bomb>>,
    #[pstate(owner = committing)]
    arrived: PState<Map<u64, u64>>,
}

topology! {
    impl Committing {
        #[stream(committing, source = hopping)]
        async fn hop(&mut self, n: u64) {
            // What was there is dropped when the event is over, and has sent its hop.
            self.held.key(&n).set(Bomb(n));
            let next = n + 1;
            hash_partition(&next).await;
            self.arrived.key(&next).update(|times| *times += 1);
        }

        #[stream(committing, source = exploding)]
        async fn explode_it(&mut self, n: u64) {
            self.held.key(&n).set(Bomb(n));
            let part = explode(0..n).await;
            hash_partition(&part).await;
            self.arrived.key(&part).update(|times| *times += 1);
        }

        #[stream(committing, source = returning)]
        async fn give_back(&mut self, n: u64) -> u64 {
            if n % 3 == 0 { hash_partition(&n).await; }
            n * 2
        }
    }
}

#[tokio::test]
async fn an_undo_record_that_panics_when_dropped_takes_nothing_of_what_its_event_has_sent() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Committing>(Launch::tasks(4).threads(2)).await.unwrap();
    // Something to replace.
    app.hopping().append_batch((0..40).collect()).await.unwrap();
    app.exploding().append_batch(vec![100, 101]).await.unwrap();
    ARMED.store(true, Ordering::SeqCst);
    app.hopping().append_batch((0..40).collect()).await.unwrap();
    app.exploding().append_batch(vec![100, 101]).await.unwrap();
    ARMED.store(false, Ordering::SeqCst);
    let arrived = app.arrived().items().await.unwrap();
    // By a hop twice each to 1..=40, and by both explosions twice each to 0..100, by one of them to 100.
    let hops = |n: u64| if (1..=40).contains(&n) { 2 } else { 0 };
    let parts = |n: u64| if n < 100 { 4 } else { 2 };
    let expected: Vec<(u64, u64)> = (0..=100).map(|n| (n, hops(n) + parts(n))).collect();
    let mut arrived: Vec<(u64, u64)> = arrived.into_iter().collect();
    arrived.sort_unstable();
    assert_eq!(arrived, expected);
    let counters = app.counters();
    assert_eq!((counters.retries, counters.failures), (0, 0));
}

#[tokio::test]
async fn a_batch_gets_each_records_value_in_the_order_of_the_batch() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Committing>(Launch::tasks(4).threads(2)).await.unwrap();
    // Neighbours go to different partitions; some are done at once, others when their hop is.
    for records in [1, 7, 500, 5_000u64] {
        let numbers: Vec<u64> = (0..records).map(|n| n * 7 % 5_003).collect();
        let doubled: Vec<u64> = numbers.iter().map(|n| n * 2).collect();
        let (one, other) = (numbers.clone(), numbers);
        let returning = app.returning();
        let (first, second) = tokio::join!(async { returning.append_batch(one).await }, async {
            returning.append_batch(other).await
        });
        assert_eq!(first.as_ref(), Ok(&doubled));
        assert_eq!(second.as_ref(), Ok(&doubled));
    }
}
