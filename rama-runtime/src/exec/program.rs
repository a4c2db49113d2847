//! A compiled topology at work on one thread: the typed half of the runtime.

use super::batch::Batch;
use super::guard::{attempt, insist};
use super::host::{Host, Task};
use super::slots::Waiting;
use crate::depot::Failure;
use crate::env::Rng;
use crate::module::Module;
use crate::module::descriptor::HopDescriptor;
use crate::pstate::Step;
use crate::topology::{
    Emit, Envelope, Envelopes, EventError, Flow, Machine, Out, Place, Route, Run, TreeRef, check_wire,
};
use std::any::Any;
use std::collections::VecDeque;
use std::ops::Range;

/// Records to start together: their tree, and where they stand.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Flight {
    pub(crate) tree: TreeRef,
    pub(crate) first: u64,
    pub(crate) count: u32,
}

/// A compiled topology as the runtime knows it: called once a batch, whatever its hop type. Made by [`program`].
#[doc(hidden)]
pub trait Program<M: Module>: Send + 'static {
    /// Tells it its place among the module's topologies, and where everything is. Called once, first.
    fn attach(&mut self, index: usize, host: &Host<M>, seed: u64);

    /// Runs the hops of a batch, in order.
    fn run(&mut self, envelopes: Box<dyn Any + Send>, host: &mut Host<M>);

    /// Starts records of one source on one task, in order. Returns how many hops they have sent.
    fn start(&mut self, source: usize, task: u32, flight: Flight, host: &mut Host<M>) -> u64;

    /// Closes the batches it was filling, in `host`'s outboxes.
    fn close(&mut self, host: &mut Host<M>);

    /// Stages a record that failed for good in the source's dead-letter depot. Returns false where there is none.
    fn dead_letter(&mut self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool;
}

/// Makes the program of a compiled topology.
pub fn program<M: Module, K: Machine<M>>(machine: K) -> Box<dyn Program<M>> {
    Box::new(Compiled {
        machine,
        index: 0,
        out: Out::new(Vec::new(), 0, Rng::new(0)),
        spare: Vec::new(),
        branches: Vec::new(),
        spare_branches: Vec::new(),
        phase: Phase::Between,
        appends: true,
        yields: true,
        module: std::marker::PhantomData,
    })
}

struct Compiled<M: Module, K: Machine<M>> {
    machine: K,
    index: usize,
    out: Out<K::Hop>,
    #[expect(
        clippy::vec_box,
        reason = "a batch travels in its box, and the box is what is used again"
    )]
    spare: Vec<Box<Envelopes<K::Hop>>>,
    /// What runs next, before anything queued: branches of the running event, those of the innermost one last.
    branches: Vec<VecDeque<K::Hop>>,
    spare_branches: Vec<VecDeque<K::Hop>>,
    phase: Phase,
    /// Whether its events may append to depots.
    appends: bool,
    /// Whether they may yield, so that the time they take matters.
    yields: bool,
    module: std::marker::PhantomData<fn(M)>,
}

/// How many emptied buffers of a kind are kept for use again.
const SPARE: usize = 64;
/// A buffer of branches that has grown beyond this is not kept.
const KEPT: usize = 1 << 14;

/// What the thread is doing, so that a panic finds out what it has interrupted: panics are caught once for many events.
#[derive(Clone, Copy)]
enum Phase {
    /// The runtime's own work: nothing of the event is left, or nothing has begun.
    Between,
    /// What events will look up is prepared: a hint, so a panic in there is none of its business.
    Ahead,
    /// The event's code runs. If it panics, the event has failed.
    Body,
    /// The event has succeeded, and its writes become permanent: whatever panics in there, that must be finished.
    Commit,
}

/// What arrives at a topology: hops, or records to start.
trait Arrivals<M: Module, K: Machine<M>> {
    /// What one event begins with.
    type Input;

    /// The next one; `out` learns where it stands.
    fn next(
        &mut self,
        out: &mut Out<K::Hop>,
        phase: &mut Phase,
        machine: &K,
        host: &mut Host<M>,
    ) -> Option<Self::Input>;

    /// Runs it.
    fn run(
        &self,
        input: Self::Input,
        machine: &K,
        task: &mut Task<M>,
        out: &mut Out<K::Hop>,
    ) -> Result<Flow, EventError>;
}

