//! A PState many times larger than the memory that it may take: filled, read by point and by range, and opened again. Beside it,
//! the same on fjall alone.

use crate::{folder, micros, percentile};
use rama_benches::harness::sized;
use rama_benches::input::Random;
use rama_benches::memory::{forget_peak, peak, resident};
use rama_benches::running::{Running, launch};
use rama_runtime::prelude::*;
use std::path::Path;
use std::time::{Duration, Instant};

/// The budget, in bytes.
const BUDGET: usize = 32 << 20;
/// So many times as large is the PState.
const TIMES: usize = 20;
/// An entry's value, in bytes.
const VALUE: usize = 256;
const READS: usize = 20_000;

/// Keeps what it is given.
#[module]
pub(crate) struct Large {
    #[depot(hash_by = |entry: &(u64, Vec<u8>)| entry.0, keep = 0)]
    entries: Depot<(u64, Vec<u8>)>,
    /// Keys to look up, all on the task of the first.
    #[depot(hash_by = |keys: &Vec<u64>| keys[0], keep = 0)]
    lookups: Depot<Vec<u64>>,
    #[pstate(owner = keep)]
    kept: PState<Subindexed<Map<u64, Vec<u8>>>>,
}

topology! {
    impl Large {
        #[stream(source = entries)]
        async fn keep(&mut self, entry: (u64, Vec<u8>)) {
            let (key, value) = entry;
            self.kept.key(&key).set(value);
        }

        /// Says how many nanoseconds a lookup takes, and how many bytes were found.
        #[stream(source = lookups)]
        async fn look(&mut self, keys: Vec<u64>) -> (u64, u64) {
            let began = Instant::now();
            let mut bytes = 0;
            for key in &keys {
                bytes += self.kept.unaligned().key(key).get().map_or(0, |value| value.len() as u64);
            }
            (began.elapsed().as_nanos() as u64 / keys.len() as u64, bytes)
        }
    }
}

fn value(key: u64) -> Vec<u8> {
    let mut value = vec![0; VALUE];
    let mut random = Random::new(key);
    for chunk in value.chunks_mut(8) {
        chunk.copy_from_slice(&random.number().to_le_bytes()[..chunk.len()]);
    }
    value
}

fn mib(bytes: Option<u64>) -> u64 {
    bytes.unwrap_or(0) >> 20
}

pub(crate) fn run(within: &Path) {
    let keys = (sized(BUDGET * TIMES, 1 << 20) / VALUE) as u64;
    println!(
        "\nA PState of {} MiB ({keys} entries of {VALUE} bytes), of which {} MiB may be in memory\n",
        (keys as usize * VALUE) >> 20,
        BUDGET >> 20
    );
    println!("| | seconds | peak memory, MiB | of that before | p50, us | p99, us |");
    println!("|---|---|---|---|---|---|");
    let path = folder(within);
    let before = resident();
    forget_peak();
    let began = Instant::now();
    let running = open(path.path());
    running.block_on(async {
        let depot = running.client().entries();
        let mut key = 0;
        while key < keys {
            let batch: Vec<_> = (key..keys.min(key + 512)).map(|key| (key, value(key))).collect();
            key += batch.len() as u64;
            depot.append_batch(batch).await.unwrap();
        }
    });
    row("filled", began.elapsed(), before, &mut []);
    forget_peak();
    let (began, mut times) = (Instant::now(), reads(&running, keys));
    row("read by point", began.elapsed(), before, &mut times);
    forget_peak();
    let (began, mut times) = (Instant::now(), ranges(&running, keys));
    row("read by ranges of 100", began.elapsed(), before, &mut times);
    drop(running);
    forget_peak();
    let began = Instant::now();
    let running = open(path.path());
    row("opened again", began.elapsed(), before, &mut []);
    forget_peak();
    let (began, mut times) = (Instant::now(), reads(&running, keys));
    row("read by point", began.elapsed(), before, &mut times);
    let ours = lookups(&running, keys);
    drop(running);
    drop(path);
    let fjall = fjall(within, keys);
    println!(
        "\nRATIO a cold lookup over fjall's own: {:.2}",
        ours.as_secs_f64() / fjall.as_secs_f64()
    );
}

