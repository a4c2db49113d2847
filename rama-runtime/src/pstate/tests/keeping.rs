//! A store for one PState, and what happens between events: it is stored, the store catches up, entries leave memory, and
//! it is read back.

use super::empty;
use crate::env::Rng;
use crate::group::store::{Coalesced, Store};
use crate::group::{Changes, Entries, Evicting, SimulatedStore, Stamp};
use crate::pstate::{PState, PStatePartition, Schema};
use std::sync::Arc;

const PLACE: &[u8] = b"place";

/// What is done between events follows from a seed.
pub(super) struct Keeping {
    store: Arc<dyn Store>,
    /// Cuts that the store has not.
    waiting: Vec<Vec<u8>>,
    cut: u32,
    rng: Rng,
    /// How often entries have left memory.
    pub(super) evicted: usize,
}

impl Keeping {
    pub(super) fn new(seed: u64) -> Self {
        Keeping {
            store: Arc::new(SimulatedStore::default()),
            waiting: Vec::new(),
            // Numbers go round.
            cut: u32::MAX - 2,
            rng: Rng::new(seed),
            evicted: 0,
        }
    }

    fn chance(&mut self, of: u64) -> bool {
        self.rng.next_u64().is_multiple_of(of)
    }

    /// Between two events.
    pub(super) fn between<S: Schema>(&mut self, state: &mut PState<S>) {
        if self.chance(3) {
            return;
        }
        self.cut(state);
        if self.chance(6) {
            self.catch_up();
            // Another process.
            let cold = self.chance(2);
            *state = empty();
            if cold {
                state.load(&mut Entries::cold(&self.store, PLACE)).unwrap();
            } else {
                let mut source = self.store.below(PLACE);
                let mut entries = Entries::new(PLACE, &mut source).unwrap();
                state.load(&mut entries).unwrap();
                entries.finish().unwrap();
            }
        }
    }

    /// What has changed is stored; then the store catches up, or entries leave memory, or both, or neither.
    fn cut<S: Schema>(&mut self, state: &mut PState<S>) {
        self.cut = self.cut.wrapping_add(1);
        // Lossless: at most a few wait.
        let archived = self.cut.wrapping_sub(1).wrapping_sub(self.waiting.len() as u32);
        let stamp = Stamp {
            cut: self.cut,
            archived,
        };
        let mut changes = Changes::stamped(stamp, true);
        changes.at(PLACE);
        state.store(&mut changes).unwrap();
        self.waiting.push(changes.take());
        if self.chance(2) {
            let weight = state.weight();
            // Lossless: a small part of the weight.
            let left = self.rng.next_u64() as usize % (weight + 1);
            let mut evicting = Evicting::new(&self.store, stamp, left);
            evicting.at(PLACE);
            state.evict(&mut evicting);
            self.evicted += usize::from(evicting.left < left);
        }
        if self.chance(2) {
            self.catch_up();
        }
    }

    fn catch_up(&mut self) {
        let mut changes = Coalesced::default();
        for cut in self.waiting.drain(..) {
            changes.add(&cut).unwrap();
        }
        self.store.apply(changes, u64::from(self.cut)).unwrap();
    }
}