/// Hops of a batch.
struct Hops<'b, H> {
    runs: std::iter::Peekable<std::vec::Drain<'b, Run>>,
    envelopes: std::vec::Drain<'b, Envelope<H>>,
    /// Envelopes of the batch.
    len: usize,
    /// Envelopes of the current run.
    left: usize,
    /// Envelopes whose lookups are prepared.
    prepared: usize,
    /// What preparing them has found: of those to come the last ones.
    found: [u64; AHEAD],
}

/// So many events' lookups are prepared together: enough to wait for memory together, and so few that what they look up is still in
/// the nearest cache when they run.
const AHEAD: usize = 32;

impl<M: Module, K: Machine<M>> Arrivals<M, K> for Hops<'_, K::Hop> {
    type Input = K::Hop;

    #[inline(always)]
    fn next(&mut self, out: &mut Out<K::Hop>, phase: &mut Phase, machine: &K, host: &mut Host<M>) -> Option<K::Hop> {
        while self.left == 0 {
            let run = self.runs.next()?;
            host.fold(out.tree, std::mem::take(&mut out.word));
            out.visit(run.tree);
            self.left = self.runs.peek().map_or(self.len, |next| next.first) - run.first;
        }
        if K::PREPARES {
            if self.prepared == 0 {
                self.prepared = AHEAD;
                *phase = Phase::Ahead;
                let ahead = self.envelopes.as_slice();
                for step in [Step::Index, Step::Entry, Step::Inside] {
                    for (envelope, found) in ahead.iter().zip(&mut self.found) {
                        machine.prepare(&envelope.hop, &host.tasks[envelope.task as usize].module, step, found);
                    }
                }
                *phase = Phase::Between;
            }
            self.prepared -= 1;
        }
        self.left -= 1;
        let Envelope { task, record, id, hop } = self.envelopes.next()?;
        (out.task, out.record, out.id) = (task, record, id);
        if K::PREPARES
            && let Some(found) = self.found.get_mut(AHEAD - 1 - self.prepared)
        {
            machine.prepare(&hop, &host.tasks[task as usize].module, Step::Expect, found);
        }
        Some(hop)
    }

    #[inline(always)]
    fn run(&self, hop: K::Hop, machine: &K, task: &mut Task<M>, out: &mut Out<K::Hop>) -> Result<Flow, EventError> {
        machine.step(hop, &mut task.module, &mut task.cx, out)
    }
}

/// Records of a flight.
struct Records {
    source: usize,
    first: u64,
    /// Their places in the flight.
    left: Range<u32>,
}

impl<M: Module, K: Machine<M>> Arrivals<M, K> for Records {
    type Input = u64;

    #[inline(always)]
    fn next(&mut self, out: &mut Out<K::Hop>, _phase: &mut Phase, _machine: &K, _host: &mut Host<M>) -> Option<u64> {
        out.record = self.left.next()?;
        Some(self.first + u64::from(out.record))
    }

    #[inline(always)]
    fn run(&self, offset: u64, machine: &K, task: &mut Task<M>, out: &mut Out<K::Hop>) -> Result<Flow, EventError> {
        machine.start(self.source, offset, &mut task.module, &mut task.cx, out)
    }
}

impl<M: Module, K: Machine<M>> Compiled<M, K> {
    /// Runs everything that has arrived, each event with what follows from it on the same task before anything queued. A
    /// panic is caught here, once for all events; it fails the event that it interrupts, and no other.
    fn drive<A: Arrivals<M, K>>(&mut self, arrivals: &mut A, host: &mut Host<M>) {
        if self.yields {
            host.begin_event();
        }
        while let Err(error) = attempt(|| self.events(arrivals, host)) {
            self.recover(error, host);
        }
        host.fold(self.out.tree, std::mem::take(&mut self.out.word));
    }

    #[inline]
    fn events<A: Arrivals<M, K>>(&mut self, arrivals: &mut A, host: &mut Host<M>) {
        loop {
            // Also what a panic has interrupted, when this is entered again.
            self.run_branches(host);
            // An event that sent nothing gives its id back.
            self.out.word ^= std::mem::take(&mut self.out.id);
            let Some(input) = arrivals.next(&mut self.out, &mut self.phase, &self.machine, host) else {
                return;
            };
            if self.appends {
                host.touch(self.out.task);
            }
            self.event(host, |machine, task, out| arrivals.run(input, machine, task, out));
        }
    }

