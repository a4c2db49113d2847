//! What order and isolation the runtime promises, for random traffic.
#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::*;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// A walk over the tasks; at each stop it may split.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Walk {
    stops: Vec<u8>,
    split_at: u8,
    branches: u8,
}

/// Numbers every hop at its sender, per receiver, and checks the numbers where they arrive.
#[module]
pub struct Walks {
    #[depot(random)]
    walks: Depot<Walk>,
    #[depot(hash_by = |walk| &walk.stops)]
    keyed: Depot<Walk>,
    #[pstate(owner = walk)]
    sent: PState<Map<u32, u64>>,
    #[pstate(owner = walk)]
    received: PState<Map<u32, u64>>,
    #[pstate(owner = walk)]
    out_of_order: PState<List<String>>,
}

topology! {
    impl Walks {
        #[stream(walk, source = walks)]
        async fn walk_any(&mut self, walk: Walk) {
            self.follow(walk).await;
        }

        #[stream(walk, source = keyed)]
        async fn walk_keyed(&mut self, walk: Walk) {
            self.follow(walk).await;
        }

        async fn follow(&mut self, walk: Walk) {
            for (at, stop) in walk.stops.into_iter().enumerate() {
                if at == walk.split_at as usize {
                    let branch = explode(0..walk.branches).await;
                    if branch % 2 == 1 { yield_if_overtime().await; }
                }
                let (from, to) = (self.sent.task(), u32::from(stop) % 8);
                let number = self.sent.unaligned().key(&to).update(|n| { *n += 1; *n });
                direct_partition(to as usize).await;
                let last = self.received.unaligned().key(&from).update(|n| { *n += 1; *n });
                if last != number {
                    self.out_of_order.push(format!("{from} to {to}: number {number} came as {last}"));
                }
            }
        }
    }
}

fn walks() -> impl Strategy<Value = Vec<Walk>> {
    let walk =
        (proptest::collection::vec(any::<u8>(), 0..6), 0..6u8, 0..5u8).prop_map(|(stops, split_at, branches)| Walk {
            stops,
            split_at,
            branches,
        });
    proptest::collection::vec(walk, 1..120)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn hops_from_one_task_to_another_arrive_in_the_order_sent(walks in walks(), threads in 1..=3u32) {
        runtime().block_on(async {
            let cluster = TestCluster::start().unwrap();
            let app = cluster.launch::<Walks>(Launch::tasks(8).threads(threads).max_unfinished(64)).await.unwrap();
            let (any, keyed) = walks.split_at(walks.len() / 2);
            let (any, keyed) = tokio::join!(
                async { app.walks().append_batch(any.to_vec()).await },
                async { app.keyed().append_batch(keyed.to_vec()).await },
            );
            any.unwrap();
            keyed.unwrap();
            let mut hops = (0, 0);
            for task in 0..8 {
                assert_eq!(app.out_of_order().partition(task).items().await.unwrap(), Vec::<String>::new());
                hops.0 += app.sent().partition(task).values().await.unwrap().iter().sum::<u64>();
                hops.1 += app.received().partition(task).values().await.unwrap().iter().sum::<u64>();
            }
            assert_eq!(hops.0, hops.1);
        });
    }
}

static BUSY: [AtomicBool; 16] = [const { AtomicBool::new(false) }; 16];

/// Marks its task as busy for the length of an event.
#[module]
pub struct Exclusive {
    #[depot(random)]
    first: Depot<u64>,
    #[depot(random)]
    second: Depot<u64>,
    #[pstate(owner = one)]
    overlaps: PState<u64>,
    #[pstate(owner = other)]
    other_overlaps: PState<u64>,
}

topology! {
    impl Exclusive {
        #[stream(source = first)]
        async fn one(&mut self, n: u64) {
            if Self::alone(self.overlaps.task()) { self.overlaps.update(|n| *n += 1); }
            hash_partition(&n).await;
            if Self::alone(self.overlaps.task()) { self.overlaps.update(|n| *n += 1); }
        }

        #[stream(source = second)]
        async fn other(&mut self, n: u64) {
            all_partition().await;
            if Self::alone(self.overlaps.task()) { self.other_overlaps.update(|n| *n += 1); }
        }

        /// Whether another event ran on the task meanwhile.
        fn alone(task: u32) -> bool {
            let busy = &BUSY[task as usize];
            let overlap = busy.swap(true, Ordering::SeqCst);
            std::hint::black_box((0..200).sum::<u64>());
            busy.store(false, Ordering::SeqCst);
            overlap
        }
    }
}

