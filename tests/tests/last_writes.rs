//! A body's last write keeps no undo record: what panics behind it comes too late, and what panics in it leaves nothing.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};

/// Its `Drop` panics on the threads of `Lasting`, once it has been armed there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bomb {
    armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.armed && !std::thread::panicking() {
            panic!("too late");
        }
    }
}

/// A key whose `Hash` panics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touchy(u64);

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        assert_ne!(self.0, u64::MAX, "not this one");
        self.0.hash(state);
    }
}

#[module]
pub struct Lasting {
    #[depot(global)]
    bombs: Depot<(u64, Bomb)>,
    #[depot(global)]
    halves: Depot<u64>,
    #[depot(global)]
    branches: Depot<u64>,
    #[depot(global)]
    touchies: Depot<Touchy>,
    #[pstate(owner = bombing)]
    counts: PState<Map<u64, u64>>,
    #[pstate(owner = halving)]
    first: PState<Map<u64, u64>>,
    #[pstate(owner = halving)]
    last: PState<Map<u64, u64>>,
    #[pstate(owner = branching)]
    even: PState<Map<u64, u64>>,
    #[pstate(owner = branching)]
    odd: PState<Map<u64, List<u64>>>,
    #[pstate(owner = touching)]
    touched: PState<Map<Touchy, u64>>,
    #[depot(global)]
    sets: Depot<(u64, bool)>,
    #[depot(global)]
    returning: Depot<(u64, Bomb)>,
    #[pstate(owner = setting)]
    members: PState<Map<u64, Set<u64>>>,
    #[pstate(owner = returning_bombs)]
    bombed: PState<Map<u64, u64>>,
}

topology! {
    impl Lasting {
        #[stream(bombing, source = bombs, max_retries = 3, on_failure = skip)]
        async fn drop_late(&mut self, record: (u64, Bomb)) {
            let (key, bomb) = record;
            hash_partition(&key).await;
            let mut bomb = bomb;
            bomb.armed = true;
            self.counts.key(&key).update(|n| *n += 1);
        }

        #[stream(halving, source = halves, max_retries = 2, on_failure = skip)]
        async fn panic_in_the_last(&mut self, key: u64) {
            hash_partition(&key).await;
            self.first.key(&key).update(|n| *n += 1);
            self.last.key(&key).update(|n| {
                *n += 1;
                assert_ne!(key % 2, 0, "even ones fail");
            });
        }

        #[stream(branching, source = branches)]
        async fn end_in_branches(&mut self, key: u64) {
            hash_partition(&key).await;
            if key % 2 == 0 {
                self.even.key(&key).set(key);
            } else {
                self.odd.key(&key).push(key);
            }
        }

        /// Both writes return `bool`, which nobody wants.
        #[stream(setting, source = sets)]
        async fn insert_or_remove(&mut self, record: (u64, bool)) {
            let (key, on) = record;
            hash_partition(&key).await;
            if on {
                self.members.key(&key).insert(key)
            } else {
                self.members.key(&key).remove(&key)
            };
        }

        #[stream(returning_bombs, source = returning, max_retries = 3, on_failure = skip)]
        async fn return_a_bomb(&mut self, record: (u64, Bomb)) {
            let (key, bomb) = record;
            hash_partition(&key).await;
            self.bombed.key(&key).update(|n| {
                *n += 1;
                let mut bomb = bomb;
                bomb.armed = true;
                bomb
            });
        }

        #[stream(touching, source = touchies, max_retries = 1, on_failure = skip)]
        async fn touch(&mut self, key: Touchy) {
            hash_partition(&key).await;
            self.touched.key(&key).update(|n| *n += 1);
        }
    }
}

async fn launch() -> (TestCluster, LastingClient) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Lasting>(Launch::tasks(4).threads(2)).await.unwrap();
    (cluster, app)
}

#[tokio::test]
async fn a_drop_that_panics_behind_the_last_write_comes_too_late_to_fail_the_event() {
    let (_cluster, app) = launch().await;
    let bombs = (0..100).map(|key| (key, Bomb { armed: false })).collect();
    app.bombs().append_batch(bombs).await.unwrap();
    assert_eq!(app.counters().retries, 0);
    for key in 0..100 {
        assert_eq!(app.counts().key(&key).get().await.unwrap(), Some(1), "counted once");
    }
}

#[tokio::test]
async fn what_the_last_write_returns_is_dropped_too_late_to_fail_the_event() {
    let (_cluster, app) = launch().await;
    let bombs = (0..100).map(|key| (key, Bomb { armed: false })).collect();
    app.returning().append_batch(bombs).await.unwrap();
    assert_eq!(app.counters().retries, 0);
    for key in 0..100 {
        assert_eq!(app.bombed().key(&key).get().await.unwrap(), Some(1), "counted once");
    }
}

#[tokio::test]
async fn values_of_last_writes_in_branches_may_be_dropped() {
    let (_cluster, app) = launch().await;
    for (key, on) in [(1, true), (2, true), (1, false)] {
        app.sets().append((key, on)).await.unwrap();
    }
    assert!(!app.members().key(&1).contains(&1).await.unwrap());
    assert!(app.members().key(&2).contains(&2).await.unwrap());
}

#[tokio::test]
async fn a_panic_inside_the_last_write_undoes_it_and_the_writes_before_it() {
    let (_cluster, app) = launch().await;
    app.halves().append_batch((0..40).collect()).await.unwrap_err();
    app.settled().await.unwrap();
    assert_eq!(app.counters().failures, 20);
    for key in 0..40 {
        let expected = (key % 2 == 1).then_some(1);
        assert_eq!(app.first().key(&key).get().await.unwrap(), expected, "first, {key}");
        assert_eq!(app.last().key(&key).get().await.unwrap(), expected, "last, {key}");
    }
}

#[tokio::test]
async fn every_branch_may_end_with_a_last_write() {
    let (_cluster, app) = launch().await;
    app.branches().append_batch((0..40).collect()).await.unwrap();
    for key in 0..40 {
        assert_eq!(app.even().key(&key).get().await.unwrap(), (key % 2 == 0).then_some(key));
        let odd = app.odd().key(&key).get().await.unwrap();
        assert_eq!(odd, (key % 2 == 1).then(|| vec![key]));
    }
}

/// So many that lookups are prepared: in large tables only.
const MANY: u64 = 80_000;

#[tokio::test]
async fn a_hash_that_panics_while_lookups_are_prepared_fails_its_own_record_only() {
    let (_cluster, app) = launch().await;
    let all: Vec<Touchy> = (0..MANY).map(Touchy).collect();
    app.touchies().append_batch(all).await.unwrap();
    let mut again: Vec<Touchy> = (0..200).map(Touchy).collect();
    again.insert(100, Touchy(u64::MAX));
    app.touchies().append_batch(again).await.unwrap_err();
    app.settled().await.unwrap();
    assert_eq!(app.counters().failures, 1);
    for key in 0..200 {
        assert_eq!(app.touched().key(&Touchy(key)).get().await.unwrap(), Some(2), "{key}");
    }
}
