//! What must not hang or starve: clients of dead threads, batches among others, launches that are cancelled.

use super::lab::{GATES, Job, ONCE, jobs, plain};
use super::{lab, seen};
use crate::client::App;
use crate::cluster::{InProcessCluster, Launch};
use crate::depot::DepotPartition;
use crate::error::Error;
use crate::exec::Program;
use crate::module::{Module, ModuleDescriptor, Shapes};
use crate::pstate::PStatePartition;
use crate::topology::TaskInfo;
use futures_util::FutureExt;
use futures_util::future::{join_all, join3};
use std::future::IntoFuture;
use std::sync::{LazyLock, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// No test takes nearly as long; one that hangs fails.
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_dead_thread_hangs_nobody() {
    let (cluster, app) = lab(Launch::tasks(2).threads(2)).await;
    let depot = plain::<ONCE>(&app);
    let elsewhere = depot.append(Job::Gate(61, 1)).into_future();
    app.ask(0, |_| ()).await.unwrap();
    let dying = depot
        .append(Job::To(1, Box::new(Job::Each(vec![Job::Die]))))
        .into_future();
    let told = timeout(LONG, async { (dying.await, elsewhere.await) }).await;
    assert_eq!(told, Ok((Err(Error::ShutDown), Err(Error::ShutDown))));
    assert_eq!(depot.append(Job::Note(1)).await, Err(Error::ShutDown));
    assert_eq!(app.settled().await, Err(Error::ShutDown));
    assert_eq!(timeout(LONG, cluster.shutdown()).await, Ok(Err(Error::ShutDown)));
}

/// A value whose `Drop` panics on the module's threads.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with("Lab-")) && !std::thread::panicking() {
            panic!("a bomb");
        }
    }
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_may_panic_when_dropped() {
    let (_cluster, app) = lab(Launch::tasks(1)).await;
    // The task thread holds the answer back until its turn ends, and nobody is there any more.
    drop(app.ask(0, |_| Bomb));
    drop(app.ask(0, |_| Bomb));
    let payload = app.ask(0, |_| -> () { std::panic::panic_any(Bomb) }).await;
    assert!(matches!(payload, Err(Error::ReadPanicked { .. })), "{payload:?}");
    jobs(&app).append(Job::Return(1)).await.unwrap();
}

#[tokio::test]
async fn a_batch_keeps_the_room_that_it_waited_for() {
    let (_cluster, app) = lab(Launch::tasks(1).max_unfinished(1).max_backlog(1)).await;
    let depot = plain::<ONCE>(&app);
    let gated = depot.append(Job::Gate(4, 0)).into_future();
    let mut batch = depot.append_batch(vec![Job::Note(1), Job::Note(2)]).into_future();
    assert!((&mut batch).now_or_never().is_none());
    let mut others: Vec<_> = (10..20).map(|tag| depot.append(Job::Note(tag)).into_future()).collect();
    for other in &mut others {
        assert!(other.now_or_never().is_none());
    }
    GATES.send_modify(|open| *open |= 1 << 4);
    let (gated, batch, others) = timeout(LONG, join3(gated, batch, join_all(others))).await.unwrap();
    gated.unwrap();
    batch.unwrap();
    others.into_iter().for_each(Result::unwrap);
    assert_eq!(seen(&app, 0).await[..3], [0, 1, 10]);
}

#[tokio::test]
async fn a_batch_that_is_dropped_half_way_leaves_nothing_pending() {
    let (_cluster, app) = lab(Launch::tasks(1).max_backlog(2)).await;
    let depot = plain::<ONCE>(&app);
    let gated = depot.append(Job::Gate(5, 0)).into_future();
    let mut batch = depot.append_batch((1..9).map(Job::Note).collect()).into_future();
    assert!((&mut batch).now_or_never().is_none());
    let unpolled = depot.append_batch((1..9).map(Job::Note).collect()).into_future();
    assert_eq!(app.shared().pending.len(), 3);
    drop((batch, unpolled));
    assert_eq!(app.shared().pending.len(), 1);
    GATES.send_modify(|open| *open |= 1 << 5);
    gated.await.unwrap();
    app.settled().await.unwrap();
    let mut all = seen(&app, 0).await;
    all.sort_unstable();
    assert_eq!(all, [0, 1], "what was sent is processed");
}

/// A module that takes as long as the test wants to be made.
struct Slow;

static HELD: RwLock<()> = RwLock::new(());
static DROPPED: LazyLock<watch::Sender<u32>> = LazyLock::new(|| watch::channel(0).0);

impl Drop for Slow {
    fn drop(&mut self) {
        DROPPED.send_modify(|dropped| *dropped += 1);
    }
}

impl Module for Slow {
    const DESCRIPTOR: &'static ModuleDescriptor = &ModuleDescriptor {
        name: "Slow",
        docs: "",
        depots: &[],
        pstates: &[],
        topologies: &[],
    };

    type Client = App<Slow>;

    fn new(_info: TaskInfo) -> Self {
        drop(HELD.read());
        Slow
    }

    fn client(app: App<Self>) -> App<Slow> {
        app
    }

    fn depot(&mut self, _index: usize) -> Option<&mut dyn DepotPartition> {
        None
    }

    fn pstate(&mut self, _index: usize) -> Option<&mut dyn PStatePartition> {
        None
    }

    fn shapes() -> Shapes {
        Shapes::default()
    }

    fn programs() -> Vec<Box<dyn Program<Self>>> {
        Vec::new()
    }

    fn commit(&mut self) {}

    fn rollback(&mut self) {}
}

#[tokio::test]
async fn a_cancelled_launch_leaves_no_threads() {
    let cluster = InProcessCluster::start().unwrap();
    let held = HELD.write();
    let launched = cluster.launch::<Slow>(Launch::tasks(4).threads(2)).now_or_never();
    assert!(launched.is_none(), "no task is made yet");
    drop(held);
    let mut dropped = DROPPED.subscribe();
    timeout(LONG, dropped.wait_for(|&dropped| dropped == 4))
        .await
        .unwrap()
        .unwrap();
    // The name is free again.
    cluster.launch::<Slow>(Launch::tasks(4).threads(2)).await.unwrap();
}
