//! The batches that a topology's events fill, and where the running event stands.

use super::batch::{BATCH, Batch, Envelope, Envelopes, SPARE, TreeRef};
use super::host::Host;
use crate::module::Module;
use crate::topology::Wire;

/// Where the running event stands: in which tree, record and task.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) tree: TreeRef,
    pub(super) record: u32,
    pub(super) task: u32,
    /// The id with which the event came, until it is handed on; 0 when there is none.
    pub(super) id: u64,
    /// What is still to be folded into the tree's word.
    pub(super) word: u64,
    pub(super) phase: Phase,
    /// How many trees, one after the other, events have come from: the number of the present one.
    pub(super) visit: u64,
}

/// What the thread is doing, so that a panic finds out what it has interrupted: panics are caught once for many events.
#[derive(Clone, Copy)]
pub(super) enum Phase {
    /// The runtime's own work: nothing of the event is left, or nothing has begun.
    Between,
    /// What events will look up is looked at ahead: a hint, so a panic in there is none of its business.
    Ahead,
    /// The event's code runs. If it panics, the event has failed.
    Body,
    /// The event has succeeded, and its writes become permanent: whatever panics in there, that must be finished.
    Commit,
}

impl Default for At {
    fn default() -> Self {
        At {
            tree: TreeRef {
                thread: 0,
                slot: 0,
                attempt: 0,
            },
            record: 0,
            task: 0,
            id: 0,
            word: 0,
            phase: Phase::Between,
            visit: 0,
        }
    }
}

impl At {
    /// The next events are of that tree.
    #[inline]
    pub(super) fn visit(&mut self, tree: TreeRef) {
        self.tree = tree;
        self.visit += 1;
    }

    /// The id of the next event that is sent on: the one that came, or, where that is given away, a new one.
    #[inline(always)]
    pub(super) fn take_id<M: Module>(&mut self, host: &mut Host<M>) -> u64 {
        match std::mem::take(&mut self.id) {
            0 => {
                let fresh = host.fresh_id();
                self.word ^= fresh;
                fresh
            }
            id => id,
        }
    }

    /// The envelope of a hop that the event sends to a task, which is given by its place on its thread.
    #[inline(always)]
    pub(super) fn envelope<M: Module, H>(&mut self, task: u32, hop: H, host: &mut Host<M>) -> Envelope<H> {
        Envelope {
            task,
            record: self.record,
            id: self.take_id(host),
            hop,
        }
    }
}

/// One topology's batches.
pub(super) struct Outgoing<H> {
    /// The topology's index.
    pub(super) index: usize,
    /// The batch being filled, by receiving thread.
    open: Vec<Envelopes<H>>,
    #[expect(
        clippy::vec_box,
        reason = "a batch travels in its box, and the box is what is used again"
    )]
    spare: Vec<Box<Envelopes<H>>>,
}

impl<H: Wire> Outgoing<H> {
    pub(super) fn new() -> Self {
        Outgoing {
            index: 0,
            open: Vec::new(),
            spare: Vec::new(),
        }
    }

    pub(super) fn attach(&mut self, index: usize, threads: usize) {
        self.index = index;
        self.open.resize_with(threads, Envelopes::default);
    }

    /// Sends what the event emitted for a task.
    #[inline(always)]
    pub(super) fn hop<M: Module>(&mut self, task: u32, hop: H, at: &mut At, host: &mut Host<M>) {
        let place = host.places[task as usize];
        let envelope = at.envelope(place.local, hop, host);
        self.send(place.thread, at, envelope, host);
    }

    /// Puts a hop into the batch for that thread.
    #[inline(always)]
    pub(super) fn send<M: Module>(&mut self, thread: u32, at: &At, mut envelope: Envelope<H>, host: &mut Host<M>) {
        let open = &mut self.open[thread as usize];
        if thread != host.index {
            envelope.hop.leaves(&mut open.arena);
        }
        open.push(at.tree, at.visit, envelope);
        if open.len() >= BATCH {
            self.close_one(thread as usize, host);
        }
    }

    #[cold]
    fn close_one<M: Module>(&mut self, thread: usize, host: &mut Host<M>) {
        let len = self.open[thread].len();
        if len > 0 {
            let mut envelopes = self.spare.pop().unwrap_or_default();
            std::mem::swap(&mut *envelopes, &mut self.open[thread]);
            envelopes.close();
            host.counters.hops = host.counters.hops.wrapping_add(len as u64);
            host.outboxes[thread].batches.push(Batch {
                program: self.index,
                envelopes,
                len,
            });
        }
    }

    /// Closes all batches, in `host`'s outboxes.
    pub(super) fn close<M: Module>(&mut self, host: &mut Host<M>) {
        for thread in 0..self.open.len() {
            self.close_one(thread, host);
        }
    }

    /// Keeps an emptied batch, to be filled again.
    pub(super) fn keep(&mut self, mut batch: Box<Envelopes<H>>) {
        batch.arena.clear();
        if self.spare.len() < SPARE {
            self.spare.push(batch);
        }
    }
}
