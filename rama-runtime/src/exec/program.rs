//! A compiled topology at work on one thread: the typed half of the runtime.

use super::arrivals::{Arrivals, Begin, Hops, Records};
use super::batch::Batch;
use super::epoch::{PlannedRun, RunWriter};
use super::external::External;
use super::guard::{attempt, discard, insist};
use super::host::{Host, Task};
use super::phase::Phase;
use super::slots::Waiting;
use crate::depot::Failure;
use crate::env::Rng;
use crate::group::StoreError;
use crate::module::Module;
use crate::topology::{
    Emit, Envelope, Envelopes, EventError, Flow, Machine, Out, Place, Route, TreeRef, Wire, check_wire,
};
use std::any::Any;
use std::collections::VecDeque;

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

    /// Writes down the hops of a batch that waits.
    ///
    /// # Errors
    /// When a value's own `Serialize` fails.
    fn store(&self, envelopes: &mut (dyn Any + Send), host: &Host<M>, writer: RunWriter<'_>) -> Result<(), StoreError>;

    /// The batch of these hops, for tasks of this thread: their places there, their records' places in the flight, and their
    /// encoding.
    ///
    /// # Errors
    /// When the bytes are not hops of this topology.
    fn restore(&self, run: &PlannedRun) -> Result<Batch, StoreError>;

    /// What hops of this topology, which is number `index` of the module's, look like when they are encoded. Another program
    /// whose fingerprint is the same can read them.
    fn fingerprint(&self, index: usize) -> u64;
}

