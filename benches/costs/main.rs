//! What a record costs, step by step: instructions, allocations, time. One task thread, and a client that sends batches.
//!
//! ```text
//! cargo run --release -p rama-benches --bin costs                                  # time a record, of every shape
//! cargo run --release -p rama-benches --bin costs -- --callgrind                   # instructions (needs valgrind)
//! cargo run --release -p rama-benches --bin costs --features count-allocations     # allocations
//! cargo run --release -p rama-benches --bin costs -- --what exchange --records 1000000
//! ```
//!
//! Each shape runs with N and with 2 N records, in modules of their own; the difference, divided by N, is what a record costs,
//! without what it costs to start. It holds the client's part: the record, its append, its ack.
//!
//! The allocator is a choice of the application: this is linked with mimalloc, or with the system's allocator by
//! `--no-default-features`. To look into one shape: `valgrind --tool=callgrind target/release/costs --what hop --once`, or
//! `perf record` in front of the same.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod callgrind;
mod modules;
mod shapes;

use clap::{Parser, ValueEnum};
use rama_benches::allocator::{ALLOCATOR, allocated};
use shapes::Shape;
use std::process::ExitCode;
use std::time::Duration;

/// How often each run is timed.
const ROUNDS: usize = 3;

/// What a record costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these shapes; without any, all.
    #[arg(long, value_enum, value_name = "SHAPE")]
    what: Vec<Shape>,
    /// N: each shape runs with N records, and with 2 N.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    /// Counts instructions, by running this program under valgrind.
    #[arg(long)]
    callgrind: bool,
    /// Runs N records of one shape and prints nothing: to be looked at by other tools.
    #[arg(long)]
    once: bool,
}

fn main() -> ExitCode {
    let Arguments {
        mut what,
        records,
        callgrind,
        once,
    } = Arguments::parse();
    if what.is_empty() {
        what = Shape::value_variants().to_vec();
    }
    if once {
        let [shape] = what[..] else {
            eprintln!("costs: `--once` takes one shape: `--what SHAPE`");
            return ExitCode::from(2);
        };
        shape.run(records);
        return ExitCode::SUCCESS;
    }
    println!("A record, of {records} more, on one thread, with {ALLOCATOR}:\n");
    let counting = allocated().is_some();
    let columns = match (callgrind, counting) {
        (true, _) => "| instructions ",
        (false, true) => "| allocations | bytes ",
        (false, false) => "| ns ",
    };
    println!("| shape {columns}| |");
    println!("|---{}|---|", "|---:".repeat(columns.matches('|').count()));
    for shape in what {
        let costs = match (callgrind, counting) {
            (true, _) => instructions(shape, records),
            (false, true) => Ok(allocations(shape, records)),
            (false, false) => Ok(nanoseconds(shape, records)),
        };
        match costs {
            Ok(costs) => println!("| {} | {costs} | {} |", shape.name(), shape.what()),
            Err(error) => {
                eprintln!("costs: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Of each record beyond the first `records`.
fn each(records: u64, first: u64, twice: u64) -> f64 {
    (twice as f64 - first as f64) / records as f64
}

fn instructions(shape: Shape, records: u64) -> Result<String, callgrind::Failure> {
    let count = |records| callgrind::instructions(shape.name(), records);
    Ok(format!("{:.0}", each(records, count(records)?, count(2 * records)?)))
}

fn allocations(shape: Shape, records: u64) -> String {
    let count = |records| {
        let before = allocated().unwrap_or_default();
        shape.run(records);
        let after = allocated().unwrap_or_default();
        (after.times - before.times, after.bytes - before.bytes)
    };
    let (first, twice) = (count(records), count(2 * records));
    let (times, bytes) = (each(records, first.0, twice.0), each(records, first.1, twice.1));
    format!("{times:.2} | {bytes:.0}")
}

/// By the clock, so it is as good as the machine is quiet: of each, the shortest time.
fn nanoseconds(shape: Shape, records: u64) -> String {
    let records = if shape.one_by_one() {
        records.div_ceil(10)
    } else {
        records
    };
    let (mut first, mut twice) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        first = first.min(shape.run(records));
        twice = twice.min(shape.run(2 * records));
    }
    let nanos = |time: Duration| time.as_nanos() as u64;
    format!("{:.0}", each(records, nanos(first), nanos(twice)))
}
