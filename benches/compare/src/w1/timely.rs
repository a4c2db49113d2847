//! timely: lines from a source, split by `flat_map`, exchanged and counted.

use super::LINES_A_TURN;
use crate::contender::{Outcome, Run};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::timely::{chunked, two_workers};
use crate::kit::{check, input};
use timely::dataflow::operators::vec::Map;

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    // What flows through timely is owned or lives for ever.
    let lines: &'static [&'static str] = input::leak(lines.iter().map(String::as_str));
    let (counts, cost) = two_workers(
        |scope, me| {
            chunked(scope, input::half(lines, me), LINES_A_TURN).flat_map(|line| line.split(' ').map(str::to_owned))
        },
        |word: &String| owner(fx(word.as_str())) as u64,
        |counts: &mut FxMap<String, u64>, word| *counts.entry(word).or_default() += 1,
    )?;
    check::words(counts.into_iter().flatten())?;
    Ok(Run::of(input::word_count(), cost))
}
