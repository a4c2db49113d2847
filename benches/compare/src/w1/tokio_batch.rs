//! tokio: two tasks split lines, two tasks count, with batches of owned words between them.

use crate::contender::{Outcome, Run};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::tokio::two_tasks;
use crate::kit::{check, input};

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    let source = |me| {
        let lines = input::half(lines, me).iter();
        lines.flat_map(|line| line.split(' ')).map(str::to_owned)
    };
    let (counts, cost) = two_tasks(
        [source(0), source(1)],
        |word: &String| owner(fx(word.as_str())),
        |counts: &mut FxMap<String, u64>, word| *counts.entry(word).or_default() += 1,
    )?;
    check::words(counts.into_iter().flatten())?;
    Ok(Run::of(input::word_count(), cost))
}
