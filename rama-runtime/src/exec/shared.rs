//! What the clients and all threads of a launched module share.

use super::epoch::{Epochs, ToCommitter};
use super::{Gauges, Layout, Message, discard};
use crate::client::Pending;
use crate::env::{Clock, Env, Externals};
use crate::error::{Error, Result};
use crate::group::store::Migrating;
use crate::group::{Recovery, StorageError};
use crate::module::Module;
use crossbeam_channel::Sender;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// One launched module.
pub(crate) struct Shared<M: Module> {
    pub(crate) layout: Layout,
    senders: Vec<Sender<Message<M>>>,
    pub(crate) pending: Pending,
    /// A depot partition's room for records that are not processed: `[depot][task]`.
    permits: Vec<Vec<Semaphore>>,
    /// Where the next record of a randomly partitioned depot goes.
    turns: Vec<AtomicU32>,
    pub(crate) gauges: Vec<Gauges>,
    pub(crate) env: Env,
    pub(crate) externals: Arc<Externals>,
    closed: AtomicBool,
    stopped_threads: AtomicUsize,
    /// Of a durable module.
    pub(crate) epochs: Option<Epochs>,
    /// Why it ended, if it did so by itself.
    failure: OnceLock<Error>,
    /// What the opening of its folder came to.
    recovery: OnceLock<Recovery>,
    /// Where values of PStates are of an earlier type.
    migrating: OnceLock<Arc<Migrating>>,
}

impl<M: Module> Shared<M> {
    pub(crate) fn new(
        layout: Layout,
        senders: Vec<Sender<Message<M>>>,
        env: Env,
        externals: Arc<Externals>,
        epochs: Option<Epochs>,
    ) -> Self {
        let mut rng = env.rng();
        let backlog = layout.limits.max_backlog.max(1) as usize;
        let permits = layout
            .depots
            .iter()
            .map(|_| (0..layout.tasks).map(|_| Semaphore::new(backlog)).collect())
            .collect();
        Shared {
            // The lowest bits of a random number are as good as any.
            turns: layout
                .depots
                .iter()
                .map(|_| AtomicU32::new(rng.next_u64() as u32))
                .collect(),
            gauges: senders.iter().map(|_| Gauges::default()).collect(),
            layout,
            senders,
            pending: Pending::default(),
            permits,
            env,
            externals,
            closed: AtomicBool::new(false),
            stopped_threads: AtomicUsize::new(0),
            epochs,
            failure: OnceLock::new(),
            recovery: OnceLock::new(),
            migrating: OnceLock::new(),
        }
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        self.env.clock()
    }

    /// Sends to a thread, in the order of calls. Fails when it has stopped.
    pub(crate) fn send(&self, thread: u32, message: Message<M>) -> Result<()> {
        let sender = self.senders.get(thread as usize).ok_or(Error::ShutDown)?;
        sender.send(message).map_err(|refused| {
            discard(refused);
            self.ended()
        })
    }

    /// Sends to the thread of a task.
    pub(crate) fn send_to_task(&self, task: u32, message: impl FnOnce(u32) -> Message<M>) -> Result<()> {
        let place = self.layout.places.get(task as usize);
        let place = place.ok_or(Error::NoSuchTask {
            task,
            tasks: self.layout.tasks,
        })?;
        self.send(place.thread, message(place.local))
    }

    /// The partition's room.
    pub(crate) fn room(&self, depot: usize, task: u32) -> Option<&Semaphore> {
        self.permits.get(depot)?.get(task as usize)
    }

    /// The first of the next `count` partitions, round robin, for records that may go anywhere. `count` is at most the
    /// number of tasks.
    pub(crate) fn any_task(&self, depot: usize, count: u32) -> u32 {
        let turn = self
            .turns
            .get(depot)
            .map_or(0, |turn| turn.fetch_add(count, Ordering::Relaxed));
        turn & (self.layout.tasks - 1)
    }

    /// The module's folder is open, and its threads run.
    pub(crate) fn recovered(&self, recovery: Recovery) {
        tracing::info!(module = M::DESCRIPTOR.name, ?recovery, "a durable module is open");
        if recovery.torn_bytes > 0 {
            tracing::warn!(
                module = M::DESCRIPTOR.name,
                bytes = recovery.torn_bytes,
                "the log ended with an incomplete commit, as a crash leaves it; nobody had been told of it"
            );
        }
        let _ = self.recovery.set(recovery);
    }

    /// What the opening of its folder came to, if it has one.
    pub(crate) fn recovery(&self) -> Option<Recovery> {
        self.recovery.get().copied()
    }

    /// Values of its PStates are of an earlier type.
    pub(crate) fn migrates(&self, migrating: Arc<Migrating>) {
        let _ = self.migrating.set(migrating);
    }

    /// The PStates of which values of an earlier type may be stored.
    pub(crate) fn migrating(&self) -> Vec<&'static str> {
        let (Some(migrating), Some(epochs)) = (self.migrating.get(), &self.epochs) else {
            return Vec::new();
        };
        let numbers: Vec<u16> = migrating.under_way().collect();
        let pstates = M::DESCRIPTOR.pstates.iter().zip(&epochs.numbers.pstates);
        pstates
            .filter(|(_, number)| numbers.contains(number))
            .map(|(pstate, _)| pstate.name)
            .collect()
    }

    /// The error of whoever is not answered any more.
    #[cold]
    pub(crate) fn ended(&self) -> Error {
        self.failure.get().cloned().unwrap_or(Error::ShutDown)
    }

    /// What the module does can no longer be made durable, so it ends at once: nothing more is acknowledged, and whoever waits
    /// is told.
    #[cold]
    pub(crate) fn fail(&self, error: impl Into<StorageError>) {
        let error = error.into();
        let module = M::DESCRIPTOR.name;
        tracing::error!(module, %error, "the module cannot store anything any more");
        // The first one counts: others follow from it.
        let _ = self.failure.set(Error::Storage { module, error });
        self.close();
        self.tell_all(|| Message::Stop);
        self.pending.abandon();
    }

    /// Whether new appends are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Refuses new appends, also those that wait for room, and stops the ticks.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for room in self.permits.iter().flatten() {
            room.close();
        }
        self.tell_all(|| Message::Close);
    }

    /// Sends to every thread that still runs.
    pub(crate) fn tell_all(&self, mut message: impl FnMut() -> Message<M>) {
        for sender in &self.senders {
            // A thread that has stopped needs nothing any more.
            let _ = sender.send(message());
        }
    }

    /// A thread has stopped, and its inbox is gone. After the last one nobody will answer, so whoever waits is told.
    ///
    /// Where it did not stop in order, its tasks are lost, and with them whatever waits for them on other threads: then
    /// the whole module ends, and everybody who waits is told at once.
    pub(crate) fn thread_stopped(&self, in_order: bool) {
        if !in_order {
            self.close();
            self.tell_all(|| Message::Stop);
            self.pending.abandon();
        }
        if self.stopped_threads.fetch_add(1, Ordering::AcqRel) + 1 == self.senders.len() {
            if let Some(epochs) = &self.epochs {
                // What is on its way to the committer is still committed, and answered.
                let _ = epochs.committer.send(ToCommitter::End);
            } else {
                self.pending.abandon();
            }
        }
    }
}
