//! Operations, depots and clients of real modules.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::time::Duration;

fn by_parity(record: &u64, tasks: usize) -> usize {
    (*record % 2) as usize * (tasks - 1)
}

fn too_far(_: &u64, tasks: usize) -> usize {
    tasks
}

fn whole(record: &u64) -> &u64 {
    record
}

/// Every partitioner and operation.
#[module]
pub struct Everything {
    #[depot(random)]
    random: Depot<u64>,
    #[depot(hash_by = |r| r)]
    hashed: Depot<u64>,
    #[depot(hash_by = whole)]
    hashed_by_path: Depot<u64>,
    #[depot(global)]
    single: Depot<u64>,
    #[depot(partitioner = by_parity)]
    custom: Depot<u64>,
    #[depot(partitioner = too_far)]
    wrong: Depot<u64>,
    #[depot(tick = "30s")]
    ticks: Depot<()>,
    /// Filled by `forward`.
    #[depot(disallow)]
    forwarded: Depot<(u64, String)>,
    #[depot(random)]
    to_forward: Depot<u64>,
    #[depot(random)]
    moves: Depot<(String, u64)>,
    #[depot(hash_by = |(key, _)| key)]
    pairs: Depot<((String, u64), u64)>,
    /// On which task each record was.
    #[pstate(owner = everything)]
    seen: PState<Map<String, Map<u64, u64>>>,
    #[pstate(owner = everything, global)]
    ticked: PState<u64>,
    #[pstate(owner = follow)]
    followed: PState<List<u64>>,
    #[pstate(owner = everything, partition_by = |key| &key.0)]
    by_name: PState<Map<(String, u64), u64>>,
}

topology! {
    impl Everything {
        #[stream(everything, source = random)]
        async fn on_random(&mut self, n: u64) { self.see("random", n); }
        #[stream(everything, source = hashed)]
        async fn on_hashed(&mut self, n: u64) { self.see("hashed", n); }
        #[stream(everything, source = hashed_by_path)]
        async fn on_path(&mut self, n: u64) { self.see("hashed", n); }
        #[stream(everything, source = single)]
        async fn on_single(&mut self, n: u64) { self.see("single", n); }
        #[stream(everything, source = custom)]
        async fn on_custom(&mut self, n: u64) { self.see("custom", n); }

        #[stream(everything, source = ticks)]
        async fn on_tick(&mut self, _: ()) { self.ticked.update(|n| *n += 1); }

        #[stream(everything, source = to_forward)]
        async fn forward(&mut self, n: u64) -> u64 {
            self.forwarded.append((n, "plain".into())).await;
            hash_partition(&n).await;
            self.forwarded.append((n, "acked".into())).ack(AckLevel::Full).await;
            n + 1
        }

        #[stream(source = forwarded)]
        async fn follow(&mut self, (n, _how): (u64, String)) {
            shuffle_partition().await;
            self.followed.push(n);
        }

        #[stream(everything, source = moves)]
        async fn on_move(&mut self, (how, n): (String, u64)) -> u32 {
            match how.as_str() {
                "direct" => direct_partition(n as usize).await,
                "custom" => custom_partition(|tasks| tasks - 1 - n as usize).await,
                "global" => global_partition().await,
                "external" => { let doubled = external(async move { n * 2 }).await; direct_partition(doubled as usize).await }
                "yield" => { direct_partition(n as usize).await; yield_if_overtime().await }
                _ => {}
            }
            self.seen.task()
        }

        #[stream(everything, source = pairs)]
        async fn on_pair(&mut self, (key, n): ((String, u64), u64)) -> u32 {
            path_partition(self.by_name.key(&key)).await;
            self.by_name.key(&key).set(n);
            self.by_name.task()
        }

        fn see(&mut self, how: &str, n: u64) {
            self.seen.unaligned().key(how).key(&n).update(|seen| *seen += 1);
        }
    }
}

async fn launched() -> (TestCluster, EverythingClient) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Everything>(Launch::tasks(4).threads(2)).await.unwrap();
    (cluster, app)
}

