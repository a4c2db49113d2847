//! What events send, as they send it.

use super::ids::Ids;
use super::{Emit, Envelope, Envelopes, EventError, Flow, Route, TreeRef, Wire};
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
/// What an event ends with is sent when it has succeeded. What it pushes before goes into the batch for its thread at once, if it is for
/// a task, and is taken back if the event fails; what goes on here, or waits, is kept until the event has succeeded.
pub struct Out<H> {
    pub(crate) tree: TreeRef,
    /// How many runs and flights, one after the other, events have come from: the number of the present one.
    visit: u64,
    pub(crate) record: u32,
    pub(crate) task: u32,
    ids: Ids,
    /// The batch being filled, by receiving thread.
    pub(crate) open: Vec<Envelopes<H>>,
    /// The running event has pushed hops to tasks.
    pushed: bool,
    /// How many hops each batch held before it did.
    before: Vec<usize>,
    /// Some batch is long enough.
    pub(crate) full: bool,
    /// There is more to do after the event than to commit it: it has pushed something, a batch is full, or its hops are to be
    /// checked. One flag, so that most events are asked one question.
    pub(crate) busy: bool,
    /// Each hop is encoded and decoded, as between processes.
    pub(crate) checks_wire: bool,
    /// What goes on here, in order.
    pub(crate) here: VecDeque<H>,
    /// What waits for something.
    pub(crate) waits: Vec<Emit<H>>,
    places: Vec<Place>,
}

impl<H> Out<H> {
    pub(crate) fn new(places: Vec<Place>, threads: usize, rng: Rng, checks_wire: bool) -> Self {
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
            ids: Ids::new(rng),
            open,
            pushed: false,
            before: vec![0; threads],
            full: false,
            busy: checks_wire,
            checks_wire,
            here: VecDeque::new(),
            waits: Vec::new(),
            places,
        }
    }

    /// The next events are of that tree, and came with that id; 0 if they start it.
    #[inline]
    pub(crate) fn visit(&mut self, tree: TreeRef, id: u64) {
        self.tree = tree;
        self.ids.come_with(id);
        self.visit += 1;
    }

    /// The events of this visit are done. Returns what is to be folded into their tree's word: that it may be handed on,
    /// their own id has to leave in the same word as what it stands for, and behind them.
    #[inline]
    pub(crate) fn leave(&mut self) -> u64 {
        self.ids.leave()
    }

    /// Whatever the event has pushed is dealt with.
    pub(crate) fn settled(&mut self) {
        self.pushed = false;
        self.busy = self.checks_wire || self.full;
    }

    /// Adds one emit behind those already there.
    ///
    /// # Panics
    /// When it goes to a task that does not exist; so the event fails.
    #[inline(always)]
    pub fn push(&mut self, emit: Emit<H>) {
        self.busy = true;
        match emit {
            Emit::Hop {
                route: Route::Task(task),
                hop,
            } => {
                if !self.pushed {
                    self.begin_to_push();
                }
                self.send(self.places[task as usize], hop);
            }
            Emit::Hop {
                route: Route::Here,
                hop,
            } => self.here.push_back(hop),
            emit => self.waits.push(emit),
        }
    }

    /// Notes what the batches hold, so that it is known what the event has added.
    #[inline(never)]
    fn begin_to_push(&mut self) {
        self.pushed = true;
        for (before, open) in self.before.iter_mut().zip(&self.open) {
            *before = open.len();
        }
    }

    /// What the event ends with, which has succeeded: nothing will be taken back.
    pub(crate) fn finish(&mut self, route: Route, hop: H) {
        match route {
            Route::Task(task) => self.finish_at(task, hop),
            route => self.push(Emit::Hop { route, hop }),
        }
    }

    /// It ends with a hop to a task. (A route is made by a `Cx`, which names tasks that exist.)
    #[inline(always)]
    pub(crate) fn finish_at(&mut self, task: u32, hop: H) {
        self.send(self.places[task as usize], hop);
    }

    /// Sends to a task.
    #[inline(always)]
    pub(crate) fn send(&mut self, place: Place, hop: H) {
        let (task, record) = (place.local, self.record);
        let open = &mut self.open[place.thread as usize];
        if !open.is_at(self.visit) {
            open.begin(self.visit, self.tree, self.ids.take());
        }
        open.push(Envelope { task, record, hop });
        if open.len() >= BATCH {
            self.filled(place.thread as usize);
        }
    }

    /// A batch is long enough.
    #[cold]
    #[inline(never)]
    fn filled(&mut self, thread: usize) {
        (self.full, self.busy) = (true, true);
        let open = &mut self.open[thread];
        // One event may send more than a batch: it is divided here.
        if open.len().is_multiple_of(BATCH) {
            open.end_run();
        }
    }

    /// The id of what is sent on next, outside of any batch.
    pub(crate) fn take_id(&mut self) -> u64 {
        self.ids.take()
    }

    /// The envelope of a hop to a task, which is given by its place on its thread.
    #[inline(always)]
    pub(crate) fn envelope(&self, task: u32, hop: H) -> Envelope<H> {
        Envelope {
            task,
            record: self.record,
            hop,
        }
    }

    /// What was sent with that id will not run after all.
    pub(crate) fn take_back(&mut self, id: u64) {
        self.ids.take_back(id);
    }

    /// How many hops stand in open batches.
    pub(crate) fn waiting(&self) -> usize {
        self.open.iter().map(Envelopes::len).sum()
    }

    /// Takes back and drops one thing that the event has sent, if there is one: a failed event sends nothing.
    pub(crate) fn drop_one(&mut self) -> bool {
        let added = self
            .open
            .iter_mut()
            .zip(&self.before)
            .find(|(open, before)| open.len() > **before);
        if self.pushed
            && let Some((open, _)) = added
        {
            let (envelope, run) = open.pop();
            self.take_back(run.unwrap_or(0));
            // Last: its `Drop` may panic.
            drop(envelope);
            return true;
        }
        self.here.pop_back().is_some() || self.waits.pop().is_some()
    }

    /// What the running event has sent to tasks, with a function of each. In no order.
    pub(crate) fn each_sent(
        &mut self,
        mut each: impl FnMut(&mut H) -> Result<(), EventError>,
    ) -> Result<(), EventError> {
        if self.pushed {
            for (open, before) in self.open.iter_mut().zip(&self.before) {
                open.envelopes
                    .iter_mut()
                    .skip(*before)
                    .try_for_each(|envelope| each(&mut envelope.hop))?;
            }
        }
        Ok(())
    }
}

/// The launch option that makes one process behave as several: replaces each hop between tasks, and each that a future is made
/// from, by what would be decoded.
#[cold]
pub(crate) fn check_wire<H: Wire>(out: &mut Out<H>, flow: &mut Flow<H>) -> Result<(), EventError> {
    let mut bytes = Vec::new();
    let mut check = |hop: &mut H| {
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
    };
    out.each_sent(&mut check)?;
    match flow {
        Flow::Hop(Route::Task(_), hop) => check(hop),
        Flow::Hop(_, hop) if hop.makes_future() => check(hop),
        _ => Ok(()),
    }
}
