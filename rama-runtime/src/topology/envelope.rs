//! Hops on their way, and which event tree they belong to.

use super::{Arena, Wire};

/// One attempt at the records of one flight: where their event tree is kept, and which attempt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TreeRef {
    /// The thread that keeps the tree.
    pub(crate) thread: u32,
    /// Its place among that thread's trees.
    pub(crate) slot: u32,
    /// The place's attempt number: places are used again.
    pub(crate) attempt: u32,
}

/// A hop with its address. Which tree it belongs to is said by the [`Run`] that it is part of.
pub(crate) struct Envelope<H> {
    /// The receiving task's place on its thread.
    pub(crate) task: u32,
    /// The record that it goes back to: its place in the tree's flight.
    pub(crate) record: u32,
    /// The event's id in its tree's word.
    pub(crate) id: u64,
    pub(crate) hop: H,
}

/// Neighbouring envelopes of one tree: from here up to the next run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) tree: TreeRef,
    pub(crate) first: usize,
}

/// Hops of one type, in the order sent. A tree is named once for neighbours, and compared once when they arrive.
pub(crate) struct Envelopes<H> {
    pub(crate) runs: Vec<Run>,
    /// What the sender calls the last run: it counts the trees that it comes to.
    visit: u64,
    pub(crate) envelopes: Vec<Envelope<H>>,
    /// Of a batch for another thread: the scopes' short texts.
    arena: Arena,
}

impl<H> Default for Envelopes<H> {
    fn default() -> Self {
        Envelopes {
            runs: Vec::new(),
            visit: 0,
            envelopes: Vec::new(),
            arena: Arena::default(),
        }
    }
}

impl<H> Envelopes<H> {
    /// `visit` is not 0, and another one whenever `tree` is another one.
    #[inline(always)]
    pub(crate) fn push(&mut self, tree: TreeRef, visit: u64, envelope: Envelope<H>) {
        if self.visit != visit {
            self.visit = visit;
            let first = self.envelopes.len();
            self.runs.push(Run { tree, first });
        }
        self.envelopes.push(envelope);
    }

    /// Takes the last one back.
    pub(crate) fn pop(&mut self) -> Option<Envelope<H>> {
        let envelope = self.envelopes.pop();
        if self.runs.last().is_some_and(|run| run.first == self.envelopes.len()) {
            self.runs.pop();
            self.visit = 0;
        }
        envelope
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.envelopes.len()
    }

    /// Forgets what has been taken out, to be filled again.
    pub(crate) fn clear(&mut self) {
        self.arena.clear();
    }
}

impl<H: Wire> Envelopes<H> {
    /// No envelope is added any more. `leaves`: they leave the thread, so their texts go into one buffer.
    pub(crate) fn close(&mut self, leaves: bool) {
        self.visit = 0;
        if leaves {
            for envelope in &mut self.envelopes {
                envelope.hop.leaves(&mut self.arena);
            }
        }
    }

    /// They have arrived: their texts are their own again.
    pub(crate) fn open(&mut self) {
        if !self.arena.is_empty() {
            let mut texts = self.arena.unpack();
            for envelope in &mut self.envelopes {
                envelope.hop.leaves(&mut texts);
            }
        }
    }
}
