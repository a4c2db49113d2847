//! What the comparison prints: a heading, a Markdown table a workload, and the ratios.

use crate::contender::{Latency, Metric, OURS, Workload};
use crate::kit::input;
use crate::line::Record;
use crate::run::{DISTURBED, Row};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// When, where and how the comparison runs.
pub fn heading(allocator: &str, rounds: u32) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sizes: String = input::SIZES
        .iter()
        .filter_map(|name| Some(format!("{name}={} ", std::env::var(name).ok()?)))
        .collect();
    let features = if allocator == "mimalloc" {
        ""
    } else {
        "--no-default-features "
    };
    format!(
        "# rama beside hand-written code and other engines\n\n\
         - date: {} (UTC)\n- processor: {}, {cores} cores\n- allocator: {allocator}\n\
         - command: `{sizes}cargo run --release {features}--manifest-path benches/compare/Cargo.toml -- {}`\n\
         - medians of {rounds} interleaved rounds; every result is checked\n",
        today(),
        processor(),
        arguments.join(" "),
    )
}

/// The table of one workload.
pub fn table(workload: &Workload, rows: &[Row]) -> String {
    let mut text = format!("\n## {}: {}\n\n", workload.name, workload.title);
    let unit = workload.unit;
    text += &match workload.metric {
        Metric::Rate => format!(
            "| contender | M {unit}/s | lowest..highest | ratio to the base | base | CPU, s | peak memory, MB | above its start, MB |\n\
             |---|--:|--:|--:|---|--:|--:|--:|\n"
        ),
        Metric::Latency => "| contender | p50, us | lowest..highest | p99, us | lowest..highest | p50 of the base / p50 | base | peak memory, MB | above its start, MB |\n\
             |---|--:|--:|--:|--:|--:|---|--:|--:|\n"
            .to_owned(),
    };
    for row in rows {
        let ratio = against_base(workload, row, rows).map_or("?".to_owned(), |ratio| format!("{ratio:.2}"));
        let (name, base) = (row.contender.name, row.contender.base);
        let (speed, base) = match workload.metric {
            Metric::Rate => (
                spread(row, |record| record.rate / 1e6),
                format!("{base} | {:.2}", median(row, |r| r.cpu)),
            ),
            Metric::Latency => (
                format!("{} | {}", spread(row, |r| p(r).p50), spread(row, |r| p(r).p99)),
                base.to_owned(),
            ),
        };
        let peak = median(row, |record| record.memory_peak) / 1e6;
        let above = median(row, |record| (record.memory_peak - record.memory_before).max(0.0)) / 1e6;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {name} | {speed} | {ratio} | {base} | {peak:.0} | {above:.0} |");
    }
    text += &disturbances(rows);
    text
}

/// Whose runs were disturbed in spite of all repeats, and by how much.
fn disturbances(rows: &[Row]) -> String {
    let disturbed: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let worst = row.runs.iter().map(|run| run.others).fold(0.0, f64::max);
            (worst > DISTURBED).then(|| format!("`{}` {worst:.2}", row.contender.name))
        })
        .collect();
    if disturbed.is_empty() {
        return String::new();
    }
    let disturbed = disturbed.join(", ");
    format!("\nDisturbed: other processes used more than {DISTURBED} cores during a run; at most: {disturbed}.\n")
}

/// Ours over the base, in one line; for latencies those of ours, too.
pub fn ratio(workload: &Workload, rows: &[Row]) -> String {
    let name = workload.name;
    let Some(ours) = rows.iter().find(|row| row.contender.name == OURS) else {
        return String::new();
    };
    let Some(ratio) = against_base(workload, ours, rows) else {
        return String::new();
    };
    let latency = match workload.metric {
        Metric::Rate => String::new(),
        Metric::Latency => format!(
            "P50 {name} {:.2}us\nP99 {name} {:.2}us\n",
            median(ours, |record| p(record).p50),
            median(ours, |record| p(record).p99)
        ),
    };
    format!("{latency}RATIO {name} {ratio:.3}\n")
}

/// How many times as fast as its base a contender is.
fn against_base(workload: &Workload, row: &Row, rows: &[Row]) -> Option<f64> {
    let base = rows.iter().find(|base| base.contender.name == row.contender.base)?;
    Some(match workload.metric {
        Metric::Rate => median(row, |record| record.rate) / median(base, |record| record.rate),
        Metric::Latency => median(base, |record| p(record).p50) / median(row, |record| p(record).p50),
    })
}

fn p(record: &Record) -> Latency {
    record.latency.unwrap_or(Latency {
        p50: f64::NAN,
        p99: f64::NAN,
    })
}

fn sorted(row: &Row, value: impl Fn(&Record) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = row.runs.iter().map(|run| value(&run.record)).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(row: &Row, value: impl Fn(&Record) -> f64) -> f64 {
    let values = sorted(row, value);
    match values.len() {
        0 => f64::NAN,
        len => (values[(len - 1) / 2] + values[len / 2]) / 2.0,
    }
}

/// `median | lowest..highest`
fn spread(row: &Row, value: impl Fn(&Record) -> f64 + Copy) -> String {
    let values = sorted(row, value);
    let (lowest, highest) = (values.first().unwrap_or(&f64::NAN), values.last().unwrap_or(&f64::NAN));
    format!("{:.2} | {lowest:.2}..{highest:.2}", median(row, value))
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or("unknown".to_owned(), |(_, model)| model.trim().to_owned())
}

/// The date, as 2026-11-25.
fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let (mut year, mut day) = (1970, seconds / 86_400);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::WORKLOADS;
    use crate::run::Measured;

    fn row(workload: &Workload, name: &str, rates: &[f64]) -> Row {
        let run = |&rate: &f64| Measured {
            record: Record {
                rate,
                cpu: 1.0,
                memory_before: 0.0,
                memory_peak: 0.0,
                latency: Some(Latency { p50: rate, p99: rate }),
            },
            others: 0.0,
        };
        // A test may name only contenders that there are.
        let contender = workload
            .contenders
            .iter()
            .find(|contender| contender.name == name)
            .unwrap();
        Row {
            contender,
            runs: rates.iter().map(run).collect(),
        }
    }

    #[test]
    fn ratios_are_those_of_medians_and_more_is_better() {
        let [w1, _, w3, _] = &WORKLOADS;
        let rows = [
            row(w1, "limit", &[4.0, 100.0, 3.0]),
            row(w1, OURS, &[1.0, 3.0, 2.0, 0.0]),
        ];
        assert_eq!(ratio(w1, &rows), "RATIO W1 0.375\n");
        let rows = [row(w3, "limit-cb-spin", &[1.0]), row(w3, OURS, &[4.0])];
        assert_eq!(ratio(w3, &rows), "P50 W3 4.00us\nP99 W3 4.00us\nRATIO W3 0.250\n");
    }

    #[test]
    fn every_contender_has_a_name_of_its_own_and_a_base_and_every_workload_has_ours() {
        for workload in &WORKLOADS {
            assert!(workload.contender(OURS).is_some(), "{}", workload.name);
            for (at, contender) in workload.contenders.iter().enumerate() {
                assert!(
                    workload.contender(contender.base).is_some(),
                    "the base of {}",
                    contender.name
                );
                let first = workload
                    .contenders
                    .iter()
                    .position(|other| other.name == contender.name);
                assert_eq!(first, Some(at), "{}", contender.name);
            }
        }
    }
}
