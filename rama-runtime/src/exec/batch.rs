//! Batches on their way.

use crate::topology::{Envelope, Envelopes, TreeRef, Wire};
use std::any::Any;

/// Hops of one topology, in order, for one thread.
pub struct Batch {
    /// The topology's index.
    pub(crate) program: usize,
    /// An `Envelopes<Hop>` of that topology.
    pub(crate) envelopes: Box<dyn Any + Send>,
    /// How many they are.
    pub(crate) len: usize,
}

impl Batch {
    /// One hop for this thread, in a batch of its own.
    pub(crate) fn alone<H: Wire>(program: usize, tree: TreeRef, id: u64, envelope: Envelope<H>) -> Self {
        let mut envelopes = Envelopes::default();
        envelopes.begin(1, tree, id);
        envelopes.push(envelope);
        envelopes.close(false);
        Batch {
            program,
            envelopes: Box::new(envelopes),
            len: 1,
        }
    }
}
