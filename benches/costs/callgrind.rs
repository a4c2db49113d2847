//! This program again, under valgrind.

use std::io;
use std::process::Command;

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot run valgrind: {0}")]
    Start(io::Error),
    #[error("valgrind failed:\n{0}")]
    Run(String),
    #[error("valgrind did not say how many instructions it collected:\n{0}")]
    Silent(String),
}

/// How many instructions a run of so many records takes, start and end included.
pub(crate) fn instructions(shape: &str, records: u64) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        // A turn of one thread is a turn of one thread, and not cut short by the other's.
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--fair-sched=yes"])
        .arg(std::env::current_exe().map_err(Failure::Start)?)
        .args(["--once", "--what", shape, "--records", &records.to_string()])
        .output()
        .map_err(Failure::Start)?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(Failure::Run(text.into_owned()));
    }
    collected(&text).ok_or_else(|| Failure::Silent(text.into_owned()))
}

/// The number in `==123== Collected : 4567`.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.split_once("Collected :"))?.1;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_number_of_instructions_is_found() {
        let text = "==7== Events    : Ir\n==7== Collected : 187245021\n==7== \n==7== I   refs:      187,245,021\n";
        assert_eq!(collected(text), Some(187_245_021));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
