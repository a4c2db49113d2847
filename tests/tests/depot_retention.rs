//! What a depot keeps for a time, and readers that begin at a time or an offset; in memory, in a folder, and over restarts.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

use rama_runtime::env::{Clock, Env};
use rama_runtime::prelude::*;
use rama_runtime::testing::SimClock;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const LAUNCH: fn() -> Launch = || Launch::tasks(2).threads(2);
const MINUTE: Duration = Duration::from_secs(60);

/// Keeps records for an hour.
#[module]
pub struct Hourly {
    #[depot(global, keep = "1h")]
    kept: Depot<u64>,
    /// Nobody processes these.
    #[depot(global, keep = "1h")]
    unread: Depot<String>,
    #[pstate(owner = hourly, global)]
    sum: PState<u64>,
}

/// Whether records are processed.
static OPEN: AtomicBool = AtomicBool::new(true);

topology! {
    impl Hourly {
        #[stream(hourly, source = kept, retry = none, on_failure = halt)]
        async fn on_kept(&mut self, n: u64) {
            if !OPEN.load(Ordering::SeqCst) { Err("closed")?; }
            self.sum.update(|sum| *sum += n);
        }
    }
}

/// One reader.
mod one {
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

/// More of them.
mod several {
    use rama_runtime::prelude::*;

    /// Twenty minutes and a millisecond after the clock's origin.
    const LATER: u64 = 20 * 60_000 + 1;

    #[module]
    pub struct Readers {
        #[depot(global)]
        numbers: Depot<u64>,
        #[pstate(owner = all, global)]
        all: PState<List<u64>>,
        #[pstate(owner = late, global)]
        offset: PState<List<u64>>,
        #[pstate(owner = late, global)]
        beyond: PState<List<u64>>,
        #[pstate(owner = late, global)]
        since: PState<List<u64>>,
        #[pstate(owner = late, global)]
        later: PState<List<u64>>,
        #[pstate(owner = late, global)]
        within: PState<List<u64>>,
        #[pstate(owner = late, global)]
        ever: PState<List<u64>>,
    }

