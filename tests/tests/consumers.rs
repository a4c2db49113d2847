//! Named consumers of a depot: their positions are kept, and what they are not done with is, too.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::env::Rng;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Simulation, World};
use std::collections::BTreeMap;
use std::time::Duration;

const LAUNCH: fn() -> Launch = || Launch::tasks(2).threads(2);

/// Keeps little.
#[module]
pub struct Orders {
    #[depot(global, keep = 2)]
    orders: Depot<u64>,
    /// Nothing of this is kept, and nobody in the module reads it.
    #[depot(partitioner = by_length, keep = 0)]
    mails: Depot<String>,
    #[depot(disallow, keep = 0)]
    large: Depot<u64>,
    #[pstate(owner = count, global)]
    count: PState<u64>,
}

#[allow(clippy::ptr_arg, reason = "it is given a record")]
fn by_length(mail: &String, partitions: usize) -> usize {
    mail.len() % partitions
}

topology! {
    impl Orders {
        #[stream(count, source = orders)]
        async fn on_order(&mut self, n: u64) {
            self.count.update(|count| *count += 1);
            if n >= 100 { self.large.append(n).await; }
        }
    }
}

#[tokio::test]
async fn what_a_consumer_is_not_done_with_is_kept_and_goes_when_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for cluster in [
        InProcessCluster::start().unwrap(),
        InProcessCluster::open(folder.path()).unwrap(),
    ] {
        let app = cluster.launch::<Orders>(LAUNCH()).await.unwrap();
        app.orders().append_batch((0..5).collect()).await.unwrap();
        let orders = app.orders();
        // Records were kept as `keep` says before it came.
        let slow = orders.consumer("slow", StartFrom::Beginning).await.unwrap();
        let quick = orders.consumer("quick", StartFrom::End).await.unwrap();
        assert_eq!(slow.position(0).await.unwrap(), 3);
        orders.append_batch((5..10).collect()).await.unwrap();
        assert_eq!(orders.partition_info(0).await.unwrap().start, 3);
        assert_eq!(quick.read(0, 100).await.unwrap().records, [5, 6, 7, 8, 9]);
        quick.commit(0, 9).await.unwrap();
        let unread = slow.read(0, 3).await.unwrap();
        assert_eq!(
            (unread.first, &unread.records[..], unread.next()),
            (3, &[3, 4, 5][..], 6)
        );
        assert_eq!(slow.read(0, 3).await.unwrap(), unread);
        slow.commit(0, unread.next()).await.unwrap();
        assert_eq!(orders.partition_info(0).await.unwrap().start, 6);
        let known = BTreeMap::from([("quick".to_owned(), 9), ("slow".to_owned(), 6)]);
        assert_eq!(orders.consumers(0).await.unwrap(), known);
        slow.remove().await.unwrap();
        assert_eq!(orders.partition_info(0).await.unwrap().start, 8);
        // The other partitions have the consumer, too.
        assert_eq!(quick.position(1).await.unwrap(), 0);
        // It goes back, as far as there is something.
        quick.commit(0, 8).await.unwrap();
        assert_eq!(quick.read(0, 1).await.unwrap().records, [8]);
    }
}

#[tokio::test]
async fn mistakes_are_told_and_change_nothing() {
    let cluster = InProcessCluster::start().unwrap();
    let app = cluster.launch::<Orders>(LAUNCH()).await.unwrap();
    app.orders().append_batch((0..5).collect()).await.unwrap();
    let one = app.orders().consumer("one", StartFrom::Offset(4)).await.unwrap();
    let same = app.orders().consumer("one", StartFrom::End).await.unwrap();
    assert_eq!(same.position(0).await.unwrap(), 4);
    for position in [0, 6] {
        let error = one.commit(0, position).await.unwrap_err();
        assert!(matches!(error, Error::NoSuchPosition { .. }), "{error:?}");
    }
    assert!(matches!(one.read(2, 1).await, Err(Error::NoSuchTask { .. })));
    assert_eq!(one.position(0).await.unwrap(), 4);
    same.remove().await.unwrap();
    let error = one.commit(0, 5).await.unwrap_err();
    assert!(
        matches!(&error, Error::NoSuchConsumer { consumer } if consumer == "one"),
        "{error:?}"
    );
    assert!(matches!(one.read(0, 1).await, Err(Error::NoSuchConsumer { .. })));
}

