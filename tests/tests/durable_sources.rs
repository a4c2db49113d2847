//! How far sources have come, and what has become of records that failed, is kept: where a source begins, goes on, tries again, gives
//! up and stops.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::{Simulation, World};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const LAUNCH: fn() -> Launch = || Launch::tasks(2).threads(2);

/// A log that later has other readers.
mod one_reader {
    use rama_runtime::prelude::*;

    #[module]
    pub struct Readers {
        #[depot(global)]
        numbers: Depot<u64>,
        #[pstate(owner = all, global)]
        all: PState<List<u64>>,
    }

    topology! {
        impl Readers {
            #[stream(source = numbers)]
            async fn all(&mut self, n: u64) { self.all.push(n); }
        }
    }
}

mod four_readers {
    use rama_runtime::prelude::*;

    const THREE: u64 = 3;

    #[module]
    pub struct Readers {
        #[depot(global)]
        numbers: Depot<u64>,
        #[pstate(owner = all, global)]
        all: PState<List<u64>>,
        #[pstate(owner = late, global)]
        again: PState<List<u64>>,
        #[pstate(owner = late, global)]
        new: PState<List<u64>>,
        #[pstate(owner = late, global)]
        last_three: PState<List<u64>>,
    }

    topology! {
        impl Readers {
            #[stream(source = numbers)]
            async fn all(&mut self, n: u64) { self.all.push(n); }

            #[stream(late, source = numbers, start_from = beginning)]
            async fn again(&mut self, n: u64) { self.again.push(n); }

            #[stream(late, source = numbers, start_from = end)]
            async fn new(&mut self, n: u64) { self.new.push(n); }

            #[stream(late, source = numbers, start_from = ago(THREE))]
            async fn last_three(&mut self, n: u64) { self.last_three.push(n); }
        }
    }
}

async fn opened<M: rama_runtime::module::Module>(folder: &Path) -> (InProcessCluster, M::Client) {
    let cluster = InProcessCluster::open(folder).unwrap();
    let app = cluster.launch::<M>(LAUNCH()).await.unwrap();
    (cluster, app)
}

#[tokio::test]
async fn a_source_that_is_added_begins_where_it_says_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<one_reader::Readers>(folder.path()).await;
    app.numbers().append_batch((0..5).collect()).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    for round in 0..4u64 {
        let (cluster, app) = opened::<four_readers::Readers>(folder.path()).await;
        app.settled().await.unwrap();
        // In the first round, nothing is added.
        let end = 5 + round.saturating_sub(1) * 2;
        let numbers = |from: u64| (from..end).collect::<Vec<_>>();
        assert_eq!(app.all().items().await.unwrap(), numbers(0));
        assert_eq!(app.again().items().await.unwrap(), numbers(0));
        assert_eq!(app.new().items().await.unwrap(), numbers(5));
        assert_eq!(app.last_three().items().await.unwrap(), numbers(2));
        if round > 0 {
            app.numbers().append_batch(vec![end, end + 1]).await.unwrap();
        }
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}

#[test]
fn what_is_acknowledged_behind_the_end_that_a_source_began_at_is_processed_whenever_the_process_ends() {
    for seed in 0..60 {
        let world = World::default();
        let launch = LAUNCH().epoch(Duration::ZERO).keep_at(100);
        let enough = 100_000;
        let (mut simulation, app) = Simulation::<one_reader::Readers>::open(&world, seed, &launch).unwrap();
        let append = app.numbers().append_batch((0..5).collect()).into_future();
        simulation.run(&mut Box::pin(append), enough).unwrap().unwrap();
        drop(simulation);
        let mut end = 5;
        for life in 0..3 {
            let (mut simulation, app) = Simulation::<four_readers::Readers>::open(&world, seed, &launch).unwrap();
            for _ in 0..seed {
                simulation.step();
            }
            if life > 0 {
                let append = app.numbers().append(end).ack(AckLevel::Appended).into_future();
                simulation.run(&mut Box::pin(append), enough).unwrap().unwrap();
                end += 1;
            }
        }
        let (mut simulation, app) = Simulation::<four_readers::Readers>::open(&world, seed, &launch).unwrap();
        let reads = async {
            app.settled().await.unwrap();
            let (new, last) = (
                app.new().items().await.unwrap(),
                app.last_three().items().await.unwrap(),
            );
            (new, last, app.again().items().await.unwrap())
        };
        let read = simulation.run(&mut Box::pin(reads), enough).unwrap();
        assert_eq!(
            read,
            ((5..end).collect(), (2..end).collect(), (0..end).collect()),
            "seed {seed}"
        );
    }
}

