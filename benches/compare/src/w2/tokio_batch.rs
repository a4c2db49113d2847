//! tokio: two tasks read numbers, two tasks count, with batches between them.

use crate::contender::{Outcome, Run};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::tokio::two_tasks;
use crate::kit::{check, input};

pub(super) fn run() -> Outcome {
    let numbers = input::leak(input::numbers());
    let source = |me| input::half(numbers, me).iter().copied();
    let (counts, cost) = two_tasks(
        [source(0), source(1)],
        |number: &u64| owner(fx(number)),
        |counts: &mut FxMap<u64, u64>, number| *counts.entry(number).or_default() += 1,
    )?;
    check::numbers(counts.into_iter().flatten())?;
    Ok(Run::of(input::number_count(), cost))
}
