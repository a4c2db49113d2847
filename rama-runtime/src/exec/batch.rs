//! Hops on their way, and which event tree they belong to.

use crate::topology::Arena;
use std::any::Any;

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
    pub(crate) arena: Arena,
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

    /// No envelope is added any more.
    pub(crate) fn close(&mut self) {
        self.visit = 0;
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.envelopes.len()
    }
}

/// Hops of one topology, in order, for one thread.
pub(crate) struct Batch {
    /// The topology's index.
    pub(crate) program: usize,
    /// An `Envelopes<Hop>` of that topology.
    pub(crate) envelopes: Box<dyn Any + Send>,
    /// How many they are.
    pub(crate) len: usize,
}

impl Batch {
    /// One hop, in a batch of its own.
    pub(crate) fn alone<H: Send + 'static>(program: usize, tree: TreeRef, envelope: Envelope<H>) -> Self {
        let mut envelopes = Envelopes::default();
        envelopes.push(tree, 1, envelope);
        Batch {
            program,
            envelopes: Box::new(envelopes),
            len: 1,
        }
    }
}

/// How many emptied buffers of a kind are kept for use again.
pub(crate) const SPARE: usize = 16;

/// A batch is closed at this length, so that the receiver can begin while the sender goes on.
pub(crate) const BATCH: usize = 1024;
