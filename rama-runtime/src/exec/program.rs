//! A compiled topology at work on one thread: the typed half of the runtime.

use super::batch::{BATCH, Batch, Envelope, TreeRef};
use super::dispatch::check_wire;
use super::guard::{attempt, insist};
use super::host::Host;
use super::slots::Waiting;
use crate::depot::Failure;
use crate::module::Module;
use crate::topology::{Emit, EventError, Flow, Machine, Out, Route};
use std::any::Any;

/// A record to start: its tree, its root event's id, and where it stands.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
pub struct Started {
    pub(crate) tree: TreeRef,
    pub(crate) id: u64,
    pub(crate) offset: u64,
}

/// A compiled topology as the runtime knows it: called once a batch, whatever its hop type. Made by [`program`].
#[doc(hidden)]
pub trait Program<M: Module>: Send + 'static {
    /// Tells it its place among the module's topologies, and how many threads there are. Called once, first.
    fn attach(&mut self, index: usize, threads: usize);

    /// Runs the hops of a batch, in order.
    fn run(&mut self, envelopes: Box<dyn Any + Send>, host: &mut Host<M>);

    /// Starts records of one source on one task, in order.
    fn start(&mut self, source: usize, task: u32, records: &[Started], host: &mut Host<M>);

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
        out: Out::default(),
        open: Vec::new(),
        stack: Vec::new(),
        spare: Vec::new(),
        module: std::marker::PhantomData,
    })
}

/// How many emptied batches are kept for use again.
const SPARE: usize = 16;

type Envelopes<H> = Vec<Envelope<H>>;

struct Compiled<M: Module, K: Machine<M>> {
    machine: K,
    index: usize,
    out: Out<K::Hop>,
    /// The batch being filled, by receiving thread.
    open: Vec<Option<Box<Envelopes<K::Hop>>>>,
    /// What runs next, before the queue: the last one first.
    stack: Envelopes<K::Hop>,
    #[expect(
        clippy::vec_box,
        reason = "a batch travels in its box, and the box is what is used again"
    )]
    spare: Vec<Box<Envelopes<K::Hop>>>,
    module: std::marker::PhantomData<fn(M)>,
}

impl<M: Module, K: Machine<M>> Compiled<M, K> {
    /// Puts a hop into the batch for that thread.
    #[inline]
    fn send(&mut self, thread: u32, envelope: Envelope<K::Hop>, host: &mut Host<M>) {
        let open = &mut self.open[thread as usize];
        let batch = open.get_or_insert_with(|| self.spare.pop().unwrap_or_default());
        batch.push(envelope);
        if batch.len() >= BATCH {
            self.close_one(thread as usize, host);
        }
    }

    fn close_one(&mut self, thread: usize, host: &mut Host<M>) {
        if let Some(envelopes) = self.open[thread].take() {
            let len = envelopes.len();
            host.outboxes[thread].batches.push(Batch {
                program: self.index,
                envelopes,
                len,
            });
        }
    }

    fn alone(&self, envelope: Envelope<K::Hop>) -> Batch {
        Batch {
            program: self.index,
            envelopes: Box::new(vec![envelope]),
            len: 1,
        }
    }

    /// Runs one event, with `body`, and what follows on the same task before anything queued.
    #[inline]
    fn event<F>(&mut self, task: u32, tree: TreeRef, id: u64, host: &mut Host<M>, body: F)
    where
        F: FnOnce(&K, &mut super::host::Task<M>, &mut Out<K::Hop>) -> Result<Flow, EventError>,
    {
        host.touch(task);
        let entry = &mut host.tasks[task as usize];
        let (machine, out, wire) = (&self.machine, &mut self.out, host.check_wire);
        // What a panic leaves half done is undone by the rollback, so the state is whole again when it is seen next.
        let result = attempt(|| {
            let flow = body(machine, entry, out)?;
            if wire {
                check_wire(out)?;
            }
            Ok(flow)
        })
        .and_then(|result| result);
        match result {
            Ok(flow) => {
                let module = &mut host.tasks[task as usize].module;
                insist(|| module.commit());
                self.dispatch(task, tree, id, flow, host);
            }
            Err(error) => {
                let (out, module) = (&mut self.out, &mut host.tasks[task as usize].module);
                // One by one: a second panic on the way out of a first one would abort the process.
                let mut emits = out.drain();
                insist(|| emits.by_ref().for_each(drop));
                drop(emits);
                insist(|| module.rollback());
                host.fail_event(tree, id, error.to_string());
            }
        }
    }