/// Fails as often as the test says.
#[module]
pub struct Failing {
    #[depot(global)]
    halting: Depot<u64>,
    #[depot(global)]
    lettered: Depot<u64>,
    #[depot(disallow)]
    letters: Depot<DeadLetter<u64>>,
    #[depot(global)]
    retried: Depot<u64>,
    #[depot(global)]
    waiting: Depot<u64>,
    #[pstate(owner = failing, global)]
    done: PState<Map<String, u64>>,
}

/// Numbers of this and above fail.
const BAD: u64 = 1000;
/// How often records of `retried` were begun, and from which number of attempts on they succeed.
static ATTEMPTS: Mutex<BTreeMap<u64, u32>> = Mutex::new(BTreeMap::new());
static SUCCEEDS_AT: AtomicU32 = AtomicU32::new(u32::MAX);
/// Whether futures end.
static OPEN: AtomicBool = AtomicBool::new(false);

fn attempt(n: u64) -> io::Result<()> {
    let mut attempts = ATTEMPTS.lock().unwrap();
    let attempts = attempts.entry(n).or_default();
    *attempts += 1;
    if *attempts < SUCCEEDS_AT.load(Ordering::SeqCst) {
        return Err(io::Error::other("not yet"));
    }
    Ok(())
}

fn good(n: u64) -> io::Result<()> {
    if n < BAD {
        Ok(())
    } else {
        Err(io::Error::other(format!("{n} is bad")))
    }
}

topology! {
    impl Failing {
        #[stream(failing, source = halting, max_retries = 1)]
        async fn on_halting(&mut self, n: u64) {
            good(n)?;
            self.done.key("halting").update(|n| *n += 1);
        }

        #[stream(failing, source = lettered, max_retries = 2, on_failure = letters)]
        async fn on_lettered(&mut self, n: u64) {
            good(n)?;
            self.done.key("lettered").update(|n| *n += 1);
        }

        #[stream(failing, source = retried, max_retries = 1000000, on_failure = skip)]
        async fn on_retried(&mut self, n: u64) {
            direct_partition(1).await;
            attempt(n)?;
            global_partition().await;
            self.done.key("retried").update(|n| *n += 1);
        }

        #[stream(failing, source = waiting, retry = none)]
        async fn on_waiting(&mut self, n: u64) {
            external(async { if !OPEN.load(Ordering::SeqCst) { std::future::pending::<()>().await; } }).await;
            self.done.key("waiting").update(|done| *done += n);
        }
    }
}

#[tokio::test]
async fn a_source_that_has_halted_stays_so_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<Failing>(folder.path()).await;
    app.halting().append(1).await.unwrap();
    let error = app.halting().append(BAD).await.unwrap_err();
    assert!(
        matches!(error, Error::RecordFailed { .. } | Error::Halted { .. }),
        "{error:?}"
    );
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    for round in 2..5 {
        let (cluster, app) = opened::<Failing>(folder.path()).await;
        app.settled().await.unwrap();
        let error = app.halting().append(7).await.unwrap_err();
        match &error {
            Error::Halted {
                source_name: "on_halting",
                halted_at: 1,
                offset,
                error,
                ..
            } => assert_eq!((*offset, error.as_str()), (round, "1000 is bad")),
            other => panic!("{other:?}"),
        }
        assert_eq!(app.done().key("halting").get().await.unwrap(), Some(1));
        // Others go on.
        app.lettered().append(1).await.unwrap();
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}