/// The records that each task saw.
async fn seen(app: &EverythingClient, how: &str) -> Vec<Vec<u64>> {
    let mut all = Vec::new();
    for task in 0..4 {
        all.push(app.seen().partition(task).key(how).keys().await.unwrap());
    }
    all
}

#[tokio::test]
async fn every_depot_partitioner_puts_records_where_it_says() {
    let (_cluster, app) = launched().await;
    app.random().append_batch((0..400).collect()).await.unwrap();
    assert!(
        seen(&app, "random").await.iter().all(|task| task.len() == 100),
        "evenly"
    );
    app.hashed().append_batch((0..50).collect()).await.unwrap();
    app.hashed_by_path().append_batch((50..100).collect()).await.unwrap();
    let hashed = seen(&app, "hashed").await;
    for (task, records) in hashed.iter().enumerate() {
        assert!(!records.is_empty());
        assert!(
            records
                .iter()
                .all(|n| rama_runtime::key::task_of(n, 4) == Ok(task as u32))
        );
    }
    app.single().append_batch((0..10).collect()).await.unwrap();
    assert_eq!(seen(&app, "single").await, [(0..10).collect(), vec![], vec![], vec![]]);
    app.custom().append_batch((0..4).collect()).await.unwrap();
    assert_eq!(seen(&app, "custom").await, [vec![0, 2], vec![], vec![], vec![1, 3]]);
    let error = app.wrong().append(1).await.unwrap_err();
    assert!(matches!(error, Error::BadPartition { .. }), "{error:?}");
}

#[tokio::test]
async fn ticks_follow_the_clock_and_keep_nothing() {
    let (cluster, app) = launched().await;
    app.settled().await.unwrap();
    assert_eq!(app.ticked().get().await.unwrap(), None);
    for ticks in 1..4u64 {
        cluster.clock().advance(Duration::from_secs(30));
        while app.ticked().get().await.unwrap() != Some(ticks) {
            tokio::task::yield_now().await;
        }
    }
    app.settled().await.unwrap();
    let info = app.ticks().partition_info(0).await.unwrap();
    assert_eq!((info.start, info.end), (3, 3));
}

#[tokio::test]
async fn a_topology_appends_to_its_current_task_and_full_waits_for_the_followers() {
    let (_cluster, app) = launched().await;
    for n in 0..20 {
        assert_eq!(app.to_forward().append(n).await, Ok(n + 1));
        // The second append was `Full`: its follower is done.
        let mut followed = Vec::new();
        for task in 0..4 {
            followed.extend(app.followed().partition(task).items().await.unwrap());
        }
        assert!(followed.contains(&n));
    }
    app.settled().await.unwrap();
    let (mut plain, mut acked) = (0, Vec::new());
    for task in 0..4 {
        let end = app.forwarded().partition_info(task).await.unwrap().end;
        for (n, how) in app.forwarded().read(task, 0..end).await.unwrap() {
            match how.as_str() {
                "plain" => plain += 1,
                _ => {
                    assert_eq!(rama_runtime::key::task_of(&n, 4), Ok(task));
                    acked.push(n);
                }
            }
        }
    }
    acked.sort_unstable();
    assert_eq!((plain, acked), (20, (0..20).collect()));
}

#[tokio::test]
async fn partitioners_resume_on_the_task_they_name() {
    let (_cluster, app) = launched().await;
    let at = |how: &str, n: u64| app.moves().append((how.to_owned(), n)).into_future();
    for task in 0..4u64 {
        assert_eq!(at("direct", task).await, Ok(task as u32));
        assert_eq!(at("custom", task).await, Ok(3 - task as u32));
        assert_eq!(at("yield", task).await, Ok(task as u32));
        assert_eq!(at("global", task).await, Ok(0));
    }
    assert_eq!(at("external", 1).await, Ok(2));
}

