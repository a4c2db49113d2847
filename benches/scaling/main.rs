//! What happens as there is more of something: tasks, threads, records in flight, keys, bytes a record, hops, topologies,
//! records. One series each: throughput, and memory, as a table and a picture.
//!
//! ```text
//! cargo bench -p rama-benches --bench scaling -- [--out DIR] [--long] [SERIES..]
//! ```
//!
//! Writes `scaling.md` and a picture a series into `benches/results/`, or `DIR`. All of it takes a few minutes. With
//! `--no-default-features` it measures the system's allocator instead of mimalloc: that is a choice of the application, and it
//! decides much of what memory looks like.
//!
//! Each point is a process of its own, so that its memory is nothing but its own: this program, called again with `--point`. It
//! makes the input, forgets the peak so far (Linux can), runs, checks that everything was processed, and prints what it
//! measured. Three rounds over all points of a series, so that a slow minute of the machine hits all of them; then medians.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod load;
mod modules;
mod plot;
mod point;
mod report;
mod series;

use clap::Parser;
use point::Measured;
use rama_benches::harness::is_test;
use series::Series;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// How often each point runs.
const ROUNDS: usize = 3;

/// Throughput and memory as there is more of something.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these series; without any, all.
    series: Vec<String>,
    /// Where to write the pictures, and `scaling.md` with the tables of the series that ran.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Adds a point of 100 million records, which takes a minute or more.
    #[arg(long)]
    long: bool,
    /// One tiny point a series, written nowhere.
    #[arg(long)]
    test: bool,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
    /// Runs that point of the one series, in this process.
    #[arg(long, hide = true)]
    point: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut all = series::all(arguments.long, arguments.test || is_test());
    if let Some(unknown) = arguments
        .series
        .iter()
        .find(|name| all.iter().all(|series| series.name != name.as_str()))
    {
        eprintln!("scaling: there is no series `{unknown}`; the series are:");
        for series in &all {
            eprintln!("{:12} {}", series.name, series.title);
        }
        return ExitCode::from(2);
    }
    all.retain(|series| arguments.series.is_empty() || arguments.series.iter().any(|name| name == series.name));
    if let Some(point) = arguments.point {
        print!("{}", all[0].points[point].load.run());
        return ExitCode::SUCCESS;
    }
    let testing = arguments.test || is_test();
    let measured: Vec<Vec<Measured>> = all
        .iter()
        .map(|series| measure(series, testing, arguments.long))
        .collect();
    if testing {
        println!("one point of each of {} series ran", all.len());
        return ExitCode::SUCCESS;
    }
    let out = arguments
        .out
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("results"));
    std::fs::create_dir_all(&out).unwrap();
    for (series, measured) in all.iter().zip(&measured) {
        plot::draw(&out.join(format!("{}.svg", series.name)), series, measured).unwrap();
    }
    let text = report::markdown(&all, &measured);
    std::fs::write(out.join("scaling.md"), &text).unwrap();
    println!("{text}");
    ExitCode::SUCCESS
}

/// The medians of all points of a series.
fn measure(series: &Series, testing: bool, long: bool) -> Vec<Measured> {
    let mut runs: Vec<Vec<Measured>> = vec![Vec::new(); series.points.len()];
    for round in 0..if testing { 1 } else { ROUNDS } {
        for (index, runs) in runs.iter_mut().enumerate() {
            let point = &series.points[index];
            let measured = child(series, index, testing, long);
            if !testing {
                let (line, x) = (&point.line, &point.label);
                eprintln!(
                    "{} {line} {x}, round {}: {:.0}/s",
                    series.name,
                    round + 1,
                    measured.rate
                );
            }
            runs.push(measured);
        }
    }
    runs.iter().map(|runs| Measured::median(runs)).collect()
}

/// One run of one point, in a process of its own.
fn child(series: &Series, point: usize, testing: bool, long: bool) -> Measured {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([series.name, "--point", &point.to_string()]);
    command.args([if testing { "--test" } else { "--bench" }]);
    if long {
        command.arg("--long");
    }
    let output = command.output().unwrap();
    let name = format!("point {point} of `{}`", series.name);
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.parse().unwrap_or_else(|()| panic!("{name} said {text:?}"))
}
