//! Event trees: which records are done, without a message per event.
//!
//! Each event has a random id, and a tree's *word* is the XOR of the ids of the events that are still to run: zero when the
//! tree is done. An event hands its own id to the first hop it sends, so a chain of hops costs nothing at all; it draws
//! new ids for further ones, and gives its id back when it sends none.

use super::batch::TreeRef;
use super::guard::discard;
use crate::topology::AckValue;
use std::collections::VecDeque;

/// What happened in one tree, on a thread that does not keep it.
pub(crate) struct TreeUpdate {
    pub(crate) tree: TreeRef,
    pub(crate) word: u64,
    pub(crate) error: Option<String>,
    pub(crate) value: Option<AckValue>,
}

/// One attempt at one record.
struct Tree {
    word: u64,
    attempt: u32,
    live: bool,
    /// Already among the completed ones.
    reported: bool,
    source: u32,
    offset: u64,
    error: Option<String>,
    value: Option<AckValue>,
}

/// How an attempt has ended.
pub(crate) struct Ended {
    pub(crate) source: u32,
    pub(crate) offset: u64,
    pub(crate) error: Option<String>,
    pub(crate) value: Option<AckValue>,
}

/// The trees of the records that began on this thread.
#[derive(Default)]
pub(crate) struct Trees {
    trees: Vec<Tree>,
    free: Vec<u32>,
    /// In the order in which they ended, so that neighbours which failed are tried again in their order.
    completed: VecDeque<u32>,
}

impl Trees {
    /// A new tree, whose only event is the one with this id. Returns its place and attempt number.
    pub(crate) fn plant(&mut self, source: u32, offset: u64, id: u64) -> (u32, u32) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.trees.len()).unwrap_or(u32::MAX);
                self.trees.push(Tree {
                    word: 0,
                    attempt: 0,
                    live: false,
                    reported: false,
                    source,
                    offset,
                    error: None,
                    value: None,
                });
                slot
            }
        };
        let tree = &mut self.trees[slot as usize];
        tree.word = id;
        tree.attempt = tree.attempt.wrapping_add(1);
        (tree.live, tree.reported) = (true, false);
        (tree.source, tree.offset) = (source, offset);
        (slot, tree.attempt)
    }

    fn live(&mut self, slot: u32, attempt: u32) -> Option<&mut Tree> {
        self.trees
            .get_mut(slot as usize)
            .filter(|tree| tree.live && tree.attempt == attempt)
    }

    /// Folds `word` into the tree. What belongs to an attempt that is over is ignored.
    #[inline]
    pub(crate) fn fold(&mut self, slot: u32, attempt: u32, word: u64) {
        if let Some(tree) = self.live(slot, attempt) {
            tree.word ^= word;
            if tree.word == 0 && !tree.reported {
                tree.reported = true;
                self.completed.push_back(slot);
            }
        }
    }

    /// The attempt has failed. It is over when its last event is done. The first error counts.
    pub(crate) fn fail(&mut self, slot: u32, attempt: u32, error: String) {
        if let Some(tree) = self.live(slot, attempt) {
            tree.error.get_or_insert(error);
        }
    }

    /// A branch returned `value`. The last one counts.
    pub(crate) fn returned(&mut self, slot: u32, attempt: u32, value: AckValue) {
        match self.live(slot, attempt) {
            Some(tree) => discard(tree.value.replace(value)),
            None => discard(value),
        }
    }

    /// Gives up on the attempt, if it is still running: it is over at once.
    pub(crate) fn abandon(&mut self, slot: u32, attempt: u32, error: String) {
        if let Some(tree) = self.live(slot, attempt)
            && !tree.reported
        {
            tree.error.get_or_insert(error);
            tree.reported = true;
            self.completed.push_back(slot);
        }
    }

    /// Whether that attempt is still running.
    pub(crate) fn runs(&self, slot: u32, attempt: u32) -> bool {
        self.trees
            .get(slot as usize)
            .is_some_and(|tree| tree.live && tree.attempt == attempt)
    }

    /// The next attempt that is over; its place is free afterwards.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        let slot = self.completed.pop_front()?;
        let tree = self.trees.get_mut(slot as usize)?;
        tree.live = false;
        self.free.push(slot);
        Some(Ended {
            source: tree.source,
            offset: tree.offset,
            error: tree.error.take(),
            value: tree.value.take(),
        })
    }

    /// Whether attempts are over that nobody has asked for.
    pub(crate) fn any_ended(&self) -> bool {
        !self.completed.is_empty()
    }
}
