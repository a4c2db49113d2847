//! Errors, panics, retries, dead letters, timeouts.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A record that fails so many times before it succeeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flaky {
    key: u64,
    failures: u32,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum How {
    Error,
    Panic,
    BadTask,
    FuturePanics,
}

fn flaky(key: u64, failures: u32, how: How) -> Flaky {
    Flaky { key, failures, how }
}

#[module]
pub struct Failing {
    #[depot(global)]
    individual: Depot<Flaky>,
    #[depot(global)]
    in_order: Depot<Flaky>,
    #[depot(global)]
    once: Depot<Flaky>,
    #[depot(global)]
    skipping: Depot<Flaky>,
    #[depot(global)]
    lettered: Depot<Flaky>,
    #[depot(global)]
    halting: Depot<Flaky>,
    #[depot(disallow)]
    letters: Depot<DeadLetter<Flaky>>,
    /// How often each key's record was begun. A hop follows, so this event stays done.
    #[pstate(owner = failing)]
    begun: PState<Map<u64, u32>>,
    /// The keys in the order in which their records began.
    #[pstate(owner = failing, global)]
    order: PState<List<u64>>,
    /// The keys whose records ended, in order.
    #[pstate(owner = failing, global)]
    done: PState<List<u64>>,
    /// Written just before a failure, in the same event.
    #[pstate(owner = failing)]
    undone: PState<Map<u64, Map<String, u64>>>,
}

topology! {
    impl Failing {
        #[stream(failing, source = individual)]
        async fn on_individual(&mut self, r: Flaky) -> u32 { self.attempt(r).await }

        #[stream(failing, source = in_order, retry = all_after)]
        async fn on_in_order(&mut self, r: Flaky) { self.attempt(r).await; }

        #[stream(failing, source = once, retry = none, on_failure = skip)]
        async fn on_once(&mut self, r: Flaky) { self.attempt(r).await; }

        #[stream(failing, source = skipping, max_retries = 2, on_failure = skip)]
        async fn on_skipping(&mut self, r: Flaky) { self.attempt(r).await; }

        #[stream(failing, source = lettered, max_retries = 1, on_failure = letters)]
        async fn on_lettered(&mut self, r: Flaky) { self.attempt(r).await; }

        #[stream(failing, source = halting, max_retries = 0)]
        async fn on_halting(&mut self, r: Flaky) { self.attempt(r).await; }

        async fn attempt(&mut self, r: Flaky) -> u32 {
            self.order.push(r.key);
            hash_partition(&r.key).await;
            let begun = self.begun.key(&r.key).update(|n| { *n += 1; *n });
            hash_partition(&r.key).await;
            self.undone.key(&r.key).key("before").update(|n| *n += 1);
            if begun <= r.failures {
                match r.how {
                    How::Error => refuse(r.key)?,
                    How::Panic => self.undone.key(&r.key).key("inside").update(|n| { *n = 7; panic!("no {}", r.key) }),
                    How::BadTask => direct_partition(999).await,
                    How::FuturePanics => external(async move { if begun > 0 { panic!("future {begun}") } }).await,
                }
            }
            global_partition().await;
            self.done.push(r.key);
            begun
        }
    }
}

/// What user code reports.
#[derive(Debug)]
pub struct Refused(u64);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused {}", self.0)
    }
}

impl std::error::Error for Refused {}

fn refuse(key: u64) -> Result<(), Refused> {
    Err(Refused(key))
}

async fn launched() -> (TestCluster, FailingClient) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Failing>(Launch::tasks(4).threads(2)).await.unwrap();
    (cluster, app)
}

