//! A compiled topology at work on one thread: the typed half of the runtime.

use super::arrivals::{Arrivals, Hops, Records};
use super::batch::Batch;
use super::epoch::{PlannedRun, RunWriter};
use super::events::{KEPT, SPARE};
use super::external::External;
use super::guard::discard;
use super::host::Host;
use super::phase::Phase;
use super::slots::Waiting;
use crate::depot::Failure;
use crate::env::Rng;
use crate::group::StoreError;
use crate::module::Module;
use crate::topology::{BATCH, Emit, Envelope, Envelopes, Machine, Out, Place, Route, TreeRef, Wire};
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
        jumped: None,
        branches: Vec::new(),
        spare_branches: Vec::new(),
        phase: Phase::Between,
        yields: true,
        is_durable: false,
        made_from: None,
        module: std::marker::PhantomData,
    })
}

/// A machine at work.
pub(super) struct Compiled<M: Module, K: Machine<M>> {
    pub(super) machine: K,
    pub(super) index: usize,
    pub(super) out: Out<K::Hop>,
    #[expect(
        clippy::vec_box,
        reason = "a batch travels in its box, and the box is what is used again"
    )]
    pub(super) spare: Vec<Box<Envelopes<K::Hop>>>,
    /// Where the running event goes on.
    pub(super) jumped: Option<K::Hop>,
    /// What runs next, before anything queued: branches of the running event, those of the innermost one last.
    pub(super) branches: Vec<VecDeque<K::Hop>>,
    pub(super) spare_branches: Vec<VecDeque<K::Hop>>,
    pub(super) phase: Phase,
    /// Whether its events may yield, so that the time they take matters.
    pub(super) yields: bool,
    /// Whether the module is durable.
    pub(super) is_durable: bool,
    /// Of a durable module: the hop that has begun the running event, encoded, if that makes a future.
    pub(super) made_from: Option<Vec<u8>>,
    pub(super) module: std::marker::PhantomData<fn(M)>,
}

impl<M: Module, K: Machine<M>> Compiled<M, K> {
    /// Closes the batch for a thread.
    fn close_one(&mut self, thread: usize, host: &mut Host<M>) {
        let open = &mut self.out.open[thread];
        // An event that makes the last few hops of a batch, and some more, is nothing special.
        if open.len() >= 2 * BATCH {
            for part in open.take_parts(BATCH) {
                self.send_batch(thread, Box::new(part), host);
            }
        } else if open.len() > 0 {
            let mut envelopes = self.spare.pop().unwrap_or_default();
            std::mem::swap(&mut *envelopes, open);
            self.send_batch(thread, envelopes, host);
        }
    }

    fn send_batch(&self, thread: usize, mut envelopes: Box<Envelopes<K::Hop>>, host: &mut Host<M>) {
        let len = envelopes.len();
        envelopes.close(thread != host.index as usize);
        host.counters.hops = host.counters.hops.wrapping_add(len as u64);
        host.outboxes[thread].batches.push(Batch {
            program: self.index,
            envelopes,
            len,
        });
    }

    #[cold]
    pub(super) fn dispatch_waits(&mut self, host: &mut Host<M>) {
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
        if self.spare.len() < SPARE && batch.envelopes.capacity() <= KEPT {
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
