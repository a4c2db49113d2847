//! The fastest known way: numbers are scattered into one buffer an owner, without a branch on the owner, which no
//! processor can predict; then the own ones are counted in a tight loop.

use crate::contender::{Outcome, Run};
use crate::kit::exchange::{self, Batch, Worker, two_workers};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::{check, input};

/// Numbers that are scattered at a time: a power of two, so that a mask keeps places within a buffer.
const TURN: usize = 2 * exchange::BATCH;

/// Up to [`TURN`] numbers.
struct Buffer {
    numbers: Box<[u64; TURN]>,
    len: usize,
}

impl Buffer {
    fn filled(&self) -> &[u64] {
        &self.numbers[..self.len]
    }
}

impl Batch for Buffer {
    fn empty() -> Self {
        Buffer {
            numbers: Box::new([0; TURN]),
            len: 0,
        }
    }

    fn clear(&mut self) {
        self.len = 0;
    }
}

type Counts = FxMap<u64, u64>;

fn count(counts: &mut Counts, numbers: &[u64]) {
    for &number in numbers {
        *counts.entry(number).or_default() += 1;
    }
}

pub(super) fn run() -> Outcome {
    let numbers = input::leak(input::numbers());
    let take = |counts: &mut Counts, batch: &mut Buffer| count(counts, batch.filled());
    let (counts, cost) = two_workers(take, |worker: &mut Worker<Buffer, Counts>| {
        let mut own = Buffer::empty();
        for numbers in input::half(numbers, worker.me).chunks(TURN) {
            let mut len = [0; 2];
            let mut buffers = [&mut own.numbers, &mut worker.outbox.numbers];
            if worker.me == 1 {
                buffers.reverse();
            }
            for number in numbers {
                let to = owner(fx(number));
                buffers[to][len[to] % TURN] = *number;
                len[to] += 1;
            }
            own.len = len[worker.me];
            worker.outbox.len = len[1 - worker.me];
            worker.send();
            count(&mut worker.state, own.filled());
            worker.take_in();
        }
    });
    check::numbers(counts.into_iter().flatten())?;
    Ok(Run::of(input::number_count(), cost))
}