fn open(path: &Path) -> Running<Large> {
    Running::open(path, launch(2, 2).memory(BUDGET))
}

fn row(what: &str, took: Duration, before: Option<u64>, times: &mut [Duration]) {
    let (p50, p99) = if times.is_empty() {
        (String::new(), String::new())
    } else {
        (micros(percentile(times, 0.5)), micros(percentile(times, 0.99)))
    };
    println!(
        "| {what} | {:.2} | {} | {} | {p50} | {p99} |",
        took.as_secs_f64(),
        mib(peak()),
        mib(before)
    );
}

/// Point reads by a client, one after the other, each of a key of its own.
fn reads(running: &Running<Large>, keys: u64) -> Vec<Duration> {
    let mut random = Random::new(7);
    let kept = running.client().kept();
    running.block_on(async {
        let mut times = Vec::new();
        for _ in 0..sized(READS, 100) {
            let key = random.below(keys as usize) as u64;
            let began = Instant::now();
            let found = kept.key(&key).get().await.unwrap();
            times.push(began.elapsed());
            assert_eq!(found, Some(value(key)));
        }
        times
    })
}

/// Lookups in events, a hundred each, of keys that are nowhere in memory: what one takes.
fn lookups(running: &Running<Large>, keys: u64) -> Duration {
    let mut random = Random::new(11);
    let mut times = Vec::new();
    for round in 0..sized(READS / 100, 3) {
        let mut chosen = Vec::new();
        while chosen.len() < 100 {
            let key = random.below(keys as usize) as u64;
            if rama_runtime::key::task_of(&key, 2).unwrap() == round as u32 % 2 {
                chosen.push(key);
            }
        }
        let append = running.client().lookups().append(chosen).into_future();
        let (nanos, bytes) = running.block_on(append).unwrap();
        assert_eq!(bytes, 100 * VALUE as u64);
        times.push(Duration::from_nanos(nanos));
    }
    let median = percentile(&mut times, 0.5);
    println!("| looked up in an event | | | | {:.1} | |", median.as_secs_f64() * 1e6);
    median
}

/// Ranges of one partition, of a hundred entries each.
fn ranges(running: &Running<Large>, keys: u64) -> Vec<Duration> {
    let mut random = Random::new(9);
    let kept = running.client().kept();
    running.block_on(async {
        let mut times = Vec::new();
        for round in 0..sized(READS / 100, 10) {
            let key = random.below(keys as usize / 2) as u64;
            let began = Instant::now();
            let found = kept
                .partition(round as u32 % 2)
                .range(key..)
                .limit(100)
                .items()
                .await
                .unwrap();
            times.push(began.elapsed());
            assert!(found.len() == 100 && found.is_sorted() && found[0].0 >= key);
        }
        times
    })
}

/// The same entries and reads on fjall alone, with its default cache. Returns the median of the reads.
fn fjall(within: &Path, keys: u64) -> Duration {
    let path = folder(within);
    let began = Instant::now();
    let open = || {
        let database = fjall::Database::builder(path.path()).open().unwrap();
        let kept = database
            .keyspace("kept", fjall::KeyspaceCreateOptions::default)
            .unwrap();
        (database, kept)
    };
    let (database, kept) = open();
    for key in 0..keys {
        kept.insert(key.to_be_bytes(), value(key)).unwrap();
    }
    database.persist(fjall::PersistMode::SyncAll).unwrap();
    row("fjall alone, filled", began.elapsed(), None, &mut []);
    drop((database, kept));
    let (database, kept) = open();
    let mut random = Random::new(7);
    let began = Instant::now();
    let one = |_| {
        let key = random.below(keys as usize) as u64;
        let began = Instant::now();
        let found = kept.get(key.to_be_bytes()).unwrap();
        let took = began.elapsed();
        assert_eq!(found.as_deref(), Some(value(key).as_slice()));
        took
    };
    let mut times: Vec<Duration> = (0..sized(READS, 100)).map(one).collect();
    row("fjall alone, read by point", began.elapsed(), None, &mut times);
    drop(database);
    percentile(&mut times, 0.5)
}
