//! rama beside hand-written code and other engines, on the same workloads, in the same run. See README.md.

mod contender;
mod fanout;
mod kit;
mod line;
mod report;
mod run;
mod w1;
mod w2;
mod w3;

use clap::{Parser, ValueEnum};
use contender::{OURS, WORKLOADS, Workload};
use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares rama with hand-written code and other engines.
#[derive(Debug, Parser)]
#[command(name = "rama-compare")]
struct Arguments {
    /// The workloads: W1, W2, W3, FANOUT; all of them if none is named.
    #[arg(value_name = "WORKLOAD", value_parser = workload)]
    workloads: Vec<&'static str>,
    /// How often each contender runs; the tables show medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Fails unless the program is built with this allocator (for the system's: `cargo run --no-default-features ..`).
    #[arg(long)]
    allocator: Option<Allocator>,
    /// Only these contenders, the bases of the workload, and rama.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Runs this contender here, once, and prints a line: what the program starts itself for.
    #[arg(long, value_name = "NAME", hide = true)]
    contender: Option<String>,
}

/// Whose `malloc` every contender has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Allocator {
    Mimalloc,
    Glibc,
}

impl Allocator {
    /// The one that this program is built with.
    const BUILT: Allocator = if cfg!(feature = "mimalloc") {
        Allocator::Mimalloc
    } else {
        Allocator::Glibc
    };

    fn name(self) -> &'static str {
        match self {
            Allocator::Mimalloc => "mimalloc",
            Allocator::Glibc => "glibc",
        }
    }
}

fn workload(name: &str) -> Result<&'static str, String> {
    let names = || WORKLOADS.map(|workload| workload.name).join(", ");
    let workload = Workload::named(name).ok_or_else(|| format!("the workloads are {}", names()))?;
    Ok(workload.name)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.contender {
        Some(name) => contend(&arguments, name),
        None => compare(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("rama-compare: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The child: one contender, once.
fn contend(arguments: &Arguments, name: &str) -> Result<(), String> {
    let contender = arguments
        .workloads
        .first()
        .and_then(|workload| Workload::named(workload)?.contender(name));
    let contender = contender.ok_or_else(|| format!("there is no contender `{name}`"))?;
    let run = (contender.run)().map_err(|failure| failure.to_string())?;
    println!("{}", line::print(name, &run));
    Ok(())
}

/// The parent: all contenders of all chosen workloads, in rounds.
fn compare(arguments: &Arguments) -> Result<(), String> {
    if let Some(wanted) = arguments.allocator
        && wanted != Allocator::BUILT
    {
        return Err(format!(
            "this program is built with the allocator {}; mimalloc is cargo's default feature, and \
             `--no-default-features` gives that of the system",
            Allocator::BUILT.name()
        ));
    }
    let chosen: Vec<&'static Workload> = WORKLOADS
        .iter()
        .filter(|workload| arguments.workloads.is_empty() || arguments.workloads.contains(&workload.name))
        .collect();
    for name in &arguments.only {
        if chosen.iter().all(|workload| workload.contender(name).is_none()) {
            return Err(format!("there is no contender `{name}` in these workloads"));
        }
    }
    print!("{}", report::heading(Allocator::BUILT.name(), arguments.rounds));
    let mut ratios = String::new();
    for workload in chosen {
        let wanted = |name: &str| {
            let only = &arguments.only;
            only.is_empty() || name == OURS || only.iter().any(|only| only == name)
        };
        let rows = run::rounds(workload, arguments.rounds, wanted)?;
        print!("{}", report::table(workload, &rows));
        ratios += &report::ratio(workload, &rows);
    }
    print!("\n{ratios}");
    Ok(())
}
