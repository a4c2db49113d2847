//! What the alignment check of an access costs when it runs: the same updates with a key that is proven to live here, with one
//! that nobody can prove (release builds look it up as it is), and with that one under `#[module(check_alignment)]`.
//!
//! `cargo bench -p rama-benches --bench alignment`. One thread; each record makes 64 updates, so that what is around an access
//! hardly counts. With mimalloc, or the system's allocator by `--no-default-features`. The last lines are nanoseconds an access,
//! medians of interleaved rounds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput};
use rama_benches::harness::is_test;
use rama_runtime::prelude::*;
use std::time::{Duration, Instant};

const RECORDS: u64 = 2_000;
const UPDATES: u64 = 64;
const ROUNDS: usize = 9;

/// Nothing that the compiler could see through.
#[inline(never)]
fn opaque<K: Clone>(key: &K) -> K {
    std::hint::black_box(key).clone()
}

macro_rules! counters {
    ($name:ident, $key:ty, $function:ident, $(#[$options:meta])*) => {
        /// Counts keys that it is given, and others that it made itself.
        $(#[$options])*
        #[module]
        pub struct $name {
            #[depot(hash_by = |key| key, keep = 0)]
            plain: Depot<$key>,
            #[depot(hash_by = |key| key, keep = 0)]
            made: Depot<$key>,
            #[pstate(owner = count)]
            counts: PState<Map<$key, u64>>,
        }
        topology! {
            impl $name {
                #[stream(count, source = plain)]
                async fn $function(&mut self, key: $key) {
                    let made = opaque(&key);
                    for _ in 0..UPDATES { self.counts.key(&key).update(|n| *n += 1); }
                    drop(made);
                }
                #[stream(count, source = made)]
                async fn count_made(&mut self, key: $key) {
                    let made = opaque(&key);
                    for _ in 0..UPDATES { self.counts.key(&made).update(|n| *n += 1); }
                }
            }
        }
    };
}

counters!(Numbers, u64, count_numbers,);
counters!(Words, String, count_words,);

/// As `Numbers`, checked in release builds, too.
#[module(check_alignment)]
pub struct CheckedNumbers {
    #[depot(hash_by = |key| key, keep = 0)]
    made: Depot<u64>,
    #[pstate(owner = count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl CheckedNumbers {
        #[stream(count, source = made)]
        async fn count_made(&mut self, key: u64) {
            let made = opaque(&key);
            for _ in 0..UPDATES { self.counts.key(&made).update(|n| *n += 1); }
        }
    }
}

/// As `Words`, checked in release builds, too.
#[module(check_alignment)]
pub struct CheckedWords {
    #[depot(hash_by = |key| key, keep = 0)]
    made: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl CheckedWords {
        #[stream(count, source = made)]
        async fn count_made(&mut self, key: String) {
            let made = opaque(&key);
            for _ in 0..UPDATES { self.counts.key(&made).update(|n| *n += 1); }
        }
    }
}

fn word(number: u64) -> String {
    format!("word number {number}")
}

/// One way to make all the updates.
type Work<'a> = Box<dyn Fn() + 'a>;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cluster = InProcessCluster::start().unwrap();
    let launch = || Launch::tasks(1).max_unfinished(16_384).max_backlog(32_768);
    let numbers = runtime.block_on(cluster.launch::<Numbers>(launch())).unwrap();
    let words = runtime.block_on(cluster.launch::<Words>(launch())).unwrap();
    let checked_numbers = runtime.block_on(cluster.launch::<CheckedNumbers>(launch())).unwrap();
    let checked_words = runtime.block_on(cluster.launch::<CheckedWords>(launch())).unwrap();
    macro_rules! work {
        ($depot:expr, $key:expr) => {
            Box::new(|| {
                let records = (0..RECORDS).map(|n| $key(n % 100)).collect();
                runtime
                    .block_on($depot.append_batch(records).into_future())
                    .unwrap();
            }) as Work<'_>
        };
    }
    let number = |n: u64| n;
    let ways: Vec<(&str, Work<'_>)> = vec![
        ("u64, proven", work!(numbers.plain(), number)),
        ("u64, not proven", work!(numbers.made(), number)),
        ("u64, not proven, checked", work!(checked_numbers.made(), number)),
        ("String, proven", work!(words.plain(), word)),
        ("String, not proven", work!(words.made(), word)),
        ("String, not proven, checked", work!(checked_words.made(), word)),
    ];
    let mut group = criterion.benchmark_group("alignment");
    group
        .throughput(Throughput::Elements(RECORDS * UPDATES))
        .sample_size(10);
    for (name, work) in &ways {
        group.bench_function(*name, |bencher| bencher.iter(work));
    }
    group.finish();
    if is_test() {
        return;
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            work();
            times.push(start.elapsed());
        }
    }
    for ((name, _), mut times) in ways.iter().zip(times) {
        times.sort();
        let each = times[ROUNDS / 2].as_nanos() as f64 / (RECORDS * UPDATES) as f64;
        println!("{name}: {each:.1} ns an access");
    }
}