/// Makes the program of a compiled topology.
pub fn program<M: Module, K: Machine<M>>(machine: K) -> Box<dyn Program<M>> {
    Box::new(Compiled {
        machine,
        index: 0,
        out: Out::new(Vec::new(), 0, Rng::new(0), false),
        spare: Vec::new(),
        branches: Vec::new(),
        spare_branches: Vec::new(),
        phase: Phase::Between,
        yields: true,
        is_durable: false,
        made_from: None,
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
    /// Whether its events may yield, so that the time they take matters.
    yields: bool,
    /// Whether the module is durable.
    is_durable: bool,
    /// Of a durable module: the hop that has begun the running event, encoded, if that makes a future.
    made_from: Option<Vec<u8>>,
    module: std::marker::PhantomData<fn(M)>,
}

/// How many emptied buffers of a kind are kept for use again.
const SPARE: usize = 64;
/// A buffer of branches that has grown beyond this is not kept.
const KEPT: usize = 1 << 14;

impl<M: Module, K: Machine<M>> Compiled<M, K> {
    /// Runs everything that has arrived, each event with what follows from it on the same task before anything queued. A
    /// panic is caught here, once for all events; it fails the event that it interrupts, and no other.
    fn drive(&mut self, mut arrivals: Arrivals<'_, K::Hop>, host: &mut Host<M>) {
        if self.yields {
            host.begin_event();
        }
        while let Err(error) = attempt(|| self.events(&mut arrivals, host)) {
            self.recover(error, host);
        }
        host.fold(self.out.tree, self.out.leave());
    }

    /// The loop that everything runs in. An event that does nothing but write, and perhaps go on elsewhere, is over here; whatever
    /// else one may do is in [`end`](Self::end). It is the only place that calls the machine, so the machine's code is here, too.
    fn events(&mut self, arrivals: &mut Arrivals<'_, K::Hop>, host: &mut Host<M>) {
        self.phase = Phase::Body;
        loop {
            // Branches first, also those of an event before a panic.
            let input = match self.branches.last_mut() {
                None => match arrivals {
                    Arrivals::Hops(hops) => hops
                        .next(&mut self.out, &mut self.phase, &self.machine, host)
                        .map(Begin::Hop),
                    Arrivals::Records(Records { source, first, left }) => left.next().map(|place| {
                        self.out.record = place;
                        Begin::Record {
                            source: *source,
                            offset: *first + u64::from(place),
                        }
                    }),
                },
                Some(branches) => match branches.pop_front() {
                    Some(hop) => Some(Begin::Here(hop)),
                    None => {
                        self.branches_done();
                        continue;
                    }
                },
            };
            let Some(mut input) = input else {
                self.phase = Phase::Between;
                return;
            };
            if K::Hop::MAKES_FUTURES
                && self.is_durable
                && let Err(error) = self.keep(&input, host)
            {
                discard(input);
                self.fail(&error, host);
                continue;
            }
            let task = &mut host.tasks[self.out.task as usize];
            task.cx.begin();
            if K::PREPARES
                && let (Begin::Hop(hop), Arrivals::Hops(hops)) = (&input, &*arrivals)
            {
                hops.expect(&self.machine, &task.module, hop, &mut host.found);
            }
            loop {
                let Task { module, cx, .. } = task;
                let result = match input {
                    Begin::Record { source, offset } => self.machine.start(source, offset, module, cx, &mut self.out),
                    Begin::Hop(hop) | Begin::Here(hop) => self.machine.step(hop, module, cx, &mut self.out),
                };
                // Taken apart, and put together again where that is rare: so it stays in registers.
                match result {
                    Ok(Flow::Jump(hop)) => {
                        input = Begin::Here(hop);
                        continue;
                    }
                    Ok(Flow::Hop(route, hop)) => match route {
                        Route::Task(to) if !self.out.busy => {
                            self.out.finish_at(to, hop);
                            self.commit(task);
                            if self.out.busy {
                                self.dispatch(host);
                            }
                        }
                        route => self.end(Flow::Hop(route, hop), host),
                    },
                    Ok(Flow::Done(value)) => {
                        if value.is_none() && !self.out.busy {
                            self.commit(task);
                        } else {
                            self.end(Flow::Done(value), host);
                        }
                    }
                    Ok(Flow::Moved) => self.end(Flow::Moved, host),
                    Err(error) => self.fail(&error, host),
                }
                break;
            }
        }
    }

    /// Keeps what begins the running event, if that makes a future: before it runs, as it uses that up.
    #[inline(never)]
    fn keep(&mut self, input: &Begin<K::Hop>, host: &mut Host<M>) -> Result<(), EventError> {
        // A `Serialize` that panics fails this event, not the one before.
        host.tasks[self.out.task as usize].cx.begin();
        self.made_from = match input {
            Begin::Hop(hop) | Begin::Here(hop) if hop.makes_future() => {
                let mut bytes = Vec::new();
                hop.encode(&mut bytes)?;
                Some(bytes)
            }
            _ => None,
        };
        Ok(())
    }

    /// The event has succeeded.
    #[inline(always)]
    fn commit(&mut self, task: &mut Task<M>) {
        self.phase = Phase::Commit;
        task.module.commit();
        self.phase = Phase::Body;
    }

    /// The innermost branches have run.
    fn branches_done(&mut self) {
        if let Some(empty) = self.branches.pop()
            && self.spare_branches.len() < SPARE
            && empty.capacity() <= KEPT
        {
            self.spare_branches.push(empty);
        }
    }

    /// An event has succeeded, and there is more to do than to commit it.
    #[inline(never)]
    fn end(&mut self, mut flow: Flow<K::Hop>, host: &mut Host<M>) {
        if self.out.checks_wire
            && let Err(error) = check_wire(&mut self.out, &mut flow)
        {
            // First, while it is the event's own work: its `Drop` may panic.
            discard(flow);
            self.fail(&error, host);
        } else {
            match flow {
                Flow::Hop(route, hop) => self.out.finish(route, hop),
                Flow::Done(Some(value)) => host.returned(self.out.tree, self.out.record, value),
                // Jumps have been followed.
                Flow::Done(None) | Flow::Moved | Flow::Jump(_) => {}
            }
            self.commit(&mut host.tasks[self.out.task as usize]);
            self.dispatch(host);
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
                self.dispatch(host);
            }
            // A key's `Hash` or `Eq`, mostly: it will fail its own event.
            Phase::Ahead => {}
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
        self.out.settled();
        // What a panic leaves half done is undone by the rollback, so the state is whole again when it is seen next.
        let module = &mut host.tasks[self.out.task as usize].module;
        insist(|| module.rollback());
        host.failed(self.out.tree, self.out.record, error.to_string());
        self.phase = Phase::Body;
    }

    /// Sends on what the event emitted, as far as it has not been sent.
    fn dispatch(&mut self, host: &mut Host<M>) {
        self.phase = Phase::Between;
        // It may have appended: that is always awaited.
        host.touch(self.out.task);
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
        self.out.settled();
        self.phase = Phase::Body;
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
                let id = self.out.take_id();
                let batch = Batch::alone(self.index, tree, id, self.out.envelope(task, hop));
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
                let made_from = self.made_from.take();
                if self.is_durable && made_from.is_none() {
                    discard(future);
                    let error = "a future was made by an event that does not say so, and could not be made again";
                    return self.lose(id, error, host);
                }
                let event = External {
                    tree,
                    record,
                    program: index,
                    task,
                    made_from: made_from.unwrap_or_default(),
                };
                let spawned = host.spawn_external(future, id, event, move |hop| {
                    let envelope = Envelope { task, record, hop };
                    Batch::alone(index, tree, id, envelope)
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
        self.out.take_back(id);
    }
}

impl<M: Module, K: Machine<M>> Program<M> for Compiled<M, K> {
    fn attach(&mut self, index: usize, host: &Host<M>, seed: u64) {
        self.index = index;
        self.is_durable = host.durable.is_some();
        let layout = &host.shared.layout;
        self.out = Out::new(
            layout.places.clone(),
            layout.threads as usize,
            Rng::new(seed),
            host.check_wire,
        );
        // Of a machine that says nothing of its segments, nothing is known.
        self.yields = M::DESCRIPTOR.topologies.get(index).is_none_or(|topology| {
            let mut hops = topology.segments.iter().flat_map(|segment| segment.hops);
            topology.segments.is_empty() || hops.any(|hop| hop.operation == "yield_if_overtime")
        });
    }

    fn run(&mut self, envelopes: Box<dyn Any + Send>, host: &mut Host<M>) {
        let Ok(mut batch) = envelopes.downcast::<Envelopes<K::Hop>>() else {
            tracing::error!("a batch reached another topology than its own");
            return;
        };
        batch.open();
        let Envelopes { runs, envelopes, .. } = &mut *batch;
        let hops = Hops::of(runs, envelopes);
        self.drive(Arrivals::Hops(hops), host);
        batch.clear();
        if self.spare.len() < SPARE {
            self.spare.push(batch);
        }
    }

    fn start(&mut self, source: usize, task: u32, flight: Flight, host: &mut Host<M>) -> u64 {
        let sent = |out: &Out<K::Hop>, host: &Host<M>| host.counters.hops.wrapping_add(out.waiting() as u64);
        let before = sent(&self.out, host);
        let Flight { tree, first, count } = flight;
        self.out.visit(tree, 0);
        self.out.task = task;
        let records = Records {
            source,
            first,
            left: 0..count,
        };
        self.drive(Arrivals::Records(records), host);
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

    fn store(
        &self,
        envelopes: &mut (dyn Any + Send),
        host: &Host<M>,
        mut writer: RunWriter<'_>,
    ) -> Result<(), StoreError> {
        let Some(batch) = envelopes.downcast_mut::<Envelopes<K::Hop>>() else {
            return Ok(());
        };
        // Their texts may be elsewhere.
        batch.open();
        batch.clear();
        let ends = batch.runs.iter().skip(1).map(|run| run.first);
        let ends = ends.chain(std::iter::once(batch.envelopes.len()));
        for (run, end) in batch.runs.iter().zip(ends) {
            let envelopes = batch.envelopes.get(run.first..end).unwrap_or_default();
            writer.begin(run.tree, envelopes.len())?;
            for Envelope { task, record, hop } in envelopes {
                let task = host.tasks.get(*task as usize).map_or(u32::MAX, |task| task.id);
                writer.hop(task, *record, |out| {
                    hop.encode(out).map_err(|error| StoreError::Value {
                        reason: error.to_string(),
                    })
                })?;
            }
        }
        Ok(())
    }

    fn restore(&self, run: &PlannedRun) -> Result<Batch, StoreError> {
        let mut envelopes = Envelopes::<K::Hop>::default();
        envelopes.begin(1, run.tree, run.id);
        for (task, record, bytes) in &run.hops {
            let mut input = bytes.as_slice();
            let hop = K::Hop::decode(&mut input).map_err(|error| StoreError::Damaged {
                reason: error.to_string(),
            })?;
            if !input.is_empty() {
                return Err(StoreError::Damaged {
                    reason: "bytes stand behind a hop".to_owned(),
                });
            }
            envelopes.push(Envelope {
                task: *task,
                record: *record,
                hop,
            });
        }
        envelopes.close(false);
        Ok(Batch {
            program: self.index,
            len: run.hops.len(),
            envelopes: Box::new(envelopes),
        })
    }

    fn fingerprint(&self, index: usize) -> u64 {
        // Names of types and variables, in order of declaration: all that decides the encoding but the types' own `Serialize`.
        let hop = std::any::type_name::<K::Hop>();
        let scopes = M::DESCRIPTOR.topologies.get(index).map(|topology| {
            let scopes = topology.segments.iter().map(|segment| segment.scope);
            scopes.collect::<Vec<_>>()
        });
        xxhash_rust::xxh3::xxh3_64(format!("{hop} {scopes:?}").as_bytes())
    }
}
