//! What leaves this thread for one other thread at the end of the turn.

use super::batch::Batch;
use super::trees::{Note, Notes, TreeUpdate};
use crate::topology::TreeRef;

const CACHE: usize = 256;

/// Everything that goes to one thread.
pub(crate) struct Outbox {
    /// Closed batches, in order.
    pub(crate) batches: Vec<Batch>,
    /// One word a tree, mostly: folding is best effort, as an update that stands twice says the same.
    pub(crate) updates: Vec<TreeUpdate>,
    /// Where the last update of a tree stands, by the lowest bits of its slot. Checked on use, so never cleared.
    cache: Box<[u32; CACHE]>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Outbox {
            batches: Vec::new(),
            updates: Vec::new(),
            cache: Box::new([0; CACHE]),
        }
    }

    fn update(&mut self, tree: TreeRef) -> &mut TreeUpdate {
        let at = &mut self.cache[tree.slot as usize % CACHE];
        let known = *at as usize;
        let index = if self.updates.get(known).is_some_and(|update| update.tree == tree) {
            known
        } else {
            *at = u32::try_from(self.updates.len()).unwrap_or(u32::MAX);
            self.updates.push(TreeUpdate {
                tree,
                word: 0,
                notes: Notes::default(),
            });
            self.updates.len() - 1
        };
        &mut self.updates[index]
    }

    /// Folds `word` into what the tree's keeper will hear.
    pub(crate) fn fold(&mut self, tree: TreeRef, word: u64) {
        self.update(tree).word ^= word;
    }

    /// The keeper will hear that of a record.
    pub(crate) fn note(&mut self, tree: TreeRef, note: Note) {
        self.update(tree).notes.add(note);
    }
}
