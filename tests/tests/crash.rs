//! The crash test, briefly: `src/bin/crash.rs` runs it for as long as one likes.
#![allow(missing_docs, clippy::unwrap_used)]

use std::process::Command;

#[test]
fn nothing_acknowledged_is_lost_nor_done_twice_when_a_real_process_is_killed() {
    let output = Command::new(env!("CARGO_BIN_EXE_crash"))
        .args(["--kills", "8", "--seed", "11"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