#[tokio::test]
async fn dead_letters_stay_and_their_records_are_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..4u64 {
        let (cluster, app) = opened::<Failing>(folder.path()).await;
        app.settled().await.unwrap();
        assert_eq!((app.counters().retries, app.counters().failures), (0, 0));
        let end = app.letters().partition_info(0).await.unwrap().end;
        assert_eq!(end, round);
        for (n, letter) in (0..).zip(app.letters().read(0, 0..end).await.unwrap()) {
            let expected = (BAD + n, 3, 2 * n, format!("{} is bad", BAD + n));
            assert_eq!((letter.record, letter.attempts, letter.offset, letter.error), expected);
        }
        app.lettered().append(BAD + round).await.unwrap_err();
        app.lettered().append(1).await.unwrap();
        assert_eq!(app.done().key("lettered").get().await.unwrap(), Some(round + 1));
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_that_is_being_tried_again_when_the_process_ends_is_tried_on() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (_cluster, app) = opened::<Failing>(folder.path()).await;
        if app.retried().partition_info(0).await.unwrap().end == 0 {
            let records = vec![1, 2, 3];
            app.retried()
                .append_batch(records)
                .ack(AckLevel::Appended)
                .await
                .unwrap();
        }
        let so_far = app.counters().retries;
        while app.counters().retries < so_far + 20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(app.done().key("retried").get().await.unwrap(), None);
    }
    SUCCEEDS_AT.store(0, Ordering::SeqCst);
    for _ in 0..2 {
        let (cluster, app) = opened::<Failing>(folder.path()).await;
        app.settled().await.unwrap();
        assert_eq!(app.done().key("retried").get().await.unwrap(), Some(3));
        cluster.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn how_often_a_record_has_failed_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<Counting>(folder.path()).await;
    app.numbers().append(1).ack(AckLevel::Appended).await.unwrap();
    while COUNTED.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    // An append is acknowledged with all that was done before it: two failures.
    app.others().append(1).await.unwrap();
    drop((cluster, app));
    HOLD.store(false, Ordering::SeqCst);
    let (_cluster, app) = opened::<Counting>(folder.path()).await;
    app.settled().await.unwrap();
    // Four attempts in all, as `max_retries` says, and perhaps the one that was under way.
    let attempts = COUNTED.load(Ordering::SeqCst);
    assert!((4..=5).contains(&attempts), "{attempts}");
    assert_eq!(app.counters().failures, 1);
}

/// Fails always; holds its third attempt.
#[module]
pub struct Counting {
    #[depot(global)]
    numbers: Depot<u64>,
    #[pstate(owner = count, global)]
    done: PState<u64>,
    #[depot(global)]
    others: Depot<u64>,
}

static COUNTED: AtomicU32 = AtomicU32::new(0);
static HOLD: AtomicBool = AtomicBool::new(true);

topology! {
    impl Counting {
        #[stream(count, source = numbers, max_retries = 3)]
        async fn on_numbers(&mut self, _: u64) {
            let attempts = COUNTED.fetch_add(1, Ordering::SeqCst) + 1;
            direct_partition(1).await;
            while attempts == 3 && HOLD.load(Ordering::SeqCst) {
                direct_partition(attempts as usize % 2).await;
            }
            good(BAD)?;
            global_partition().await;
            self.done.update(|n| *n += 1);
        }

        #[stream(count, source = others)]
        async fn on_others(&mut self, _: u64) {}
    }
}

#[tokio::test]
async fn a_record_that_waited_for_a_future_when_the_process_ended_waits_for_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<Failing>(folder.path()).await;
    app.waiting().append(5).ack(AckLevel::Appended).await.unwrap();
    while app.counters().unfinished == 0 {
        tokio::task::yield_now().await;
    }
    drop((cluster, app));
    OPEN.store(true, Ordering::SeqCst);
    let (_cluster, app) = opened::<Failing>(folder.path()).await;
    app.settled().await.unwrap();
    assert_eq!(app.done().key("waiting").get().await.unwrap(), Some(5));
    assert_eq!(app.counters().failures, 0);
}
