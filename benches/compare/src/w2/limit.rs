//! The base: two hand-written workers that send each other batches of numbers.

use crate::contender::{Outcome, Run};
use crate::kit::exchange::{BATCH, Worker, two_workers};
use crate::kit::hash::{FxMap, fx};
use crate::kit::{check, input};

/// Numbers that a worker sorts out before it takes in what has come.
const TURN: usize = 4096;

type Counts = FxMap<u64, u64>;

pub(super) fn run() -> Outcome {
    let numbers = input::leak(input::numbers());
    let take = |counts: &mut Counts, batch: &mut Vec<u64>| {
        for number in batch.drain(..) {
            *counts.entry(number).or_default() += 1;
        }
    };
    let (counts, cost) = two_workers(take, |worker: &mut Worker<Vec<u64>, Counts>| {
        for numbers in input::half(numbers, worker.me).chunks(TURN) {
            for &number in numbers {
                if worker.owns(fx(&number)) {
                    *worker.state.entry(number).or_default() += 1;
                } else {
                    worker.outbox.push(number);
                    if worker.outbox.len() == BATCH {
                        worker.send();
                    }
                }
            }
            worker.take_in();
        }
    });
    check::numbers(counts.into_iter().flatten())?;
    Ok(Run::of(input::number_count(), cost))
}
