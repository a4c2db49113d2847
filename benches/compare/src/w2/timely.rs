//! timely: numbers from a source, exchanged and counted.

use crate::contender::{Outcome, Run};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::timely::{chunked, two_workers};
use crate::kit::{check, input};

/// Numbers that the source emits at a time. 16,384 made it up to a fifth faster, where it was tried.
const TURN: usize = 1024;

pub(super) fn run() -> Outcome {
    let numbers = input::leak(input::numbers());
    let (counts, cost) = two_workers(
        |scope, me| chunked(scope, input::half(numbers, me), TURN),
        |number: &u64| owner(fx(number)) as u64,
        |counts: &mut FxMap<u64, u64>, number| *counts.entry(number).or_default() += 1,
    )?;
    check::numbers(counts.into_iter().flatten())?;
    Ok(Run::of(input::number_count(), cost))
}
