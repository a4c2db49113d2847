//! The handle of a launched module.

use super::settled;
use crate::error::{Error, Result};
use crate::exec::{Counters, Message, Shared, attempt, insist};
use crate::group::Recovery;
use crate::key;
use crate::module::Module;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A launched module, untyped beyond its type: what the generated client stands on. Clones are the same module.
///
/// It does not keep the module running: when the cluster is gone, everything is answered by [`Error::ShutDown`].
pub struct App<M: Module> {
    shared: Arc<Shared<M>>,
}

impl<M: Module> Clone for App<M> {
    fn clone(&self) -> Self {
        App {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<M: Module> std::fmt::Debug for App<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let layout = &self.shared.layout;
        f.debug_struct("App")
            .field("module", &M::DESCRIPTOR.name)
            .field("tasks", &layout.tasks)
            .field("threads", &layout.threads)
            .finish_non_exhaustive()
    }
}

impl<M: Module> App<M> {
    pub(crate) fn new(shared: Arc<Shared<M>>) -> Self {
        App { shared }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<M>> {
        &self.shared
    }

    /// How many tasks the module has: a power of two, fixed.
    #[must_use]
    pub fn tasks(&self) -> u32 {
        self.shared.layout.tasks
    }

    /// On how many threads the tasks run.
    #[must_use]
    pub fn threads(&self) -> u32 {
        self.shared.layout.threads
    }

    /// What the module has done and has to do. Numbers of a thread are at most one turn old; those that lead to an ack are
    /// in before the ack leaves. Costs a few loads a thread.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::read(&self.shared.gauges)
    }

    /// What the opening of the module's folder came to; `None` where everything is in memory.
    #[must_use]
    pub fn recovery(&self) -> Option<Recovery> {
        self.shared.recovery()
    }

    /// The PStates of which values of an earlier type are still stored, in the order of their declaration: those with
    /// `#[migrate(with = path)]`, from when the module is first launched with it until all values have been made anew, in the
    /// background, and are durable. When it names a PState no longer, a later version need not declare its migration any more, and may
    /// declare the next one. See [`durability`](crate::durability#changing-a-module).
    ///
    /// A PState that it goes on naming holds values for which the migration fails; the log says so.
    #[must_use]
    pub fn migrating(&self) -> Vec<&'static str> {
        self.shared.migrating()
    }

    /// Numbers, without end, whose owner is `task`: keys for tests. Of an id out of range, none.
    pub fn keys_for_task(&self, task: u32) -> impl Iterator<Item = u64> + use<M> {
        key::numbers_owned_by(task, self.tasks())
    }

    /// Runs `read` on the view of `task`, between two events, and hands back its result. It is sent at once, behind
    /// everything this thread has sent to that task, and is run even if the future is dropped. Sees what events have
    /// committed, and nothing else.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`]; [`Error::ReadPanicked`] when `read` panics, and [`Error::Storage`] when it needs what the store cannot
    /// read, neither of which harms anybody else; [`Error::ShutDown`].
    pub fn ask<R, F>(&self, task: u32, read: F) -> impl Future<Output = Result<R>> + Send + 'static + use<M, R, F>
    where
        R: Send + 'static,
        F: FnOnce(&mut M) -> R + Send + 'static,
    {
        let (answer, wait) = oneshot::channel::<Result<R>>();
        let ask = move |module: &mut M| {
            // What is asked leaves no state half changed; the rollback is for what a cursor may have staged.
            let result = attempt(|| read(module)).map_err(|error| {
                insist(|| module.rollback());
                match error.store() {
                    Some(store) => Error::Storage {
                        module: M::DESCRIPTOR.name,
                        error: store.clone().into(),
                    },
                    None => Error::ReadPanicked {
                        message: error.to_string(),
                    },
                }
            });
            let send: Box<dyn FnOnce() + Send> = Box::new(move || {
                // Whoever asked may not care any more.
                let _ = answer.send(result);
            });
            send
        };
        let sent = self.shared.send_to_task(task, |local| Message::Ask {
            task: local,
            ask: Box::new(ask),
        });
        let shared = Arc::clone(&self.shared);
        async move {
            sent?;
            wait.await.unwrap_or_else(|_| Err(shared.ended()))
        }
    }

    /// Waits until everything appended so far is processed: by clients before this call, and by topologies that process
    /// it. Records behind a halted source are not waited for. Nothing is polled: the task threads tell.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub fn settled(&self) -> impl Future<Output = Result<()>> + Send + 'static + use<M> {
        settled::settled(Arc::clone(&self.shared))
    }
}
