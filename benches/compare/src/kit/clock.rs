//! What a run costs: time, processor time and memory, between two moments.

use std::time::{Duration, Instant};

/// The unit of processor times in `/proc`: Linux shows them in hundredths of a second, on every architecture.
const TICKS_A_SECOND: f64 = 100.0;

/// A run that has begun.
pub struct Clock {
    began: Instant,
    cpu: f64,
    memory: u64,
}

/// What a run has cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// How long it took.
    pub time: Duration,
    /// Seconds of processor time, of all threads together.
    pub cpu: f64,
    /// Resident bytes when it began: the input, mostly.
    pub memory_before: u64,
    /// The most bytes that were resident while it ran.
    pub memory_peak: u64,
}

impl Clock {
    /// Begins a run, now.
    pub fn start() -> Clock {
        // Where the system refuses, the peak is that of the process, input included: too high, never too low.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let memory = memory("VmRSS:");
        Clock {
            cpu: own_cpu(),
            memory,
            began: Instant::now(),
        }
    }

    /// Ends it, now.
    pub fn stop(self) -> Cost {
        let time = self.began.elapsed();
        Cost {
            time,
            cpu: own_cpu() - self.cpu,
            memory_before: self.memory,
            memory_peak: memory("VmHWM:"),
        }
    }
}

/// A line of `/proc/self/status`, in bytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Seconds of processor time of this process so far.
fn own_cpu() -> f64 {
    stat_fields(13..15)
}

/// Seconds of processor time of this process and of its children that have ended.
pub fn family_cpu() -> f64 {
    stat_fields(13..17)
}

/// The sum of fields of `/proc/self/stat`, counted from 0.
fn stat_fields(fields: std::ops::Range<usize>) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Field 1 is the program's name in parentheses, and may hold anything.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(fields.start - 2).take(fields.len());
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS_A_SECOND
}

/// Seconds of processor time that all processes of the machine have used so far, and others of what it runs on.
pub fn machine_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system, irq, softirq, steal; not idle and iowait.
    let busy = [0, 1, 2, 5, 6, 7];
    busy.iter().filter_map(|&field| fields.get(field)).sum::<f64>() / TICKS_A_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_costs_what_it_uses() {
        let clock = Clock::start();
        let bytes = vec![1_u8; 64 << 20];
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(200) {
            std::hint::spin_loop();
        }
        drop(std::hint::black_box(bytes));
        let cost = clock.stop();
        assert!(cost.time >= Duration::from_millis(200));
        assert!(cost.cpu > 0.0);
        assert!(cost.memory_peak >= cost.memory_before + (60 << 20), "{cost:?}");
        assert!(machine_cpu() > family_cpu());
    }
}
