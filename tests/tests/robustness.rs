//! User types that misbehave: a `Drop` or a `Serialize` that panics harms nobody but its own record.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize, Serializer};
use std::future::IntoFuture;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Its `Drop` panics on the threads of `Mined`, and nowhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bomb(u64);

impl Drop for Bomb {
    fn drop(&mut self) {
        let thread = std::thread::current();
        let mined = thread.name().is_some_and(|name| name.starts_with("Mined-"));
        if mined && !std::thread::panicking() {
            panic!("bomb {}", self.0);
        }
    }
}

/// The same, even while another one panics: two that are dropped together would abort the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mine(u64);

impl Drop for Mine {
    fn drop(&mut self) {
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with("Mined-")) {
            panic!("mine {}", self.0);
        }
    }
}

/// Cannot be encoded, and says so loudly.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Loud(#[serde(serialize_with = "shout")] u64);

fn shout<S: Serializer>(n: &u64, _serializer: S) -> Result<S::Ok, S::Error> {
    panic!("{n} is not for others")
}

#[module]
pub struct Mined {
    #[depot(global)]
    returning: Depot<u64>,
    #[depot(global)]
    elsewhere: Depot<u64>,
    #[depot(global)]
    in_order: Depot<u64>,
    #[depot(global, keep = 1)]
    trimmed: Depot<Bomb>,
    #[depot(global)]
    kept: Depot<Mine>,
    #[depot(global)]
    loud: Depot<Loud>,
    #[depot(global)]
    lettered: Depot<u64>,
    #[depot(disallow)]
    letters: Depot<DeadLetter<u64>>,
    #[pstate(owner = mined, global)]
    order: PState<List<u64>>,
}

static FAILED: AtomicU32 = AtomicU32::new(0);
static ATTEMPTS: Mutex<[u32; 3]> = Mutex::new([0; 3]);

/// The first record fails at first, the second one when it is run for the second time, the third one always.
fn allowed(n: u64) -> Result<(), std::io::Error> {
    let mut attempts = ATTEMPTS.lock().unwrap();
    attempts[n as usize] += 1;
    let attempt = attempts[n as usize];
    if n == 2 || u64::from(attempt) == n + 1 {
        return Err(std::io::Error::other("not this time"));
    }
    Ok(())
}

topology! {
    impl Mined {
        #[stream(mined, source = returning)]
        async fn on_returning(&mut self, n: u64) -> Bomb {
            let n = explode(0..n).await;
            Bomb(n)
        }

        #[stream(mined, source = elsewhere)]
        async fn on_elsewhere(&mut self, n: u64) -> Bomb {
            direct_partition(1).await;
            let n = explode(0..n).await;
            Bomb(n)
        }

        #[stream(mined, source = in_order, retry = all_after)]
        async fn on_in_order(&mut self, n: u64) -> Bomb {
            if n == 0 && FAILED.fetch_add(1, Ordering::SeqCst) == 0 { allowed(2)?; }
            self.order.push(n);
            Bomb(n)
        }

        #[stream(mined, source = trimmed)]
        async fn on_trimmed(&mut self, bomb: Bomb) { std::mem::forget(bomb); }

        #[stream(mined, source = kept)]
        async fn on_kept(&mut self, mine: Mine) {
            std::mem::forget(mine);
            external(std::future::pending::<()>()).await;
        }

        #[stream(mined, source = loud, max_retries = 0, on_failure = skip)]
        async fn on_loud(&mut self, loud: Loud) -> u64 {
            if loud.0 > 0 { direct_partition(1).await; }
            loud.0
        }

        #[stream(mined, source = lettered, retry = all_after, max_retries = 1, on_failure = letters)]
        async fn on_lettered(&mut self, n: u64) { allowed(n)?; }
    }
}

/// No test takes nearly as long; one that hangs fails.
async fn soon<F: IntoFuture>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.unwrap()
}

async fn launched() -> (TestCluster, MinedClient) {
    let cluster = TestCluster::start().unwrap();
    let launch = Launch::tasks(2).threads(2).check_wire(true);
    let app = cluster.launch::<Mined>(launch).await.unwrap();
    (cluster, app)
}

#[tokio::test]
async fn an_ack_return_that_a_later_branch_replaces_may_panic_when_dropped() {
    let (_cluster, app) = launched().await;
    for branches in [2, 5, 1] {
        assert_eq!(soon(app.returning().append(branches)).await, Ok(Bomb(branches - 1)));
        assert_eq!(soon(app.elsewhere().append(branches)).await, Ok(Bomb(branches - 1)));
    }
}

#[tokio::test]
async fn an_ack_return_that_nobody_takes_may_panic_when_dropped() {
    let (_cluster, app) = launched().await;
    // Not wanted, and not waited for.
    soon(app.returning().append(3).ack(AckLevel::Full)).await.unwrap();
    drop(app.returning().append(3).into_future());
    drop(app.returning().append_batch(vec![3, 3, 3]).into_future());
    soon(app.returning().append(3).ack(AckLevel::Appended)).await.unwrap();
    // Their acks leave together with one that is waited for.
    let mut appends: Vec<_> = (0..50).map(|_| app.returning().append(1).into_future()).collect();
    let last = appends.pop().unwrap();
    drop(appends);
    assert_eq!(soon(last).await, Ok(Bomb(0)));
    // Run again although they had returned.
    let bombs = soon(app.in_order().append_batch(vec![0, 1, 2])).await;
    assert_eq!(bombs, Ok(vec![Bomb(0), Bomb(1), Bomb(2)]));
    soon(app.settled()).await.unwrap();
    assert_eq!(app.order().items().await, Ok(vec![1, 2, 0, 1, 2]));
}

#[tokio::test]
async fn records_may_panic_when_trimmed() {
    let (_cluster, app) = launched().await;
    soon(app.trimmed().append_batch((0..10).map(Bomb).collect()))
        .await
        .unwrap();
    soon(app.trimmed().append(Bomb(10))).await.unwrap();
    let info = soon(app.trimmed().partition_info(0)).await.unwrap();
    assert_eq!((info.start, info.end), (10, 11));
    assert_eq!(soon(app.trimmed().read(0, 10..11)).await, Ok(vec![Bomb(10)]));
}

#[tokio::test]
async fn records_may_panic_when_their_thread_stops() {
    let (cluster, app) = launched().await;
    let waiting = app.kept().append_batch((0..10).map(Mine).collect()).into_future();
    soon(app.kept().partition_info(0)).await.unwrap();
    drop(cluster);
    assert_eq!(soon(waiting).await, Err(Error::ShutDown));
}

#[tokio::test]
async fn a_serialize_that_panics_fails_its_record_alone() {
    let (_cluster, app) = launched().await;
    let failed = soon(app.loud().append(Loud(7))).await;
    assert!(
        matches!(&failed, Err(Error::RecordFailed { error, .. }) if error == "panicked: 7 is not for others"),
        "{failed:?}"
    );
    assert_eq!(soon(app.loud().append(Loud(0))).await, Ok(0));
}

#[tokio::test]
async fn a_record_becomes_a_dead_letter_once() {
    let (_cluster, app) = launched().await;
    soon(app.lettered().append_batch(vec![0, 1, 2])).await.unwrap_err();
    soon(app.settled()).await.unwrap();
    assert_eq!(*ATTEMPTS.lock().unwrap(), [2, 3, 3]);
    let end = app.letters().partition_info(0).await.unwrap().end;
    assert_eq!(end, 1);
    assert_eq!((app.counters().failures, app.counters().unfinished), (1, 0));
}
