//! The rounds: every contender once a round, each in a process of its own, one after the other.

use crate::contender::{Contender, Workload};
use crate::kit::clock::{family_cpu, machine_cpu};
use crate::line::{self, Record};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A run counts as disturbed when other processes used more than this, in processors.
pub const DISTURBED: f64 = 0.12;
/// How often a disturbed run is repeated; the least disturbed counts.
const REPEATS: usize = 3;
/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// A run, and how much it was disturbed.
pub struct Measured {
    /// What it came to.
    pub record: Record,
    /// What other processes used meanwhile, in processors.
    pub others: f64,
}

/// A contender, with one run a round.
pub struct Row {
    /// Who.
    pub contender: &'static Contender,
    /// Its runs.
    pub runs: Vec<Measured>,
}

/// Runs the bases and the contenders that are `wanted`, in rounds, so that all of them see the same machine.
///
/// # Errors
/// When a contender fails: the whole comparison is worth nothing then.
pub fn rounds(workload: &'static Workload, rounds: u32, wanted: impl Fn(&str) -> bool) -> Result<Vec<Row>, String> {
    let needed = |name: &str| {
        wanted(name)
            || workload
                .contenders
                .iter()
                .any(|one| wanted(one.name) && one.base == name)
    };
    let mut rows: Vec<Row> = workload
        .contenders
        .iter()
        .filter(|contender| needed(contender.name))
        .map(|contender| Row {
            contender,
            runs: Vec::new(),
        })
        .collect();
    for round in 1..=rounds {
        for row in &mut rows {
            let name = row.contender.name;
            let measured = undisturbed(workload.name, name)?;
            eprintln!("{} round {round} of {rounds}: {name}", workload.name);
            row.runs.push(measured);
        }
    }
    Ok(rows)
}

/// Runs a contender until it is not disturbed, or often enough.
fn undisturbed(workload: &str, contender: &str) -> Result<Measured, String> {
    let mut best = once(workload, contender)?;
    for _ in 0..REPEATS {
        if best.others <= DISTURBED {
            break;
        }
        let again = once(workload, contender)?;
        if again.others < best.others {
            best = again;
        }
    }
    Ok(best)
}

fn once(workload: &str, contender: &str) -> Result<Measured, String> {
    let failed = |what: String| format!("{workload}: `{contender}` {what}");
    let (machine, family, began) = (machine_cpu(), family_cpu(), Instant::now());
    let output = child(workload, contender).map_err(failed)?;
    let time = began.elapsed().as_secs_f64();
    let others = (machine_cpu() - machine) - (family_cpu() - family);
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !output.status.success() {
        return Err(failed(format!("failed ({}): {}", output.status, errors.trim())));
    }
    let record = line::parse(&out).ok_or_else(|| failed(format!("printed no result: {}", out.trim())))?;
    Ok(Measured {
        record,
        others: (others / time).max(0.0),
    })
}

/// This program again, as that contender.
fn child(workload: &str, contender: &str) -> Result<Output, String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot be started: {error}"))?;
    let mut child = Command::new(program)
        .args(["--contender", contender, workload])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let began = Instant::now();
    // It prints less than a pipe holds, so it need not be read before it ends.
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("did not end within {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().map_err(|error| format!("was lost: {error}"))
}