    /// Runs the branches of the last event, and of these, and so on, in order.
    #[inline(always)]
    fn run_branches(&mut self, host: &mut Host<M>) {
        while let Some(branches) = self.branches.last_mut() {
            match branches.pop_front() {
                Some(hop) => self.event(host, |machine, task, out| {
                    machine.step(hop, &mut task.module, &mut task.cx, out)
                }),
                None => {
                    if let Some(empty) = self.branches.pop()
                        && self.spare_branches.len() < SPARE
                        && empty.capacity() <= KEPT
                    {
                        self.spare_branches.push(empty);
                    }
                }
            }
        }
    }

    /// Runs one event, with `body`.
    #[inline(always)]
    fn event<F>(&mut self, host: &mut Host<M>, body: F)
    where
        F: FnOnce(&K, &mut Task<M>, &mut Out<K::Hop>) -> Result<Flow, EventError>,
    {
        self.phase = Phase::Body;
        self.out.begin();
        let task = &mut host.tasks[self.out.task as usize];
        task.cx.begin();
        let mut result = body(&self.machine, task, &mut self.out);
        if host.check_wire && result.is_ok() {
            result = check_wire(&mut self.out).and(result);
        }
        match result {
            Ok(flow) => {
                if let Flow::Done(Some(value)) = flow {
                    host.returned(self.out.tree, self.out.record, value);
                }
                self.phase = Phase::Commit;
                host.tasks[self.out.task as usize].module.commit();
                self.phase = Phase::Between;
                self.dispatch(host);
            }
            Err(error) => self.fail(&error, host),
        }
    }

    /// A panic has interrupted an event.
    #[cold]
    fn recover(&mut self, error: EventError, host: &mut Host<M>) {
        match self.phase {
            Phase::Body if !host.tasks[self.out.task as usize].cx.has_succeeded() => self.fail(&error, host),
            Phase::Body | Phase::Commit => {
                tracing::error!(%error, "a value's `Drop` panicked behind the end of its event");
                let module = &mut host.tasks[self.out.task as usize].module;
                insist(|| module.commit());
                self.phase = Phase::Between;
                self.dispatch(host);
            }
            // A key's `Hash` or `Eq`, mostly: it will fail its own event.
            Phase::Ahead => self.phase = Phase::Between,
            // Not the event's fault, and what it was about to do cannot be known: no event may run on this state.
            Phase::Between => std::panic::resume_unwind(Box::new(error)),
        }
    }

    /// The running event has failed: nothing of it remains, and its record is told. Its branches are none.
    #[cold]
    fn fail(&mut self, error: &EventError, host: &mut Host<M>) {
        self.phase = Phase::Between;
        // One by one: a second panic on the way out of a first one would abort the process.
        insist(|| while self.out.drop_one() {});
        // What a panic leaves half done is undone by the rollback, so the state is whole again when it is seen next.
        let module = &mut host.tasks[self.out.task as usize].module;
        insist(|| module.rollback());
        host.failed(self.out.tree, self.out.record, error.to_string());
    }

    /// Sends on what the event emitted, as far as it has not been sent.
    #[inline(always)]
    fn dispatch(&mut self, host: &mut Host<M>) {
        if self.out.full {
            self.close(host);
        }
        if !self.out.waits.is_empty() {
            self.dispatch_waits(host);
        }
        if !self.out.here.is_empty() {
            let spare = self.spare_branches.pop().unwrap_or_default();
            self.branches.push(std::mem::replace(&mut self.out.here, spare));
        }
    }

    /// Closes the batch for a thread.
    fn close_one(&mut self, thread: usize, host: &mut Host<M>) {
        let len = self.out.open[thread].len();
        if len > 0 {
            let mut envelopes = self.spare.pop().unwrap_or_default();
            std::mem::swap(&mut *envelopes, &mut self.out.open[thread]);
            envelopes.close(thread != host.index as usize);
            host.counters.hops = host.counters.hops.wrapping_add(len as u64);
            host.outboxes[thread].batches.push(Batch {
                program: self.index,
                envelopes,
                len,
            });
        }
    }

    #[cold]
    fn dispatch_waits(&mut self, host: &mut Host<M>) {
        for emit in std::mem::take(&mut self.out.waits) {
            self.dispatch_wait(emit, host);
        }
    }

