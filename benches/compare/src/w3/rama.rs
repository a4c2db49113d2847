//! Ours: an append that returns the count. The record enters on one task, and hops to the other, which owns the key.

use super::calls::{Calls, KEYS};
use crate::contender::Outcome;
use crate::kit::feed::client;
use rama_runtime::prelude::*;
use rama_runtime::testing::keys_for_task;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Tasks of the module.
const TASKS: u32 = 2;
/// The task where every record enters.
const ENTRY: u32 = 0;
/// The task that owns every key.
const OWNER: u32 = 1;

/// A key to count, and a number that decides where its record enters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Call {
    entry: u64,
    key: u64,
}

/// Counts keys, and says how often each was seen so far.
#[module]
pub(super) struct Hop {
    /// The calls.
    #[depot(hash_by = |call| &call.entry, keep = 0)]
    calls: Depot<Call>,
    /// How often each key was seen.
    #[pstate(owner = count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Hop {
        /// Counts a key where it belongs.
        #[stream(source = calls)]
        async fn count(&mut self, call: Call) -> u64 {
            hash_partition(&call.key).await;
            self.counts.key(&call.key).update(|n| {
                *n += 1;
                *n
            })
        }
    }
}

/// The module, running.
struct App {
    runtime: tokio::runtime::Runtime,
    _cluster: InProcessCluster,
    client: HopClient,
    entry: u64,
}

impl App {
    fn launch(threads: u32) -> Result<App, Box<dyn std::error::Error>> {
        let runtime = client()?;
        let cluster = InProcessCluster::start()?;
        let client = runtime.block_on(cluster.launch::<Hop>(Launch::tasks(TASKS).threads(threads)))?;
        let entry = keys_for_task(TASKS, ENTRY).next().ok_or("no key enters there")?;
        Ok(App {
            runtime,
            _cluster: cluster,
            client,
            entry,
        })
    }

    fn call(&self, key: u64) -> Call {
        Call { entry: self.entry, key }
    }
}

fn keys() -> Vec<u64> {
    keys_for_task(TASKS, OWNER).take(KEYS).collect()
}

/// The caller polls without a pause; one thread runs both tasks.
pub(super) fn busy() -> Outcome {
    poll_appends(1)
}

/// The caller polls without a pause; each task has a thread of its own.
pub(super) fn busy_on_two_threads() -> Outcome {
    poll_appends(2)
}

/// There is a pause before each call; one thread runs both tasks.
pub(super) fn asleep() -> Outcome {
    await_appends(1)
}

/// There is a pause before each call; each task has a thread of its own.
pub(super) fn asleep_on_two_threads() -> Outcome {
    await_appends(2)
}

fn poll_appends(threads: u32) -> Outcome {
    let app = App::launch(threads)?;
    let depot = app.client.calls();
    let mut calls = Calls::busy(keys());
    while let Some(key) = calls.begin() {
        let count = poll(depot.append(app.call(key)).into_future())?;
        calls.end(count);
    }
    calls.finish()
}

fn await_appends(threads: u32) -> Outcome {
    let app = App::launch(threads)?;
    let depot = app.client.calls();
    let mut calls = Calls::asleep(keys());
    app.runtime.block_on(async {
        while let Some(key) = calls.begin() {
            let count = depot.append(app.call(key)).await?;
            calls.end(count);
        }
        calls.finish()
    })
}

/// How often the key of call number `call` was counted before the reads begin.
fn preloaded(call: usize) -> u64 {
    (call % KEYS % 7) as u64 + 1
}

/// A client's read of one key, which nobody writes meanwhile. The caller polls without a pause.
pub(super) fn read() -> Outcome {
    let app = App::launch(1)?;
    let keys = keys();
    let load = keys
        .iter()
        .enumerate()
        .flat_map(|(at, key)| std::iter::repeat_n(app.call(*key), preloaded(at) as usize));
    app.runtime
        .block_on(app.client.calls().append_batch(load.collect()).into_future())?;
    let counts = app.client.counts();
    let mut calls = Calls::busy(keys).that_answer(preloaded);
    while let Some(key) = calls.begin() {
        let count = poll(Box::pin(counts.key(&key).get()))?;
        calls.end(count.unwrap_or(0));
    }
    calls.finish()
}

/// Polls a future until it is done, without ever sleeping. (Not inside of a tokio runtime, which makes its futures wait
/// when they are polled too often.)
fn poll<T>(mut future: Pin<Box<dyn Future<Output = T> + Send>>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::hint::spin_loop(),
        }
    }
}