    /// Sends on what the event emitted. The first emit takes over the event's id.
    #[inline]
    fn dispatch(&mut self, task: u32, tree: TreeRef, id: u64, flow: Flow, host: &mut Host<M>) {
        if let Flow::Done(Some(value)) = flow {
            host.returned(tree, value);
        }
        if self.out.is_empty() {
            host.fold(tree, id);
            return;
        }
        let base = self.stack.len();
        let mut inherited = Some(id);
        let mut word = 0;
        let mut out = std::mem::take(&mut self.out);
        for emit in out.drain() {
            let id = inherited.take().unwrap_or_else(|| {
                let fresh = host.fresh_id();
                word ^= fresh;
                fresh
            });
            match emit {
                Emit::Hop {
                    route: Route::Task(to),
                    hop,
                } => {
                    host.counters.hops += 1;
                    let place = host.places[to as usize];
                    self.send(
                        place.thread,
                        Envelope {
                            task: place.local,
                            tree,
                            id,
                            hop,
                        },
                        host,
                    );
                }
                Emit::Hop {
                    route: Route::Here,
                    hop,
                } => self.stack.push(Envelope { task, tree, id, hop }),
                Emit::Hop {
                    route: Route::Yield,
                    hop,
                } => {
                    let envelope = Envelope { task, tree, id, hop };
                    if host.overtime() {
                        self.send(host.index, envelope, host);
                    } else {
                        self.stack.push(envelope);
                    }
                }
                Emit::AfterAppend { depot, hop } => {
                    let batch = self.alone(Envelope { task, tree, id, hop });
                    host.wait_for_append(task, depot, Waiting { tree, id, batch });
                }
                Emit::External(future) => {
                    let index = self.index;
                    host.spawn_external(future, tree, id, move |hop| Batch {
                        program: index,
                        envelopes: Box::new(vec![Envelope { task, tree, id, hop }]),
                        len: 1,
                    });
                }
            }
        }
        self.out = out;
        // The stack is taken from its end.
        self.stack[base..].reverse();
        if word != 0 {
            host.fold(tree, word);
        }
    }

    /// Runs everything that comes before the queue.
    #[inline]
    fn drain_stack(&mut self, host: &mut Host<M>) {
        while let Some(envelope) = self.stack.pop() {
            self.step(envelope, host);
        }
    }

    #[inline]
    fn step(&mut self, envelope: Envelope<K::Hop>, host: &mut Host<M>) {
        let Envelope { task, tree, id, hop } = envelope;
        self.event(task, tree, id, host, |machine, task, out| {
            machine.step(hop, &mut task.module, &mut task.cx, out)
        });
    }
}

impl<M: Module, K: Machine<M>> Program<M> for Compiled<M, K> {
    fn attach(&mut self, index: usize, threads: usize) {
        self.index = index;
        self.open.resize_with(threads, || None);
    }

    fn run(&mut self, envelopes: Box<dyn Any + Send>, host: &mut Host<M>) {
        let Ok(mut envelopes) = envelopes.downcast::<Envelopes<K::Hop>>() else {
            tracing::error!("a batch reached another topology than its own");
            return;
        };
        for envelope in envelopes.drain(..) {
            self.step(envelope, host);
            self.drain_stack(host);
        }
        if self.spare.len() < SPARE {
            self.spare.push(envelopes);
        }
    }

    fn start(&mut self, source: usize, task: u32, records: &[Started], host: &mut Host<M>) {
        for &Started { tree, id, offset } in records {
            self.event(task, tree, id, host, |machine, task, out| {
                machine.start(source, offset, &mut task.module, &mut task.cx, out)
            });
            self.drain_stack(host);
        }
    }

    fn close(&mut self, host: &mut Host<M>) {
        for thread in 0..self.open.len() {
            self.close_one(thread, host);
        }
    }

    fn dead_letter(&mut self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool {
        self.machine.dead_letter(source, offset, failure, module)
    }
}