#[tokio::test]
async fn path_partition_and_clients_agree_on_a_pstates_own_partitioner() {
    let (_cluster, app) = launched().await;
    for n in 0..20u64 {
        let key = (format!("name{}", n % 5), n);
        let task = app.pairs().append((key.clone(), n * 10)).await.unwrap();
        assert_eq!(rama_runtime::key::task_of(&key.0, 4), Ok(task));
        assert_eq!(app.by_name().key(&key).get().await, Ok(Some(n * 10)));
    }
}

#[tokio::test]
async fn records_can_be_read_back_by_offset() {
    let (_cluster, app) = launched().await;
    app.single().append_batch((100..110).collect()).await.unwrap();
    let info = app.single().partition_info(0).await.unwrap();
    assert_eq!((info.start, info.end), (0, 10));
    assert_eq!(app.single().read(0, 3..6).await.unwrap(), [103, 104, 105]);
    assert_eq!(app.single().read(0, 10..10).await.unwrap(), Vec::<u64>::new());
    assert!(matches!(
        app.single().read(0, 5..11).await,
        Err(Error::OffsetOutOfRange { .. })
    ));
    assert!(matches!(
        app.single().read(9, 0..1).await,
        Err(Error::NoSuchTask { .. })
    ));
}

#[tokio::test]
async fn several_modules_live_in_one_cluster_and_a_name_is_launched_once() {
    let (cluster, app) = launched().await;
    let tally = cluster.launch::<Tally>(Launch::tasks(1)).await.unwrap();
    tally.input().append(4).await.unwrap();
    app.single().append(1).await.unwrap();
    assert_eq!(tally.sum().get().await, Ok(Some(4)));
    assert!(matches!(
        cluster.launch::<Tally>(Launch::tasks(1)).await,
        Err(Error::AlreadyLaunched { module: "Tally" })
    ));
}

#[tokio::test]
async fn a_launch_is_checked() {
    let cluster = TestCluster::start().unwrap();
    assert!(matches!(
        cluster.launch::<Tally>(Launch::tasks(3)).await,
        Err(Error::TasksNotPowerOfTwo { tasks: 3 })
    ));
    assert!(matches!(
        cluster.launch::<Tally>(Launch::tasks(2).threads(4)).await,
        Err(Error::BadThreads { .. })
    ));
    // A refused launch leaves the name free.
    cluster.launch::<Tally>(Launch::tasks(2).threads(2)).await.unwrap();
}

#[module]
pub struct Tally {
    #[depot(random, keep = 10)]
    input: Depot<u64>,
    #[pstate(owner = add, global)]
    sum: PState<u64>,
}

topology! {
    impl Tally {
        #[stream(source = input)]
        async fn add(&mut self, n: u64) {
            global_partition().await;
            self.sum.update(|sum| *sum += n);
        }
    }
}

#[tokio::test]
async fn a_depot_keeps_only_as_many_processed_records_as_it_says() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Tally>(Launch::tasks(1)).await.unwrap();
    app.input().append_batch((0..1000).collect()).await.unwrap();
    app.settled().await.unwrap();
    let info = app.input().partition_info(0).await.unwrap();
    assert_eq!((info.end - info.start, info.end), (10, 1000));
    assert_eq!(app.sum().get().await, Ok(Some(499_500)));
}

#[tokio::test]
async fn shutting_down_finishes_what_was_accepted_and_refuses_the_rest() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Tally>(Launch::tasks(8).threads(2)).await.unwrap();
    let appends: Vec<_> = (0..100).map(|n| app.input().append(n).into_future()).collect();
    cluster.shutdown().await.unwrap();
    for append in appends {
        append.await.unwrap();
    }
    assert!(matches!(app.input().append(1).await, Err(Error::ShutDown)));
    assert!(matches!(app.sum().get().await, Err(Error::ShutDown)));
}

#[tokio::test]
async fn keys_for_task_are_keys_that_this_task_owns() {
    let (_cluster, app) = launched().await;
    for task in 0..4 {
        let keys: Vec<u64> = app.keys_for_task(task).take(5).collect();
        assert_eq!(keys.len(), 5);
        assert!(keys.iter().all(|key| rama_runtime::key::task_of(key, 4) == Ok(task)));
    }
}