#[tokio::test]
async fn a_failing_record_is_retried_until_it_succeeds_and_its_append_waits() {
    let (_cluster, app) = launched().await;
    for (key, how) in [How::Error, How::Panic, How::BadTask, How::FuturePanics]
        .into_iter()
        .enumerate()
    {
        // The ack return of the attempt that succeeded.
        assert_eq!(app.individual().append(flaky(key as u64, 3, how)).await, Ok(4));
    }
    assert_eq!(app.counters().retries, 12);
    assert_eq!(app.done().items().await.unwrap(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn the_writes_of_a_failed_event_are_undone_and_those_of_earlier_events_stay() {
    let (_cluster, app) = launched().await;
    for how in [How::Error, How::Panic] {
        let key = 10 + how.clone() as u64;
        let error = app.skipping().append(flaky(key, 99, how)).await.unwrap_err();
        assert!(matches!(error, Error::RecordFailed { attempts: 3, .. }), "{error:?}");
        // The first event of each attempt is done; the second, that failed, is as if it had not run.
        assert_eq!(app.begun().key(&key).get().await.unwrap(), Some(3));
        assert_eq!(app.undone().key(&key).items().await.unwrap(), []);
    }
}

#[tokio::test]
async fn individual_retries_let_later_records_pass() {
    let (_cluster, app) = launched().await;
    let batch = vec![
        flaky(1, 2, How::Error),
        flaky(2, 0, How::Error),
        flaky(3, 0, How::Error),
    ];
    app.individual().append_batch(batch).await.unwrap();
    assert_eq!(app.done().items().await.unwrap(), [2, 3, 1]);
}

#[tokio::test]
async fn all_after_runs_every_later_record_of_the_partition_again_in_order() {
    let (_cluster, app) = launched().await;
    let batch = vec![
        flaky(1, 0, How::Error),
        flaky(2, 2, How::Error),
        flaky(3, 0, How::Error),
        flaky(4, 0, How::Error),
    ];
    app.in_order().append_batch(batch).await.unwrap();
    app.settled().await.unwrap();
    let order = app.order().items().await.unwrap();
    // Whatever ran before the failures were noticed, the last run is complete and in order, and record 1 was never repeated.
    assert_eq!(order[order.len() - 3..], [2, 3, 4], "{order:?}");
    assert_eq!(order.iter().filter(|key| **key == 1).count(), 1, "{order:?}");
    assert_eq!(order.iter().filter(|key| **key == 2).count(), 3, "{order:?}");
    // They end as they come from their tasks; the last three are those of the last run.
    let mut done = app.done().items().await.unwrap();
    done.drain(..done.len() - 3);
    done.sort_unstable();
    assert_eq!(done, [2, 3, 4]);
}

#[tokio::test]
async fn without_retries_a_failed_record_is_left_and_its_append_fails() {
    let (_cluster, app) = launched().await;
    let error = app.once().append(flaky(1, 1, How::Error)).await.unwrap_err();
    match error {
        Error::RecordFailed {
            depot: "once",
            attempts: 1,
            offset: 0,
            error,
            ..
        } => assert_eq!(error, "refused 1"),
        other => panic!("{other:?}"),
    }
    app.once().append(flaky(2, 0, How::Error)).await.unwrap();
    assert_eq!(app.done().items().await.unwrap(), [2]);
    assert_eq!(app.counters().retries, 0);
}

#[tokio::test]
async fn a_dead_letter_carries_the_record_the_error_and_the_attempts() {
    let (_cluster, app) = launched().await;
    let record = flaky(5, 9, How::Panic);
    let error = app.lettered().append(record.clone()).await.unwrap_err();
    assert!(matches!(error, Error::RecordFailed { attempts: 2, .. }), "{error:?}");
    let letters = app.letters().read(0, 0..1).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&letters[0].record, letters[0].attempts, letters[0].offset),
        (&record, 2, 0)
    );
    assert!(letters[0].error.contains("no 5"), "{}", letters[0].error);
    // The source goes on behind it.
    app.lettered().append(flaky(6, 0, How::Error)).await.unwrap();
}

#[tokio::test]
async fn a_halted_source_stops_with_its_record_kept_and_says_so_to_later_appends() {
    let (cluster, app) = launched().await;
    let first = app.halting().append(flaky(1, 9, How::Error)).await.unwrap_err();
    assert!(
        matches!(first, Error::RecordFailed { .. } | Error::Halted { .. }),
        "{first:?}"
    );
    let second = app.halting().append(flaky(2, 0, How::Error)).await.unwrap_err();
    assert!(
        matches!(
            second,
            Error::Halted {
                halted_at: 0,
                offset: 1,
                ..
            }
        ),
        "{second:?}"
    );
    assert_eq!(app.halting().partition_info(0).await.unwrap().end, 2);
    // Other sources of the topology go on, and neither settling nor shutting down waits for the halted one.
    app.individual().append(flaky(3, 0, How::Error)).await.unwrap();
    app.settled().await.unwrap();
    cluster.shutdown().await.unwrap();
}

/// Waits for a gate that only some attempts find open.
#[module]
pub struct Slow {
    #[depot(random)]
    input: Depot<u64>,
    #[pstate(owner = slow, global)]
    attempts: PState<u64>,
}

topology! {
    impl Slow {
        #[stream(source = input, timeout = "10s")]
        async fn slow(&mut self, n: u64) -> u64 {
            global_partition().await;
            let attempt = self.attempts.update(|attempts| { *attempts += 1; *attempts });
            if attempt < n { external(std::future::pending::<()>()).await; }
            attempt
        }
    }
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_tried_again() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Slow>(Launch::tasks(2).threads(2)).await.unwrap();
    let append = tokio::spawn(app.input().append(3).into_future());
    for attempt in 1..3 {
        while app.attempts().get().await.unwrap() != Some(attempt) {
            tokio::task::yield_now().await;
        }
        cluster.clock().advance(Duration::from_secs(11));
    }
    assert_eq!(append.await.unwrap(), Ok(3));
    assert_eq!(app.counters().retries, 2);
}

/// Panics when it is dropped, unless it is told not to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Touchy(bool);

impl Drop for Touchy {
    fn drop(&mut self) {
        if std::mem::take(&mut self.0) && !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

#[module]
pub struct Dropping {
    #[depot(hash_by = |n| n)]
    input: Depot<u64>,
    #[pstate(owner = dropping)]
    touchy: PState<Map<u64, Touchy>>,
}

topology! {
    impl Dropping {
        #[stream(source = input, max_retries = 0, on_failure = skip)]
        async fn dropping(&mut self, n: u64) {
            // 0: the old value is dropped when the event commits. 1: the new one, when it is undone. 2: a scope, unsent.
            self.touchy.key(&n).set(Touchy(n < 2));
            if n == 0 { self.touchy.key(&n).set(Touchy(false)); }
            if n == 1 { refuse(n)?; }
            if n == 2 {
                let touchy = Touchy(true);
                fork(async { touchy.clone(); });
                refuse(n)?;
            }
        }
    }
}

#[tokio::test]
async fn a_drop_that_panics_between_events_kills_no_thread() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Dropping>(Launch::tasks(1)).await.unwrap();
    app.input().append(0).await.unwrap();
    assert!(matches!(app.input().append(1).await, Err(Error::RecordFailed { .. })));
    assert!(matches!(app.input().append(2).await, Err(Error::RecordFailed { .. })));
    app.input().append(3).await.unwrap();
    assert_eq!(app.touchy().keys().await.unwrap(), [0, 3]);
}
