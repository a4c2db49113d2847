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
    pub(crate) hop: H,
}

/// Neighbouring envelopes of one tree: from here up to the next run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) tree: TreeRef,
    /// What it is called in its tree's word, as long as not all of it has run.
    pub(crate) id: u64,
    pub(crate) first: usize,
}

/// Hops of one type, in the order sent. A tree is named once for neighbours, and compared once when they arrive.
pub(crate) struct Envelopes<H> {
    pub(crate) runs: Vec<Run>,
    /// What the sender calls the last run: it counts the runs and flights that it comes to.
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
    /// Whether the last run is of that visit. A visit is not 0.
    #[inline(always)]
    pub(crate) fn is_at(&self, visit: u64) -> bool {
        self.visit == visit
    }

    /// A run begins.
    pub(crate) fn begin(&mut self, visit: u64, tree: TreeRef, id: u64) {
        self.visit = visit;
        let first = self.envelopes.len();
        self.runs.push(Run { tree, id, first });
    }

    /// Adds one to the run.
    #[inline(always)]
    pub(crate) fn push(&mut self, envelope: Envelope<H>) {
        self.envelopes.push(envelope);
    }

    /// What is added next is a run of its own.
    pub(crate) fn end_run(&mut self) {
        self.visit = 0;
    }

    /// Moves everything into parts of so many, in order. A run begins wherever a part does.
    pub(crate) fn take_parts(&mut self, len: usize) -> Vec<Envelopes<H>> {
        self.visit = 0;
        let mut runs = self.runs.drain(..).peekable();
        let mut envelopes = self.envelopes.drain(..);
        let mut parts = Vec::new();
        for first in (0..envelopes.len()).step_by(len) {
            let mut part = Envelopes::default();
            part.envelopes.extend(envelopes.by_ref().take(len));
            while let Some(run) = runs.next_if(|run| run.first < first + len) {
                part.runs.push(Run {
                    first: run.first - first,
                    ..run
                });
            }
            parts.push(part);
        }
        parts
    }

    /// Takes the last one back, and the run's id, if it was all of it.
    pub(crate) fn pop(&mut self) -> (Option<Envelope<H>>, Option<u64>) {
        let envelope = self.envelopes.pop();
        let empty = self.runs.pop_if(|run| run.first == self.envelopes.len());
        if empty.is_some() {
            self.visit = 0;
        }
        (envelope, empty.map(|run| run.id))
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