#[tokio::test]
async fn a_task_runs_one_event_at_a_time() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Exclusive>(Launch::tasks(16).threads(3)).await.unwrap();
    let (first, second) = (app.first(), app.second());
    let (one, other) = tokio::join!(async { first.append_batch((0..5_000).collect()).await }, async {
        second.append_batch((0..500).collect()).await
    },);
    one.unwrap();
    other.unwrap();
    for task in 0..16 {
        assert_eq!(app.overlaps().partition(task).get().await.unwrap(), None);
        assert_eq!(app.other_overlaps().partition(task).get().await.unwrap(), None);
    }
}

/// Remembers in what order records of a key started.
#[module]
pub struct Starts {
    #[depot(hash_by = |record| &record.0)]
    records: Depot<(String, u64)>,
    #[pstate(owner = start)]
    started: PState<Map<String, List<u64>>>,
}

topology! {
    impl Starts {
        #[stream(source = records)]
        async fn start(&mut self, (key, number): (String, u64)) {
            self.started.key(&key).push(number);
            shuffle_partition().await;
            external(async {}).await;
        }
    }
}

#[tokio::test]
async fn records_of_a_partition_start_in_the_order_they_were_appended() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Starts>(Launch::tasks(4).threads(2).max_unfinished(7))
        .await
        .unwrap();
    for number in 0..300 {
        let level = if number % 3 == 0 {
            AckLevel::None
        } else {
            AckLevel::Appended
        };
        app.records()
            .append((format!("key{}", number % 5), number))
            .ack(level)
            .await
            .unwrap();
    }
    app.settled().await.unwrap();
    for key in 0..5u64 {
        let expected: Vec<u64> = (0..300).filter(|number| number % 5 == key).collect();
        assert_eq!(app.started().key(&format!("key{key}")).items().await.unwrap(), expected);
    }
}

/// Several PStates, all writes aligned with their keys.
#[module]
pub struct Totals {
    #[depot(random)]
    lines: Depot<String>,
    #[pstate(owner = count)]
    words: PState<Map<String, u64>>,
    #[pstate(owner = count)]
    lengths: PState<Map<u64, Map<String, u64>>>,
    #[pstate(owner = count, global)]
    longest: PState<String>,
}

topology! {
    impl Totals {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let words = line.split(' ').map(str::to_owned).collect::<Vec<_>>();
            let word = explode(words).await;
            hash_partition(&word).await;
            self.words.key(&word).update(|n| *n += 1);
            let length = word.len() as u64;
            hash_partition(&length).await;
            self.lengths.key(&length).key(&word).update(|n| *n += 1);
            if length > 6 {
                global_partition().await;
                self.longest.update(|longest| if (word.len(), &word) > (longest.len(), &*longest) { *longest = word });
            }
        }
    }
}

type State = (
    BTreeMap<String, u64>,
    BTreeMap<u64, BTreeMap<String, u64>>,
    Option<String>,
);

async fn totals(lines: &[String], tasks: u32, threads: u32) -> State {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Totals>(Launch::tasks(tasks).threads(threads).check_wire(true))
        .await
        .unwrap();
    app.lines().append_batch(lines.to_vec()).await.unwrap();
    let words = app.words().items().await.unwrap().into_iter().collect();
    let lengths = app.lengths().items().await.unwrap().into_iter().collect();
    (words, lengths, app.longest().get().await.unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_same_input_gives_the_same_pstates_for_every_task_and_thread_count(
        lines in proptest::collection::vec("[a-d]{1,9}( [a-d]{1,9}){0,6}", 1..40)
    ) {
        runtime().block_on(async {
            let alone = totals(&lines, 1, 1).await;
            for (tasks, threads) in [(2, 1), (2, 2), (8, 2), (64, 3)] {
                assert_eq!(totals(&lines, tasks, threads).await, alone, "{tasks} tasks on {threads} threads");
            }
        });
    }
}
