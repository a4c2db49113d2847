//! Drives a durable module on a simulated disk through crashes and faults, from seeds, and holds it to what must be true.
//!
//! ```sh
//! cargo run --release -p tests --bin simulate -- --seeds 20000
//! ```
//!
//! A failure names its seed: `--first SEED --seeds 1` runs it again, exactly.

use clap::{Parser, ValueEnum};
use rama_runtime::testing::Sabotage;
use rayon::prelude::*;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tests::chaos::{Plan, Report, simulate};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How often the process dies in each.
    #[arg(long, default_value_t = 4)]
    lives: u32,
    /// What is broken on purpose: then a failure is what is hoped for.
    #[arg(long, value_enum, default_value_t = Broken::Nothing)]
    broken: Broken,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Broken {
    Nothing,
    /// Acks leave before their epoch is durable.
    NoSync,
    /// The sources' positions are written an epoch later than what their records did.
    PositionsApart,
    /// Hops have their effects before the epoch in which they were sent.
    HopsBeforeTheirEpoch,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let sabotage = match arguments.broken {
        Broken::Nothing => Sabotage::None,
        Broken::NoSync => Sabotage::NoSync,
        Broken::PositionsApart => Sabotage::PositionsApart,
        Broken::HopsBeforeTheirEpoch => Sabotage::HopsBeforeTheirEpoch,
    };
    let failed = AtomicBool::new(false);
    let tried = AtomicU64::new(0);
    let seeds = arguments.first..arguments.first + arguments.seeds;
    let total = seeds
        .into_par_iter()
        .map(|seed| {
            if failed.load(Ordering::Relaxed) {
                return Report::default();
            }
            tried.fetch_add(1, Ordering::Relaxed);
            let plan = Plan {
                seed,
                lives: arguments.lives,
                sabotage,
            };
            let result = std::panic::catch_unwind(|| simulate(plan));
            let error = match result {
                Ok(Ok(report)) => return report,
                Ok(Err(error)) => error,
                Err(_) => "a panic".to_owned(),
            };
            failed.store(true, Ordering::Relaxed);
            println!("FAILED seed {seed}: {error}");
            Report::default()
        })
        .reduce(Report::default, |a, b| Report {
            records: a.records + b.records,
            acked: a.acked + b.acked,
            unfinished: a.unfinished + b.unfinished,
            power_cuts: a.power_cuts + b.power_cuts,
            kills: a.kills + b.kills,
            faults: a.faults + b.faults,
        });
    println!(
        "{} seeds: {} records, {} of them acknowledged; {} power cuts, {} kills, {} openings that failed; {} flights went on where they were",
        tried.into_inner(),
        total.records,
        total.acked,
        total.power_cuts,
        total.kills,
        total.faults,
        total.unfinished
    );
    if failed.into_inner() != (sabotage != Sabotage::None) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
