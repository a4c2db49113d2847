//! The memory of this process, as Linux tells; elsewhere nothing is known.

/// Forgets the peak so far. Where that is not allowed, the peak is that since the process began.
pub fn forget_peak() {
    // 5: the peak becomes what is resident now.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What is resident now, in bytes.
#[must_use]
pub fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// The most that was resident since the peak was forgotten, in bytes.
#[must_use]
pub fn peak() -> Option<u64> {
    status("VmHWM:")
}

/// A line of the form `VmRSS:     1234 kB`.
fn status(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
