//! What events send, as they send it.

use super::{Emit, Envelope, Envelopes, EventError, Route, TreeRef, Wire};
use crate::env::Rng;
use std::collections::VecDeque;

/// Where a task lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) thread: u32,
    /// Its place among the thread's tasks.
    pub(crate) local: u32,
}

/// A batch is closed at this length, so that the receiver can begin while the sender goes on.
pub(crate) const BATCH: usize = 1024;

/// Where the running event stands: in which tree, record and task; and what it sends.
///
/// What goes to a task is put into the batch for its thread at once, and taken back if the event fails. What goes on here,
/// or waits, is kept until the event has succeeded.
pub struct Out<H> {
    pub(crate) tree: TreeRef,
    /// How many trees, one after the other, events have come from: the number of the present one.
    visit: u64,
    pub(crate) record: u32,
    pub(crate) task: u32,
    /// The id with which the event came, until it is handed on; 0 when there is none.
    pub(crate) id: u64,
    // Not next to each other: what is written one by one and read together makes the processor wait.
    word_before: u64,
    /// What is still to be folded into the tree's word.
    pub(crate) word: u64,
    id_before: u64,
    /// The batch being filled, by receiving thread.
    pub(crate) open: Vec<Envelopes<H>>,
    /// The threads to which the running event has sent, in order.
    sent: Vec<u32>,
    /// Some batch is long enough.
    pub(crate) full: bool,
    /// What goes on here, in order.
    pub(crate) here: VecDeque<H>,
    /// What waits for something.
    pub(crate) waits: Vec<Emit<H>>,
    places: Vec<Place>,
    rng: Rng,
}

impl<H> Out<H> {
    pub(crate) fn new(places: Vec<Place>, threads: usize, rng: Rng) -> Self {
        let mut open = Vec::new();
        open.resize_with(threads, Envelopes::default);
        Out {
            tree: TreeRef {
                thread: 0,
                slot: 0,
                attempt: 0,
            },
            visit: 0,
            record: 0,
            task: 0,
            id: 0,
            word_before: 0,
            word: 0,
            id_before: 0,
            open,
            sent: Vec::new(),
            full: false,
            here: VecDeque::new(),
            waits: Vec::new(),
            places,
            rng,
        }
    }

    /// The next events are of that tree.
    #[inline]
    pub(crate) fn visit(&mut self, tree: TreeRef) {
        self.tree = tree;
        self.visit += 1;
    }

    /// An event begins.
    #[inline(always)]
    pub(crate) fn begin(&mut self) {
        self.id_before = self.id;
        self.word_before = self.word;
        self.sent.clear();
    }

    /// Adds one emit behind those already there.
    ///
    /// # Panics
    /// When it goes to a task that does not exist; so the event fails.
    #[inline(always)]
    pub fn push(&mut self, emit: Emit<H>) {
        match emit {
            Emit::Hop {
                route: Route::Task(task),
                hop,
            } => {
                let place = self.places[task as usize];
                self.send(place, hop);
            }
            Emit::Hop {
                route: Route::Here,
                hop,
            } => self.here.push_back(hop),
            emit => self.waits.push(emit),
        }
    }

    /// Sends to a task.
    #[inline(always)]
    pub(crate) fn send(&mut self, place: Place, hop: H) {
        let envelope = self.envelope(place.local, hop);
        let open = &mut self.open[place.thread as usize];
        open.push(self.tree, self.visit, envelope);
        self.full |= open.len() >= BATCH;
        self.sent.push(place.thread);
    }

    /// The id of the next event that is sent on: the one that came, or, where that is given away, a new one. (Zero would be
    /// invisible in its tree's word.)
    #[inline(always)]
    pub(crate) fn take_id(&mut self) -> u64 {
        match std::mem::take(&mut self.id) {
            0 => {
                let fresh = self.rng.next_u64() | 1;
                self.word ^= fresh;
                fresh
            }
            id => id,
        }
    }

    /// The envelope of a hop to a task, which is given by its place on its thread.
    #[inline(always)]
    pub(crate) fn envelope(&mut self, task: u32, hop: H) -> Envelope<H> {
        Envelope {
            task,
            record: self.record,
            id: self.take_id(),
            hop,
        }
    }

    /// How many hops stand in open batches.
    pub(crate) fn waiting(&self) -> usize {
        self.open.iter().map(Envelopes::len).sum()
    }

    /// Takes the last emit for this task back: where a segment that jumps goes on.
    #[inline]
    pub fn take_jump(&mut self) -> Option<H> {
        self.here.pop_back()
    }

    /// Takes back and drops one thing that the event has sent, if there is one: a failed event sends nothing.
    pub(crate) fn drop_one(&mut self) -> bool {
        self.id = self.id_before;
        self.word = self.word_before;
        if let Some(thread) = self.sent.pop() {
            // Taken out first: its `Drop` may panic.
            drop(self.open[thread as usize].pop());
            return true;
        }
        self.here.pop_back().is_some() || self.waits.pop().is_some()
    }

    /// What the running event has sent to tasks, with a function of each. In no order.
    pub(crate) fn each_sent(
        &mut self,
        mut each: impl FnMut(&mut H) -> Result<(), EventError>,
    ) -> Result<(), EventError> {
        let mut behind = vec![0; self.open.len()];
        for thread in self.sent.iter().rev() {
            let thread = *thread as usize;
            behind[thread] += 1;
            let envelopes = &mut self.open[thread].envelopes;
            let at = envelopes.len() - behind[thread];
            each(&mut envelopes[at].hop)?;
        }
        Ok(())
    }
}

/// The launch option that makes one process behave as several: replaces each hop between tasks by what the receiver would
/// decode.
#[cold]
pub(crate) fn check_wire<H: Wire>(out: &mut Out<H>) -> Result<(), EventError> {
    let mut bytes = Vec::new();
    out.each_sent(|hop| {
        bytes.clear();
        hop.encode(&mut bytes)?;
        let mut input = bytes.as_slice();
        *hop = H::decode(&mut input)?;
        if input.is_empty() {
            Ok(())
        } else {
            let left = input.len();
            Err(EventError::new(format!("{left} bytes of a hop were not decoded")))
        }
    })
}
