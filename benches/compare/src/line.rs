//! The line in which a child tells its parent what a run came to: `RESULT contender=limit items=.. secs=.. ..`.

use crate::contender::{Latency, Run};
use std::collections::HashMap;

/// What the parent knows of a run.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// Items per second.
    pub rate: f64,
    /// Seconds of processor time.
    pub cpu: f64,
    /// Resident bytes when the clock started.
    pub memory_before: f64,
    /// The most resident bytes while it ran.
    pub memory_peak: f64,
    /// How long calls took, where they are measured.
    pub latency: Option<Latency>,
}

const MARK: &str = "RESULT ";

/// The line of a run.
pub fn print(contender: &str, run: &Run) -> String {
    let Run { items, cost, latency } = run;
    let secs = cost.time.as_secs_f64();
    let latency = latency.map_or(String::new(), |Latency { p50, p99 }| {
        format!(" p50_us={p50:.3} p99_us={p99:.3}")
    });
    format!(
        "{MARK}contender={contender} items={items} secs={secs:.6} rate={:.0} cpu={:.2} rss_before={} rss_peak={}{latency}",
        *items as f64 / secs,
        cost.cpu,
        cost.memory_before,
        cost.memory_peak,
    )
}

/// The run in what a child has printed.
pub fn parse(output: &str) -> Option<Record> {
    let line = output.lines().find_map(|line| line.strip_prefix(MARK))?;
    let fields: HashMap<&str, &str> = line
        .split_whitespace()
        .filter_map(|field| field.split_once('='))
        .collect();
    let number = |name: &str| fields.get(name)?.parse::<f64>().ok();
    Some(Record {
        rate: number("rate")?,
        cpu: number("cpu")?,
        memory_before: number("rss_before")?,
        memory_peak: number("rss_peak")?,
        latency: number("p50_us").and_then(|p50| {
            Some(Latency {
                p50,
                p99: number("p99_us")?,
            })
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::clock::Cost;
    use std::time::Duration;

    #[test]
    fn what_a_child_prints_its_parent_reads() {
        let run = Run {
            items: 3_000,
            cost: Cost {
                time: Duration::from_millis(1500),
                cpu: 2.5,
                memory_before: 1 << 20,
                memory_peak: 1 << 30,
            },
            latency: Some(Latency { p50: 0.75, p99: 12.5 }),
        };
        let record = parse(&format!("an engine's own words\n{}\n", print("limit", &run))).unwrap();
        assert_eq!((record.rate, record.cpu), (2000.0, 2.5));
        assert_eq!(
            (record.memory_before, record.memory_peak),
            (f64::from(1 << 20), f64::from(1 << 30))
        );
        assert_eq!(
            record.latency.map(|latency| (latency.p50, latency.p99)),
            Some((0.75, 12.5))
        );
        assert!(parse("RESULT contender=limit rate=1").is_none());
    }
}
