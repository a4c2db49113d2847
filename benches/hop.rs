//! Records through one hop into a counting PState, on 2 threads, beside the same job written by hand, in one run.
//!
//! Both sides: a client sends numbers in batches of 1024 to two threads, evenly, with at most 16 batches under way; the
//! thread that gets a number sends it to the thread that owns it (a hash of the number decides); that thread counts it; the
//! client hears of every batch when all of it is counted. `cargo bench -p rama-benches --bench hop`; the last line is the
//! ratio of the medians of interleaved rounds, ours over the hand-written one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{BenchmarkId, Criterion, Throughput};
use crossbeam_channel::{Receiver, Sender, unbounded};
use futures_util::{StreamExt, stream::FuturesUnordered};
use rama_runtime::prelude::*;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 1024;
const UNDER_WAY: usize = 16;
const THREADS: usize = 2;
const KEYS: u64 = 10_000;

/// Counts numbers where they belong.
#[module]
pub struct Count {
    #[depot(random, keep = 0)]
    numbers: Depot<u64>,
    #[pstate(owner = count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Count {
        #[stream(source = numbers)]
        async fn count(&mut self, number: u64) {
            hash_partition(&number).await;
            self.counts.key(&number).update(|n| *n += 1);
        }
    }
}

/// A reproducible stream of numbers, some much more frequent than others.
fn numbers(count: usize) -> Vec<u64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % KEYS
    };
    (0..count).map(|_| next().min(next()).min(next())).collect()
}

struct Ours {
    runtime: tokio::runtime::Runtime,
    _cluster: InProcessCluster,
    app: CountClient,
}

impl Ours {
    fn start(tasks: u32) -> Ours {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let cluster = InProcessCluster::start().unwrap();
        let launch = Launch::tasks(tasks)
            .threads(THREADS as u32)
            .max_unfinished(16_384)
            .max_backlog(32_768);
        let app = runtime.block_on(cluster.launch::<Count>(launch)).unwrap();
        Ours {
            runtime,
            _cluster: cluster,
            app,
        }
    }

    fn run(&self, numbers: &[u64]) {
        let depot = self.app.numbers();
        self.runtime.block_on(async {
            let mut under_way = FuturesUnordered::new();
            for batch in numbers.chunks(BATCH) {
                under_way.push(depot.append_batch(batch.to_vec()).into_future());
                if under_way.len() == UNDER_WAY {
                    under_way.next().await.unwrap().unwrap();
                }
            }
            while let Some(batch) = under_way.next().await {
                batch.unwrap();
            }
        });
    }

    fn total(&self) -> u64 {
        let counts = self.app.counts();
        self.runtime
            .block_on(async { counts.items().await })
            .unwrap()
            .iter()
            .map(|(_, count)| count)
            .sum()
    }
}

enum ToThread {
    /// Numbers from the client, with the count of those not done.
    Records(Vec<u64>, Arc<AtomicUsize>),
    /// Numbers from the other thread.
    Owned(Vec<u64>, Arc<AtomicUsize>),
}

struct ByHand {
    threads: Vec<Sender<ToThread>>,
    done: Receiver<()>,
}

impl ByHand {
    fn start() -> ByHand {
        let (done, all_done) = unbounded();
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| unbounded::<ToThread>()).unzip();
        for (own, receiver) in receivers.into_iter().enumerate() {
            let (others, done) = (senders.clone(), done.clone());
            std::thread::spawn(move || worker(own, &receiver, &others, &done));
        }
        ByHand {
            threads: senders,
            done: all_done,
        }
    }

    fn run(&self, numbers: &[u64]) {
        let mut under_way = 0;
        for batch in numbers.chunks(BATCH) {
            let open = Arc::new(AtomicUsize::new(batch.len()));
            for (thread, part) in batch.chunks(batch.len().div_ceil(THREADS)).enumerate() {
                self.threads[thread]
                    .send(ToThread::Records(part.to_vec(), Arc::clone(&open)))
                    .unwrap();
            }
            under_way += 1;
            if under_way == UNDER_WAY {
                self.done.recv().unwrap();
                under_way -= 1;
            }
        }
        for _ in 0..under_way {
            self.done.recv().unwrap();
        }
    }
}

fn worker(own: usize, inbox: &Receiver<ToThread>, threads: &[Sender<ToThread>], done: &Sender<()>) {
    let mut counts: HashMap<u64, u64, foldhash::fast::RandomState> = HashMap::default();
    // Nobody listens any more when the run is over.
    let finish = |open: &AtomicUsize, count: usize| {
        if count > 0 && open.fetch_sub(count, Ordering::AcqRel) == count {
            let _ = done.send(());
        }
    };
    while let Ok(message) = inbox.recv() {
        match message {
            ToThread::Records(numbers, open) => {
                let mut others: Vec<Vec<u64>> = (0..THREADS).map(|_| Vec::with_capacity(numbers.len())).collect();
                for number in numbers {
                    others[number.wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 63].push(number);
                }
                for (thread, numbers) in others.into_iter().enumerate() {
                    if thread == own {
                        for number in &numbers {
                            *counts.entry(*number).or_default() += 1;
                        }
                        finish(&open, numbers.len());
                    } else if !numbers.is_empty() {
                        let _ = threads[thread].send(ToThread::Owned(numbers, Arc::clone(&open)));
                    }
                }
            }
            ToThread::Owned(numbers, open) => {
                for number in &numbers {
                    *counts.entry(*number).or_default() += 1;
                }
                finish(&open, numbers.len());
            }
        }
    }
    black_box(counts);
}

fn bench(criterion: &mut Criterion, numbers: &[u64]) {
    let mut group = criterion.benchmark_group("hop");
    group
        .throughput(Throughput::Elements(numbers.len() as u64))
        .sample_size(10);
    for tasks in [2, 64] {
        let ours = Ours::start(tasks);
        group.bench_function(BenchmarkId::new("rama, tasks", tasks), |bencher| {
            bencher.iter(|| ours.run(numbers))
        });
    }
    let by_hand = ByHand::start();
    group.bench_function("by hand", |bencher| bencher.iter(|| by_hand.run(numbers)));
    group.finish();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Interleaved rounds, so that both sides see the same machine.
fn ratio(numbers: &[u64], rounds: usize) {
    let (ours, by_hand) = (Ours::start(THREADS as u32), ByHand::start());
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        ours.run(numbers);
        our_times.push(start.elapsed());
        let start = Instant::now();
        by_hand.run(numbers);
        their_times.push(start.elapsed());
    }
    assert_eq!(
        ours.total(),
        (numbers.len() * rounds) as u64,
        "every number is counted once"
    );
    let (ours, theirs) = (median(our_times), median(their_times));
    let rate = |time: Duration| numbers.len() as f64 / time.as_secs_f64() / 1e6;
    println!(
        "rama {:.1} M records/s, by hand {:.1} M records/s (medians of {rounds} interleaved rounds)",
        rate(ours),
        rate(theirs)
    );
    println!("RATIO hop {:.2}", theirs.as_secs_f64() / ours.as_secs_f64());
}

fn main() {
    // As `cargo test` and `--test` run it: once, small.
    let testing = std::env::args().any(|argument| argument == "--test")
        || !std::env::args().any(|argument| argument == "--bench");
    let numbers = numbers(if testing { 20_000 } else { 2_000_000 });
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion, &numbers);
    criterion.final_summary();
    ratio(&numbers, if testing { 1 } else { 9 });
}
