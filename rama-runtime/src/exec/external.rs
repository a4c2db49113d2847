//! Futures that run elsewhere while their task goes on.
//!
//! A future cannot be stored, but what it was made from can: each is made in an event of its own, by a hop that says so
//! ([`Wire::makes_future`](crate::topology::Wire::makes_future)). Of a durable module that hop is encoded before it runs, and kept
//! while the future runs. Each cut writes it as a hop that is still to be run; after a crash it runs again.

use super::batch::Batch;
use super::guard::caught;
use super::host::Host;
use super::message::Message;
use crate::error::Result;
use crate::module::Module;
use crate::topology::TreeRef;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

/// An event that waits for a future.
pub(crate) struct External {
    pub(crate) tree: TreeRef,
    /// Its record's place in the flight.
    pub(crate) record: u32,
    /// The index of its topology.
    pub(crate) program: usize,
    /// The task's place on the thread.
    pub(crate) task: u32,
    /// The hop that the future was made from, encoded; empty in memory.
    pub(crate) made_from: Vec<u8>,
}

impl<M: Module> Host<M> {
    /// Runs `future` on the cluster's tokio runtime; what it yields resumes `event`, whose id is `id`, as the batch that `resume`
    /// makes of it. A panic in it fails the event.
    ///
    /// # Errors
    /// When there is no such runtime (any more).
    pub(super) fn spawn_external<H: 'static>(
        &mut self,
        future: Pin<Box<dyn Future<Output = H> + Send>>,
        id: u64,
        event: External,
        resume: impl FnOnce(H) -> Batch + Send + 'static,
    ) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = self.index;
        let (tree, record) = (event.tree, event.record);
        self.external_begins(id, event);
        let spawned = self.shared.externals.spawn(async move {
            let result = AssertUnwindSafe(future.map(resume)).catch_unwind().await;
            let message = match result.map_err(caught) {
                Ok(batch) => Message::Resume { id, batch },
                Err(error) => Message::Fail {
                    tree,
                    record,
                    id,
                    error: error.to_string(),
                },
            };
            // The module has stopped: nobody waits for it.
            let _ = shared.send(thread, message);
        });
        if spawned.is_err() {
            self.external_ends(id);
        }
        spawned
    }
}