    topology! {
        impl Readers {
            #[stream(source = numbers)]
            async fn all(&mut self, n: u64) { self.all.push(n); }

            #[stream(late, source = numbers, start_from = offset(7))]
            async fn offset(&mut self, n: u64) { self.offset.push(n); }

            #[stream(late, source = numbers, start_from = offset(1_000))]
            async fn beyond(&mut self, n: u64) { self.beyond.push(n); }

            #[stream(late, source = numbers, start_from = since(1_200_000))]
            async fn since(&mut self, n: u64) { self.since.push(n); }

            #[stream(late, source = numbers, start_from = since(LATER))]
            async fn later(&mut self, n: u64) { self.later.push(n); }

            #[stream(late, source = numbers, start_from = ago("15m"))]
            async fn within(&mut self, n: u64) { self.within.push(n); }

            #[stream(late, source = numbers, start_from = ago("400d"))]
            async fn ever(&mut self, n: u64) { self.ever.push(n); }
        }
    }
}

/// A cluster whose clock shows that time.
async fn opened(folder: Option<&Path>, time: Duration) -> (InProcessCluster, SimClock) {
    let clock = SimClock::new();
    clock.advance(time);
    let env = Env::new(Arc::new(clock.clone()), 1);
    let Some(folder) = folder else {
        return (InProcessCluster::start_in(env).unwrap(), clock);
    };
    // Where time stands still, the lock of the one before is not waited for.
    loop {
        match InProcessCluster::open_in(env.clone(), folder) {
            Ok(cluster) => return (cluster, clock),
            Err(Error::Storage { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Waits until the partition begins there, while little time passes.
macro_rules! until_it_begins_at {
    ($depot:expr, $clock:expr, $start:expr) => {
        // Five minutes are enough: less than what the test's steps are apart.
        for _ in 0..30_000 {
            if $depot.partition_info(0).await.unwrap().start >= $start {
                break;
            }
            $clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
        assert_eq!($depot.partition_info(0).await.unwrap().start, $start);
    };
}

#[tokio::test]
async fn records_go_when_their_time_is_over_though_nothing_else_happens() {
    for durable in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (cluster, clock) = opened(durable.then_some(folder.path()), MINUTE).await;
        let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
        for n in 0..6 {
            app.kept().append(n).await.unwrap();
            app.unread().append(n.to_string()).await.unwrap();
            clock.advance(10 * MINUTE);
        }
        // The first one is an hour old now; a look at it is due.
        until_it_begins_at!(app.kept(), clock, 1);
        until_it_begins_at!(app.unread(), clock, 1);
        clock.advance(10 * MINUTE);
        until_it_begins_at!(app.kept(), clock, 2);
        let records = app.kept().read(0, 2..6).await.unwrap();
        assert_eq!(records, [2, 3, 4, 5]);
        clock.advance(100 * MINUTE);
        until_it_begins_at!(app.kept(), clock, 6);
        until_it_begins_at!(app.unread(), clock, 6);
        assert_eq!(app.sum().get().await.unwrap(), Some(15));
    }
}

#[tokio::test]
async fn times_are_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut time = MINUTE;
    for n in 0..6u64 {
        let (cluster, clock) = opened(Some(folder.path()), time).await;
        let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
        app.unread().append_batch(vec![n.to_string(); 3]).await.unwrap();
        clock.advance(10 * MINUTE);
        time += 10 * MINUTE;
        cluster.shutdown().await.unwrap();
    }
    let (cluster, clock) = opened(Some(folder.path()), time).await;
    let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
    clock.advance(10 * MINUTE);
    until_it_begins_at!(app.unread(), clock, 6);
    assert_eq!(app.unread().read(0, 6..18).await.unwrap()[0], "2");
    // Where a consumer begins at a time, too: of what is stored, and of what is not.
    app.unread().append("6".to_owned()).await.unwrap();
    for (minute, offset) in [
        (0, 6),
        (21, 6),
        (22, 9),
        (31, 9),
        (32, 12),
        (51, 15),
        (52, 18),
        (71, 18),
        (500, 19),
    ] {
        let from = StartFrom::Since {
            unix_millis: minute * 60_000,
        };
        let consumer = app.unread().consumer(&minute.to_string(), from).await.unwrap();
        assert_eq!(consumer.position(0).await.unwrap(), offset, "{minute}");
    }
}

#[tokio::test]
async fn a_clock_that_was_a_century_ahead_does_not_keep_records_for_a_century() {
    let folder = tempfile::tempdir().unwrap();
    let century = Duration::from_secs(100 * 365 * 86_400);
    for (time, n) in [(MINUTE, 0u64), (century, 3), (2 * MINUTE, 6)] {
        let (cluster, _clock) = opened(Some(folder.path()), time).await;
        let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
        for n in n..n + 3 {
            app.unread().append(n.to_string()).await.unwrap();
        }
        cluster.shutdown().await.unwrap();
    }
    let (cluster, clock) = opened(Some(folder.path()), 55 * MINUTE).await;
    let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
    app.unread().append("9".to_owned()).await.unwrap();
    // The first three were old, by that clock.
    assert_eq!(app.unread().partition_info(0).await.unwrap().start, 3);
    clock.advance(10 * MINUTE);
    until_it_begins_at!(app.unread(), clock, 9);
    assert_eq!(app.unread().read(0, 9..10).await.unwrap(), ["9"]);
}

/// A clock that is set without anybody being woken.
struct Set {
    clock: SimClock,
    ahead: Arc<AtomicU64>,
}

impl Clock for Set {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn since_1970(&self) -> Duration {
        self.clock.now() + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    fn sleep_for(&self, until: Duration) -> Option<Duration> {
        self.clock.sleep_for(until)
    }

    fn on_jump(&self, wake: Box<dyn Fn() -> bool + Send + Sync>) {
        self.clock.on_jump(wake);
    }
}

#[tokio::test]
async fn a_record_has_the_time_at_which_it_came_however_long_its_thread_has_slept() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, ahead) = (SimClock::new(), Arc::new(AtomicU64::new(0)));
    let set = Set {
        clock: clock.clone(),
        ahead: Arc::clone(&ahead),
    };
    let cluster = InProcessCluster::open_in(Env::new(Arc::new(set), 1), folder.path()).unwrap();
    let app = cluster.launch::<Hourly>(Launch::tasks(1).threads(1)).await.unwrap();
    for hour in 0..5u64 {
        ahead.store(hour * 3600, Ordering::SeqCst);
        app.unread().append(hour.to_string()).await.unwrap();
        let from = StartFrom::Since {
            unix_millis: hour * 3_600_000,
        };
        let consumer = app.unread().consumer(&hour.to_string(), from).await.unwrap();
        assert_eq!(consumer.position(0).await.unwrap(), hour);
        // The thread writes down what has changed, and goes to sleep.
        clock.advance(Duration::from_millis(100));
        app.settled().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_processed_is_kept_however_old_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, clock) = opened(Some(folder.path()), MINUTE).await;
    let app = cluster.launch::<Hourly>(LAUNCH()).await.unwrap();
    app.kept().append(1).await.unwrap();
    OPEN.store(false, Ordering::SeqCst);
    app.kept().append(2).await.unwrap_err();
    OPEN.store(true, Ordering::SeqCst);
    app.kept().append(3).ack(AckLevel::Appended).await.unwrap();
    clock.advance(1000 * MINUTE);
    until_it_begins_at!(app.kept(), clock, 1);
    clock.advance(1000 * MINUTE);
    app.settled().await.unwrap();
    assert_eq!(app.kept().read(0, 1..3).await.unwrap(), [2, 3]);
}

#[tokio::test]
async fn a_source_that_is_added_begins_at_its_offset_or_time() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, clock) = opened(Some(folder.path()), Duration::ZERO).await;
    let app = cluster.launch::<one::Readers>(LAUNCH()).await.unwrap();
    // Two records at 10 minutes, two at 20, and so on.
    for n in 0..5 {
        clock.advance(10 * MINUTE);
        app.numbers().append_batch(vec![n * 2, n * 2 + 1]).await.unwrap();
    }
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    for end in [10u64, 11] {
        let (cluster, _clock) = opened(Some(folder.path()), 55 * MINUTE).await;
        let app = cluster.launch::<several::Readers>(LAUNCH()).await.unwrap();
        app.settled().await.unwrap();
        let from = |first: u64| (first..end).collect::<Vec<_>>();
        assert_eq!(app.all().items().await.unwrap(), from(0));
        assert_eq!(app.offset().items().await.unwrap(), from(7));
        assert_eq!(app.beyond().items().await.unwrap(), from(10));
        assert_eq!(app.since().items().await.unwrap(), from(2));
        assert_eq!(app.later().items().await.unwrap(), from(4));
        assert_eq!(app.within().items().await.unwrap(), from(6));
        assert_eq!(app.ever().items().await.unwrap(), from(0));
        app.numbers().append(end).await.unwrap();
        cluster.shutdown().await.unwrap();
    }
}
