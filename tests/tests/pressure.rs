//! Back-pressure at the sources, flat memory, and endless computations.
//!
//! Alone in its process, because it looks at the memory of the whole.
#![allow(missing_docs, clippy::unwrap_used)]

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use rama_runtime::client::DepotClient;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

static GATE: Semaphore = Semaphore::const_new(0);
static STARTED: AtomicU64 = AtomicU64::new(0);
static MOST_STARTED: AtomicU64 = AtomicU64::new(0);
static WORK: AtomicU64 = AtomicU64::new(0);
static AT_ONE: AtomicU64 = AtomicU64::new(0);

#[module]
pub struct Pressed {
    #[depot(global, keep = 0)]
    gated: Depot<u64>,
    #[depot(random, keep = 0)]
    heavy: Depot<Vec<u8>>,
    #[depot(random, keep = 0)]
    narrow: Depot<Vec<u8>>,
    #[depot(random)]
    endless: Depot<u64>,
    #[depot(random)]
    quick: Depot<u64>,
    #[pstate(owner = pressed, global)]
    passed: PState<u64>,
}

topology! {
    impl Pressed {
        #[stream(pressed, source = gated)]
        async fn wait(&mut self, _n: u64) {
            MOST_STARTED.fetch_max(STARTED.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            external(async { if let Ok(permit) = GATE.acquire().await { permit.forget(); } }).await;
            STARTED.fetch_sub(1, Ordering::SeqCst);
            self.passed.update(|n| *n += 1);
        }

        #[stream(pressed, source = heavy)]
        async fn work(&mut self, load: Vec<u8>) {
            // Far slower than the producer, which only copies a small buffer.
            let mut sum = load.len() as u64;
            for turn in 0..5_000u64 { sum = std::hint::black_box(sum.wrapping_mul(31) ^ turn); }
            hash_partition(&(sum % 16)).await;
            WORK.fetch_add(load.len() as u64, Ordering::Relaxed);
        }

        #[stream(pressed, source = narrow)]
        async fn work_at_one(&mut self, load: Vec<u8>) {
            global_partition().await;
            let mut sum = load.len() as u64;
            for turn in 0..5_000u64 { sum = std::hint::black_box(sum.wrapping_mul(31) ^ turn); }
            AT_ONE.fetch_add(load.len() as u64, Ordering::Relaxed);
        }

        #[stream(pressed, source = endless)]
        async fn for_ever(&mut self, start: u64) {
            let mut at = start as usize;
            loop {
                at += 1;
                direct_partition(at % 4).await;
            }
        }

        #[stream(pressed, source = quick)]
        async fn hop_once(&mut self, n: u64) -> u64 {
            hash_partition(&n).await;
            n
        }
    }
}

#[tokio::test]
async fn a_source_takes_no_more_than_its_bound_and_appends_wait() {
    let cluster = TestCluster::start().unwrap();
    let launch = Launch::tasks(4).threads(2).max_unfinished(8).max_backlog(20);
    let app = cluster.launch::<Pressed>(launch).await.unwrap();
    let total = 500;
    let mut appends: FuturesUnordered<_> = (0..total)
        .map(|n| app.gated().append(n).ack(AckLevel::Appended).into_future())
        .collect();
    let mut accepted = 0;
    while accepted < 20 {
        appends.next().await.unwrap().unwrap();
        accepted += 1;
    }
    // A read goes the way of the appends: when it is answered, whatever could be accepted was.
    let end = app.gated().partition_info(0).await.unwrap().end;
    assert_eq!(end, 20);
    assert!(
        appends.next().now_or_never().is_none(),
        "the next append waits for room"
    );
    GATE.add_permits(total as usize);
    while let Some(append) = appends.next().await {
        append.unwrap();
    }
    app.settled().await.unwrap();
    assert_eq!(app.passed().get().await, Ok(Some(total)));
    assert_eq!(MOST_STARTED.load(Ordering::SeqCst), 8);
}

/// Resident memory in bytes.
fn resident() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")
        .ok()?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    Some(pages * 4096)
}

#[tokio::test]
async fn a_producer_much_faster_than_its_topology_keeps_memory_flat() {
    let cluster = TestCluster::start().unwrap();
    let launch = Launch::tasks(4).threads(2).max_unfinished(16).max_backlog(64);
    let app = cluster.launch::<Pressed>(launch).await.unwrap();
    overwhelm(&app.heavy()).await;
    app.settled().await.unwrap();
    assert_eq!(WORK.load(Ordering::Relaxed), RECORDS * 4096);
    // The same where all tasks send to one.
    overwhelm(&app.narrow()).await;
    app.settled().await.unwrap();
    assert_eq!(AT_ONE.load(Ordering::Relaxed), RECORDS * 4096);
}

const RECORDS: u64 = 25_000;

/// 100 MB in records of 4 KB, sent without waiting for their processing. Memory must not grow by much.
async fn overwhelm(depot: &DepotClient<Pressed, Vec<u8>, ()>) {
    let start = resident();
    let mut most = 0;
    for n in 0..RECORDS {
        let load = vec![n as u8; 4096];
        depot.append(load).ack(AckLevel::Appended).await.unwrap();
        if let (Some(start), Some(now)) = (start, resident()) {
            most = most.max(now.saturating_sub(start));
        }
    }
    assert!(most < 24 << 20, "memory grew by {most} bytes");
}

#[tokio::test]
async fn a_computation_that_hops_for_ever_does_not_block_others() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Pressed>(Launch::tasks(4).threads(2)).await.unwrap();
    for start in 0..8 {
        app.endless().append(start).ack(AckLevel::Appended).await.unwrap();
    }
    for n in 0..500 {
        assert_eq!(app.quick().append(n).await, Ok(n));
    }
    assert!(app.counters().hops > 1000);
}
