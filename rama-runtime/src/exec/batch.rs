//! Hops on their way, and which event tree they belong to.

use std::any::Any;

/// One attempt at one record: where its tree is kept, and which attempt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TreeRef {
    /// The thread that keeps the tree.
    pub(crate) thread: u32,
    /// Its place among that thread's trees.
    pub(crate) slot: u32,
    /// The place's attempt number: places are used again.
    pub(crate) attempt: u32,
}

/// A hop with its address.
pub(crate) struct Envelope<H> {
    /// The receiving task's place on its thread.
    pub(crate) task: u32,
    pub(crate) tree: TreeRef,
    /// The event's id in its tree's word.
    pub(crate) id: u64,
    pub(crate) hop: H,
}

/// Hops of one topology, in order, for one thread.
pub(crate) struct Batch {
    /// The topology's index.
    pub(crate) program: usize,
    /// A `Vec<Envelope<Hop>>` of that topology.
    pub(crate) envelopes: Box<dyn Any + Send>,
    /// How many they are.
    pub(crate) len: usize,
}

/// A batch is closed at this length, so that the receiver can begin while the sender goes on.
pub(crate) const BATCH: usize = 1024;
