//! The base: two hand-written workers that send each other batches of owned words, which their owner frees.

use super::LINES_A_TURN;
use crate::contender::{Outcome, Run};
use crate::kit::exchange::{BATCH, Worker, two_workers};
use crate::kit::hash::{FxMap, fx};
use crate::kit::{check, input};

type Counts = FxMap<String, u64>;

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    let take = |counts: &mut Counts, batch: &mut Vec<String>| {
        for word in batch.drain(..) {
            *counts.entry(word).or_default() += 1;
        }
    };
    let (counts, cost) = two_workers(take, |worker: &mut Worker<Vec<String>, Counts>| {
        for lines in input::half(lines, worker.me).chunks(LINES_A_TURN) {
            for word in lines.iter().flat_map(|line| line.split(' ')) {
                let word = word.to_owned();
                if worker.owns(fx(word.as_str())) {
                    *worker.state.entry(word).or_default() += 1;
                } else {
                    worker.outbox.push(word);
                    if worker.outbox.len() == BATCH {
                        worker.send();
                    }
                }
            }
            worker.take_in();
        }
    });
    check::words(counts.into_iter().flatten())?;
    Ok(Run::of(input::word_count(), cost))
}
