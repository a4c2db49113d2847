//! As the base, but a word is freed by the thread that allocated it: a counted batch goes back with the words in it. What
//! it gains is the cost of freeing on another thread.

use super::LINES_A_TURN;
use super::table::Table;
use crate::contender::{Outcome, Run};
use crate::kit::exchange::{BATCH, Worker, two_workers};
use crate::kit::hash::fx;
use crate::kit::{check, input};

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    let take = |counts: &mut Table, batch: &mut Vec<String>| {
        for word in batch.iter() {
            counts.count(fx(word.as_str()), word.as_bytes());
        }
    };
    let (counts, cost) = two_workers(take, |worker: &mut Worker<Vec<String>, Table>| {
        for lines in input::half(lines, worker.me).chunks(LINES_A_TURN) {
            for word in lines.iter().flat_map(|line| line.split(' ')) {
                let word = word.to_owned();
                let hash = fx(word.as_str());
                if worker.owns(hash) {
                    worker.state.count(hash, word.as_bytes());
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
