//! The tables.

use crate::point::Measured;
use crate::series::Series;
use rama_benches::allocator::ALLOCATOR;
use std::fmt::Write as _;

/// All series as one Markdown page, beside the pictures.
pub(crate) fn markdown(all: &[Series], measured: &[Vec<Measured>]) -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "# What happens as there is more of something\n\n\
         Made by `cargo bench -p rama-benches --bench scaling`, on {processors} processors, with {ALLOCATOR}. Medians of {} \
         runs, each in a process of its own. Unless a series says otherwise: 64 tasks on 2 threads, 16 k records in flight, \
         acks on for every append of 1,000. Memory is what is resident: *before*, with the input made and the module \
         launched; *most*, from then on; *after*, when all is processed.\n",
        crate::ROUNDS
    );
    for (series, measured) in all.iter().zip(measured) {
        let lines = series.points.iter().any(|point| !point.line.is_empty());
        let (name, title, x) = (series.name, series.title, series.x);
        let (head, rule) = if lines { ("| |", "|---|") } else { ("|", "|") };
        let _ = write!(
            text,
            "\n## {name}\n\n{title}.\n\n![{name}]({name}.svg)\n\n\
             {head} {x} | records/s | ns a record | MB before | MB most | MB after |\n\
             {rule}---:|---:|---:|---:|---:|---:|\n"
        );
        for (point, measured) in series.points.iter().zip(measured) {
            let line = if lines {
                format!("| {} ", point.line)
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "{line}| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} |",
                point.label,
                rate(measured.rate),
                1e9 / measured.rate,
                megabytes(measured.before),
                megabytes(measured.peak),
                megabytes(measured.after),
            );
        }
    }
    text
}

/// A rate with three digits.
fn rate(rate: f64) -> String {
    match rate {
        _ if rate >= 1e6 => format!("{:.2} M", rate / 1e6),
        _ if rate >= 1e5 => format!("{:.0} k", rate / 1e3),
        _ if rate >= 1e3 => format!("{:.1} k", rate / 1e3),
        _ => format!("{rate:.0}"),
    }
}

/// Bytes as megabytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