    /// What waits, or goes on here.
    fn dispatch_wait(&mut self, emit: Emit<K::Hop>, host: &mut Host<M>) {
        let Out { tree, record, task, .. } = self.out;
        match emit {
            Emit::Hop {
                route: Route::Task(_) | Route::Here,
                hop,
            } => self.out.here.push_back(hop),
            Emit::Hop {
                route: Route::Yield,
                hop,
            } => {
                if host.overtime() {
                    let place = Place {
                        thread: host.index,
                        local: task,
                    };
                    self.out.send(place, hop);
                    // Not a partitioner's.
                    host.counters.hops = host.counters.hops.wrapping_sub(1);
                } else {
                    self.out.here.push_back(hop);
                }
            }
            Emit::AfterAppend { depot, hop } => {
                let envelope = self.out.envelope(task, hop);
                let id = envelope.id;
                let batch = Batch::alone(self.index, tree, envelope);
                let waiting = Waiting {
                    tree,
                    record,
                    id,
                    batch,
                };
                if let Err(error) = host.wait_for_append(task, depot, waiting) {
                    self.lose(id, error, host);
                }
            }
            Emit::External(future) => {
                let (index, id) = (self.index, self.out.take_id());
                let spawned = host.spawn_external(future, tree, record, id, move |hop| {
                    let envelope = Envelope { task, record, id, hop };
                    Batch::alone(index, tree, envelope)
                });
                if let Err(error) = spawned {
                    self.lose(id, &error.to_string(), host);
                }
            }
        }
    }

    /// What the event sent with that id cannot go on. The id is folded with the event's others: by itself it could seem to
    /// be the tree's last one.
    #[cold]
    fn lose(&mut self, id: u64, error: &str, host: &mut Host<M>) {
        host.failed(self.out.tree, self.out.record, error.to_owned());
        self.out.word ^= id;
    }
}

impl<M: Module, K: Machine<M>> Program<M> for Compiled<M, K> {
    fn attach(&mut self, index: usize, host: &Host<M>, seed: u64) {
        self.index = index;
        let layout = &host.shared.layout;
        self.out = Out::new(layout.places.clone(), layout.threads as usize, Rng::new(seed));
        // Of a machine that says nothing of its segments, nothing is known.
        let topology = M::DESCRIPTOR.topologies.get(index);
        let may = |what: fn(&HopDescriptor) -> bool| {
            topology.is_none_or(|topology| {
                let mut hops = topology.segments.iter().flat_map(|segment| segment.hops);
                topology.segments.is_empty() || hops.any(what)
            })
        };
        self.appends = may(|hop| hop.appends.is_some());
        self.yields = may(|hop| hop.operation == "yield_if_overtime");
    }

    fn run(&mut self, envelopes: Box<dyn Any + Send>, host: &mut Host<M>) {
        let Ok(mut batch) = envelopes.downcast::<Envelopes<K::Hop>>() else {
            tracing::error!("a batch reached another topology than its own");
            return;
        };
        batch.open();
        let Envelopes { runs, envelopes, .. } = &mut *batch;
        let mut hops = Hops {
            runs: runs.drain(..).peekable(),
            len: envelopes.len(),
            envelopes: envelopes.drain(..),
            left: 0,
            prepared: 0,
            found: [0; AHEAD],
        };
        self.drive(&mut hops, host);
        drop(hops);
        batch.clear();
        if self.spare.len() < SPARE {
            self.spare.push(batch);
        }
    }

    fn start(&mut self, source: usize, task: u32, flight: Flight, host: &mut Host<M>) -> u64 {
        let sent = |out: &Out<K::Hop>, host: &Host<M>| host.counters.hops.wrapping_add(out.waiting() as u64);
        let before = sent(&self.out, host);
        let Flight { tree, first, count } = flight;
        self.out.visit(tree);
        (self.out.task, self.out.id, self.out.word) = (task, 0, 0);
        let mut records = Records {
            source,
            first,
            left: 0..count,
        };
        self.drive(&mut records, host);
        sent(&self.out, host).wrapping_sub(before)
    }

    fn close(&mut self, host: &mut Host<M>) {
        self.out.full = false;
        for thread in 0..self.out.open.len() {
            self.close_one(thread, host);
        }
    }

    fn dead_letter(&mut self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool {
        self.machine.dead_letter(source, offset, failure, module)
    }
}
