//! `explode` with a partitioner right behind it, which sends each item from within the loop over them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often the iterator of `break_down` was asked for its last item.
static BREAKS: AtomicU32 = AtomicU32::new(0);

/// Numbers, the last of which is not there the first time.
fn brittle(count: u64) -> impl Iterator<Item = u64> {
    (0..=count).filter(move |number| {
        let last = *number == count;
        assert!(!last || BREAKS.fetch_add(1, Ordering::Relaxed) > 0, "it breaks");
        !last
    })
}

/// A key that is used up.
fn spend(tag: String, number: u64) -> usize {
    tag.len() + number as usize
}

#[module]
pub struct Spreading {
    #[depot(global)]
    in_order: Depot<u64>,
    #[depot(global)]
    brittle: Depot<u64>,
    #[depot(random)]
    spent: Depot<(String, u64)>,
    #[depot(random)]
    nested: Depot<Vec<Vec<u64>>>,
    #[depot(random)]
    chosen: Depot<Option<u64>>,
    #[depot(hash_by = |pair| &pair.0)]
    followers: Depot<(u64, Vec<u64>)>,
    #[depot(hash_by = |author| author)]
    posts: Depot<u64>,
    #[depot(random)]
    leaving: Depot<(u8, Vec<Option<u64>>)>,
    #[depot(random)]
    helped: Depot<u64>,
    #[depot(random)]
    forked: Depot<u64>,
    #[pstate(owner = spreading)]
    seen: PState<Map<u64, Vec<u64>>>,
    #[pstate(owner = spreading)]
    tags: PState<Map<u64, Vec<u64>>>,
    #[pstate(owner = spreading)]
    following: PState<Map<u64, List<u64>>>,
}

topology! {
    impl Spreading {
        /// All items of one record to one task, in their order.
        #[stream(spreading, source = in_order)]
        async fn in_order(&mut self, count: u64) {
            let number = explode(0..count).await;
            direct_partition((number % 3) as usize).await;
            let key = number % 3;
            self.seen.unaligned().key(&key).update(|seen| seen.push(number));
        }

        /// An iterator that panics when much has been sent.
        #[stream(spreading, source = brittle)]
        async fn break_down(&mut self, count: u64) {
            let number = explode(brittle(count)).await;
            hash_partition(&number).await;
            self.seen.key(&number).update(|seen| seen.push(count));
        }

        /// The partitioner uses up a variable that every branch needs.
        #[stream(spreading, source = spent)]
        async fn spend(&mut self, record: (String, u64)) {
            let (tag, count) = record;
            let number = explode(0..count).await;
            custom_partition(move |tasks| spend(tag, number) % tasks).await;
            self.tags.unaligned().key(&number).update(|tags| tags.push(count));
        }

        /// One within the other, the inner one with a pattern, and a variable of the outer one.
        #[stream(spreading, source = nested)]
        async fn nest(&mut self, lists: Vec<Vec<u64>>) {
            let (at, list) = explode(lists.into_iter().enumerate()).await;
            let (_, number) = explode(list.into_iter().enumerate()).await;
            hash_partition(&number).await;
            self.seen.key(&number).update(|seen| seen.push(at as u64));
        }

        /// On one way only, and the ways meet again.
        #[stream(spreading, source = chosen)]
        async fn choose(&mut self, count: Option<u64>) {
            let key;
            match count {
                Some(count) => {
                    let number = explode(0..count).await;
                    hash_partition(&number).await;
                    key = number;
                }
                None => {
                    key = 1000;
                    hash_partition(&key).await;
                }
            }
            self.seen.key(&key).update(|seen| seen.push(key));
        }

        /// The partitioner's argument leaves the code around it: that ends a branch, not the loop over all.
        #[stream(spreading, source = leaving)]
        async fn leave(&mut self, record: (u8, Vec<Option<u64>>)) {
            let (way, items) = record;
            if way == 0 {
                let item = explode(items).await;
                hash_partition(&match item { Some(number) => number, None => return }).await;
                let number = item.unwrap();
                self.seen.unaligned().key(&number).update(|seen| seen.push(0));
            } else if way == 1 {
                for _ in 0..1 {
                    let item = explode(items.clone()).await;
                    hash_partition(&match item { Some(number) => number, None => continue }).await;
                    let number = item.unwrap();
                    self.seen.unaligned().key(&number).update(|seen| seen.push(1));
                }
            } else {
                let _ = self.leave_by_error(items).await;
            }
        }

        async fn leave_by_error(&mut self, items: Vec<Option<u64>>) -> Result<(), String> {
            let item = explode(items).await;
            hash_partition(&item.ok_or("none".to_owned())?).await;
            let number = item.unwrap();
            self.seen.unaligned().key(&number).update(|seen| seen.push(2));
            Ok(())
        }

        /// The items are borrowed from the module, and so is the partitioner.
        #[stream(spreading, source = helped)]
        async fn help(&mut self, count: u64) {
            let number = explode((0..count).map(|number| {
                self.seen.unaligned().key(&number).get().map_or(number, |seen| seen.len() as u64)
            })).await;
            direct_partition(self.place(number)).await;
            self.seen.unaligned().key(&number).update(|seen| seen.push(count));
        }

        fn place(&mut self, number: u64) -> usize {
            number as usize % 4
        }

        /// What was forked in front begins when the event that sends the items is over.
        #[stream(spreading, source = forked)]
        async fn fork_and_send(&mut self, count: u64) {
            fork(async {
                direct_partition(1).await;
                self.seen.unaligned().key(&0).update(|seen| seen.push(1000));
            });
            let number = explode(0..count).await;
            direct_partition(1).await;
            self.seen.unaligned().key(&0).update(|seen| seen.push(number));
        }

        #[stream(spreading, source = followers)]
        async fn follow(&mut self, pair: (u64, Vec<u64>)) {
            self.following.key(&pair.0).set(pair.1);
        }

        /// The items are read from the state as they are sent.
        #[stream(spreading, source = posts)]
        async fn post(&mut self, author: u64) {
            let follower = explode(self.following.key(&author).items()).await;
            hash_partition(&follower).await;
            self.seen.key(&follower).update(|seen| seen.push(author));
        }
    }
}

