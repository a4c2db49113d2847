//! How long one thing takes that a client waits for: an append with full ack over one hop, and a read of one entry, one at
//! a time. Each by a client that polls, and by one that sleeps in a tokio `block_on`. An element is an append or a read.
//!
//! `cargo bench -p rama-benches --bench round_trip`, with `--no-default-features` for the system's allocator instead of
//! mimalloc: the allocator is a choice of the application. The client that polls needs a processor of its own: with as many task
//! threads as processors it takes one from them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{BenchmarkGroup, measurement::WallTime};
use rama_benches::harness::{self, Setup, group, sized};
use rama_benches::input::keys;
use rama_benches::modules::Exchange;
use rama_benches::running::{Running, UNDER_WAY, poll_busily};
use std::cell::{Cell, OnceCell};
use std::time::Duration;

/// How a client waits.
#[derive(Debug, Clone, Copy)]
enum Waits {
    Polling,
    Asleep,
}

impl Waits {
    fn block_on<F: Future>(self, running: &Running<Exchange>, future: F) -> F::Output {
        match self {
            Waits::Polling => poll_busily(future),
            Waits::Asleep => running.block_on(future),
        }
    }
}

/// The benches of one setup.
fn bench(group: &mut BenchmarkGroup<'_, WallTime>, setup: Setup, keys: &[u64]) {
    let started = OnceCell::new();
    // All keys are there from the beginning, so that every read finds something.
    let start = || {
        let running: Running<Exchange> = setup.start();
        running.append(&running.client().numbers(), [keys.to_vec()], UNDER_WAY);
        running
    };
    let appended = Cell::new(keys.len() as u64);
    for (waits, name) in [(Waits::Polling, "polled"), (Waits::Asleep, "asleep")] {
        group.bench_function(setup.id(&format!("append, {name}")), |bencher| {
            let running = started.get_or_init(start);
            let depot = running.client().numbers();
            let mut keys = keys.iter().cycle();
            bencher.iter(|| {
                appended.set(appended.get() + 1);
                let append = depot.append(*keys.next().unwrap()).into_future();
                waits.block_on(running, append).unwrap();
            });
        });
        group.bench_function(setup.id(&format!("read, {name}")), |bencher| {
            let running = started.get_or_init(start);
            let counts = running.client().counts();
            let mut keys = keys.iter().cycle();
            bencher.iter(|| {
                let read = counts.key(keys.next().unwrap()).get();
                let count = waits.block_on(running, read).unwrap();
                assert!(count.is_some(), "every key is there");
            });
        });
    }
    if let Some(running) = started.get() {
        let counted = running.block_on(async { running.client().counts().items().await.unwrap() });
        let sum: u64 = counted.iter().map(|(_, count)| count).sum();
        assert_eq!(sum, appended.get(), "every append is counted once");
    }
}

fn main() {
    let mut criterion = harness::criterion()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    let keys = keys(sized(10_000, 100), sized(10_000, 100));
    let mut group = group(&mut criterion, "round_trip", 1);
    for setup in Setup::ALL {
        bench(&mut group, setup, &keys);
    }
    group.finish();
    criterion.final_summary();
}
