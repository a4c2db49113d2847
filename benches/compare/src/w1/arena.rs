//! The fastest known way: a batch is the bytes of its words, one after the other, with their hashes. Each word is hashed
//! once, and none is allocated.

use super::LINES_A_TURN;
use super::table::Table;
use crate::contender::{Outcome, Run};
use crate::kit::exchange::{BATCH, Batch, Worker, two_workers};
use crate::kit::hash::fx;
use crate::kit::{check, input};

/// Words without a `String` for each.
struct Arena {
    bytes: Vec<u8>,
    /// Hash and length of each word.
    words: Vec<(u64, u32)>,
}

impl Batch for Arena {
    fn empty() -> Self {
        Arena {
            bytes: Vec::with_capacity(BATCH * 12),
            words: Vec::with_capacity(BATCH),
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.words.clear();
    }
}

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    let take = |counts: &mut Table, batch: &mut Arena| {
        let mut rest = batch.bytes.as_slice();
        for &(hash, length) in &batch.words {
            let (word, after) = rest.split_at(length as usize);
            counts.count(hash, word);
            rest = after;
        }
    };
    let (counts, cost) = two_workers(take, |worker: &mut Worker<Arena, Table>| {
        for lines in input::half(lines, worker.me).chunks(LINES_A_TURN) {
            for word in lines.iter().flat_map(|line| line.split(' ')) {
                let hash = fx(word);
                if worker.owns(hash) {
                    worker.state.count(hash, word.as_bytes());
                } else {
                    worker.outbox.words.push((hash, word.len() as u32));
                    worker.outbox.bytes.extend_from_slice(word.as_bytes());
                    if worker.outbox.words.len() == BATCH {
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