#[tokio::test]
async fn depots_of_topologies_have_consumers_too_and_all_partitions_have_their_own_positions() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3u64 {
        let cluster = InProcessCluster::open(folder.path()).unwrap();
        let app = cluster.launch::<Orders>(LAUNCH()).await.unwrap();
        let large = app.large().consumer("large", StartFrom::Beginning).await.unwrap();
        assert_eq!(large.position(0).await.unwrap(), round);
        app.orders().append_batch(vec![1, 100 + round, 2]).await.unwrap();
        let unread = large.read(0, 10).await.unwrap();
        assert_eq!(unread.records, [100 + round]);
        large.commit(0, unread.next()).await.unwrap();
        let mails = app.mails().consumer("mailer", StartFrom::Beginning).await.unwrap();
        app.mails()
            .append_batch(["a", "bb", "c", "dd"].map(str::to_owned).to_vec())
            .await
            .unwrap();
        // Two in each of them.
        for partition in [0, 1] {
            let unread = mails.read(partition, 10).await.unwrap();
            // Only one of the two partitions is worked on.
            let expected = if partition == 0 { 2 } else { 2 * (round + 1) };
            assert_eq!(unread.records.len() as u64, expected, "{round}");
        }
        let end = mails.read(0, 10).await.unwrap().next();
        mails.commit(0, end).await.unwrap();
        if round == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}

#[tokio::test]
async fn after_a_restart_a_consumer_frees_what_it_is_done_with_though_nothing_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let cluster = InProcessCluster::open(folder.path()).unwrap();
        let app = cluster.launch::<Orders>(LAUNCH()).await.unwrap();
        let reader = app.orders().consumer("reader", StartFrom::Beginning).await.unwrap();
        if round == 0 {
            app.orders().append_batch((0..20).collect()).await.unwrap();
        } else {
            let unread = reader.read(0, 7).await.unwrap();
            reader.commit(0, unread.next()).await.unwrap();
        }
        assert_eq!(app.orders().partition_info(0).await.unwrap().start, round * 7);
    }
}

#[test]
fn a_committed_position_is_never_lost_nor_what_is_behind_it() {
    for seed in 0..150 {
        let world = World::default();
        let mut rng = Rng::new(seed);
        let launch = LAUNCH().epoch(Duration::ZERO).keep_at(100);
        let enough = 100_000;
        let (mut appended, mut committed) = (0, 0);
        for life in 0..6 {
            let (mut simulation, app) = Simulation::<Orders>::open(&world, seed * 10 + life, &launch).unwrap();
            let join = async { app.orders().consumer("reader", StartFrom::Beginning).await };
            let reader = simulation.run(&mut Box::pin(join), enough).unwrap().unwrap();
            let work = async {
                let mut position = reader.position(0).await.unwrap();
                assert!(position >= committed, "seed {seed}: {position} < {committed}");
                let start = app.orders().partition_info(0).await.unwrap().start;
                assert!(start <= position, "seed {seed}: {start} > {position}");
                // All that is not committed is there.
                let unread = reader.read(0, 1000).await.unwrap();
                assert!(unread.next() >= appended, "seed {seed}");
                assert!(
                    (position..)
                        .zip(&unread.records)
                        .all(|(offset, record)| *record == offset)
                );
                appended = unread.next();
                loop {
                    // Where the machine dies at an append, its record may be there all the same.
                    let end = reader.read(0, 1000).await.unwrap().next();
                    app.orders().append(end).await.unwrap();
                    appended = end + 1;
                    let unread = reader.read(0, 2).await.unwrap();
                    position = unread.next();
                    reader.commit(0, position).await.unwrap();
                    committed = position;
                }
            };
            let mut work: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
            let _ = simulation.run(&mut work, 50 + (rng.next_u64() % 400) as usize);
            drop(work);
            drop(simulation);
            if rng.next_u64().is_multiple_of(2) {
                world.crash(&mut rng);
            }
        }
    }
}
