//! What durability costs: acks and throughput of a durable module, beside the bare disk, a hand-written log with the same group
//! commit, and fjall alone; and a word count on a folder beside the same in memory.
//!
//! ```text
//! cargo bench -p rama-benches --bench durable -- [--rounds N] [--folder DIR] [acks] [throughput] [words] [memory]
//! ```
//!
//! All candidates of a table run one after the other, `N` times over (5, unless said otherwise), so that a slow minute of the
//! machine hits all of them; figures are medians over the rounds. The folder decides which disk is measured: by default one
//! is made in the current directory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod by_hand;
mod larger;
mod module;
mod words;

use by_hand::{FjallLog, HandLog, bare_syncs};
use clap::Parser;
use module::Ours;
use rama_benches::harness::{is_test, sized};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What durability costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these tables; without any, all: `acks`, `throughput`, `words`, `memory`.
    tables: Vec<String>,
    /// How often each candidate runs.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where to write.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// Everything once, small.
    #[arg(long)]
    test: bool,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Appends records of 100 bytes, and waits for their acks.
pub(crate) trait Candidate {
    /// Its name in the tables.
    const NAME: &'static str;

    /// A new one, in that folder.
    fn start(folder: &Path) -> Self;

    /// Appends `records` records, of which `in_flight` are under way at any time. Returns how long each took, in the order in
    /// which they ended.
    fn append(&self, records: usize, in_flight: usize) -> Vec<Duration>;

    /// Appends one record every `pause`, `records` times, and returns how long each took.
    fn append_at_rate(&self, records: usize, pause: Duration) -> Vec<Duration>;
}

/// The size of a record, in bytes.
pub(crate) const RECORD: usize = 100;

fn main() {
    let arguments = Arguments::parse();
    let rounds = if arguments.test || is_test() {
        1
    } else {
        arguments.rounds
    };
    let wanted = |table: &str| arguments.tables.is_empty() || arguments.tables.iter().any(|name| name == table);
    if wanted("acks") {
        acks(&arguments.folder, rounds);
    }
    if wanted("throughput") {
        throughput(&arguments.folder, rounds);
    }
    if wanted("words") {
        words::run(&arguments.folder, rounds);
    }
    if wanted("memory") {
        larger::run(&arguments.folder);
    }
}

fn folder(within: &Path) -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("rama-durable-")
        .tempdir_in(within)
        .unwrap()
}

/// The part below which `share` of the times are.
fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[values.len() / 2]
}

fn micros(time: Duration) -> String {
    format!("{:.0}", time.as_secs_f64() * 1e6)
}

/// Latencies at one record in flight, and at half of what 100 in flight take.
fn acks(within: &Path, rounds: usize) {
    let records = sized(1000, 10);
    println!("\nOne record of {RECORD} bytes in flight, and one every so often (half load), in us\n");
    println!("| | p50 | p99 | half load, p50 | p99 |");
    println!("|---|---|---|---|---|");
    let mut rows: Vec<(&str, Vec<[Duration; 4]>)> = Vec::new();
    let mut add = |name: &'static str, times: [Duration; 4]| match rows.iter_mut().find(|row| row.0 == name) {
        Some(row) => row.1.push(times),
        None => rows.push((name, vec![times])),
    };
    for _ in 0..rounds {
        let path = folder(within);
        let mut bare = bare_syncs(path.path(), records);
        let (p50, p99) = (percentile(&mut bare, 0.5), percentile(&mut bare, 0.99));
        add("bare write and sync", [p50, p99, Duration::ZERO, Duration::ZERO]);
        add(HandLog::NAME, latencies::<HandLog>(within, records));
        add(FjallLog::NAME, latencies::<FjallLog>(within, records));
        add(Ours::NAME, latencies::<Ours>(within, records));
    }
    let mut bare = Duration::ZERO;
    for (name, mut times) in rows {
        let mut column = |index: usize| {
            let mut column: Vec<Duration> = times.iter_mut().map(|row| row[index]).collect();
            median(&mut column)
        };
        let [a, b, c, d] = [column(0), column(1), column(2), column(3)];
        println!(
            "| {name} | {} | {} | {} | {} |",
            micros(a),
            micros(b),
            micros(c),
            micros(d)
        );
        if bare.is_zero() {
            bare = a;
        } else if name == Ours::NAME {
            println!(
                "\nRATIO ack p50 over a bare sync: {:.2}",
                a.as_secs_f64() / bare.as_secs_f64()
            );
        }
    }
}

fn latencies<C: Candidate>(within: &Path, records: usize) -> [Duration; 4] {
    let path = folder(within);
    let candidate = C::start(path.path());
    candidate.append(records / 10, 1);
    let mut alone = candidate.append(records, 1);
    let began = Instant::now();
    let many = records * 10;
    candidate.append(many, 100);
    let pause = began.elapsed() / many as u32 * 2;
    let mut half = candidate.append_at_rate(records * 2, pause);
    [
        percentile(&mut alone, 0.5),
        percentile(&mut alone, 0.99),
        percentile(&mut half, 0.5),
        percentile(&mut half, 0.99),
    ]
}

/// Records a second, by how many are in flight.
fn throughput(within: &Path, rounds: usize) {
    println!("\nRecords of {RECORD} bytes a second, acknowledged when durable\n");
    println!(
        "| in flight | {} | {} | {} |",
        HandLog::NAME,
        FjallLog::NAME,
        Ours::NAME
    );
    println!("|---|---|---|---|");
    for (in_flight, records) in [(1, 1000), (100, 50_000), (10_000, 500_000)] {
        let records = sized(records, in_flight.min(200) * 2);
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..rounds {
            columns[0].push(a_second::<HandLog>(within, records, in_flight));
            columns[1].push(a_second::<FjallLog>(within, records, in_flight));
            columns[2].push(a_second::<Ours>(within, records, in_flight));
        }
        let [hand, fjall, ours] = columns.map(|mut column| median(&mut column));
        println!("| {in_flight} | {hand:.0} | {fjall:.0} | {ours:.0} |");
    }
}

fn a_second<C: Candidate>(within: &Path, records: usize, in_flight: usize) -> f64 {
    let path = folder(within);
    let candidate = C::start(path.path());
    candidate.append(records / 10, in_flight);
    let began = Instant::now();
    candidate.append(records, in_flight);
    records as f64 / began.elapsed().as_secs_f64()
}