async fn launch(threads: u32, wire: bool) -> (TestCluster, SpreadingClient) {
    let cluster = TestCluster::start().unwrap();
    let launch = Launch::tasks(4).threads(threads).check_wire(wire);
    let app = cluster.launch::<Spreading>(launch).await.unwrap();
    (cluster, app)
}

async fn everywhere(test: impl AsyncFn(&SpreadingClient)) {
    for (threads, wire) in [(1, false), (2, false), (4, true)] {
        let (_cluster, app) = launch(threads, wire).await;
        test(&app).await;
        app.settled().await.unwrap();
        assert_eq!(app.counters().unfinished, 0);
    }
}

/// What all tasks have under a key.
async fn seen(app: &SpreadingClient, key: u64) -> Vec<u64> {
    app.seen().key(&key).get().await.unwrap().unwrap_or_default()
}

#[tokio::test]
async fn items_arrive_in_their_order_however_many_there_are() {
    everywhere(async |app| {
        // Several batches for each task.
        app.in_order().append(9_000).await.unwrap();
        let all = app.seen().items().await.unwrap();
        assert_eq!(all.len(), 3);
        for (key, numbers) in all {
            assert!(numbers.iter().copied().eq((key..9_000).step_by(3)), "key {key}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_iterator_that_panics_has_sent_nothing() {
    for threads in [1, 4] {
        BREAKS.store(0, Ordering::Relaxed);
        let (_cluster, app) = launch(threads, false).await;
        app.brittle().append(3_000).await.unwrap();
        app.settled().await.unwrap();
        assert_eq!(BREAKS.load(Ordering::Relaxed), 2, "it broke, and was tried again");
        for key in 0..3_000 {
            assert_eq!(seen(&app, key).await, [3_000], "number {key} was sent once");
        }
        assert!(seen(&app, 3_000).await.is_empty());
    }
}

#[tokio::test]
async fn a_partitioner_may_use_up_what_every_branch_needs() {
    everywhere(async |app| {
        app.spent().append(("tag".to_owned(), 10)).await.unwrap();
        let mut all = app.tags().items().await.unwrap();
        all.sort();
        let expected: Vec<_> = (0..10).map(|number| (number, vec![10])).collect();
        assert_eq!(all, expected);
    })
    .await;
}

#[tokio::test]
async fn one_explode_may_follow_another() {
    everywhere(async |app| {
        app.nested()
            .append(vec![vec![1, 2, 3], vec![], vec![2, 3]])
            .await
            .unwrap();
        let mut found = Vec::new();
        for key in 0..4 {
            let mut seen = seen(app, key).await;
            seen.sort_unstable();
            found.push(seen);
        }
        assert_eq!(found, [vec![], vec![0], vec![0, 2], vec![0, 2]]);
    })
    .await;
}

#[tokio::test]
async fn an_explode_on_one_way_goes_on_where_the_ways_meet() {
    everywhere(async |app| {
        app.chosen().append_batch(vec![Some(3), None, Some(0)]).await.unwrap();
        for (key, expected) in [
            (0, vec![0]),
            (1, vec![1]),
            (2, vec![2]),
            (3, vec![]),
            (1000, vec![1000]),
        ] {
            assert_eq!(seen(app, key).await, expected, "key {key}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_partitioner_that_leaves_ends_its_own_branch_only() {
    everywhere(async |app| {
        let items = vec![Some(1), None, Some(2), Some(3)];
        let records: Vec<_> = (0..3).map(|way| (way, items.clone())).collect();
        app.leaving().append_batch(records).await.unwrap();
        let mut all = app.seen().items().await.unwrap();
        all.iter_mut().for_each(|(_, seen)| seen.sort_unstable());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3].map(|number| (number, vec![0, 1, 2])));
    })
    .await;
}

#[tokio::test]
async fn items_and_partitioner_may_both_use_the_module() {
    everywhere(async |app| {
        app.helped().append(8).await.unwrap();
        let all = app.seen().items().await.unwrap();
        assert_eq!(all.len(), 8);
    })
    .await;
}

#[tokio::test]
async fn what_was_forked_in_front_comes_behind_the_items() {
    everywhere(async |app| {
        app.forked().append(3).await.unwrap();
        let all = app.seen().items().await.unwrap();
        assert_eq!(all, [(0, vec![0, 1, 2, 1000])]);
    })
    .await;
}

#[tokio::test]
async fn items_of_the_state_are_delivered() {
    everywhere(async |app| {
        app.followers().append((7, (0..2_000).collect())).await.unwrap();
        app.posts().append_batch(vec![7; 3]).await.unwrap();
        for follower in 0..2_000 {
            assert_eq!(seen(app, follower).await, [7; 3]);
        }
    })
    .await;
}
