//! Futures that run elsewhere while their task goes on.
//!
//! A future cannot be stored, but what it was made from can: each is made in an event of its own, by a hop that says so
//! ([`Wire::makes_future`](crate::topology::Wire::makes_future)). Of a durable module that hop is encoded before it runs, and kept
//! while the future runs. Each cut writes it as a hop that is still to be run; after a crash it runs again.
//!
//! *Architecture Invariant:* a future of a durable module begins when the event that made it is durable, as acks do ([`Held`]): it is
//! seen outside, and must not run for a record that a crash takes back.
//!
//! [`Held`]: super::epoch::Held

use super::batch::Batch;
use super::guard::{caught, discard};
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

/// A future that is to begin when its event is durable.
pub(crate) struct Beginning(Option<Box<dyn FnOnce() + Send>>);

impl Beginning {
    /// It begins.
    pub(crate) fn begin(mut self) {
        if let Some(begin) = self.0.take() {
            begin();
        }
    }
}

/// The module has ended before: the future is dropped, which is the user's code.
impl Drop for Beginning {
    fn drop(&mut self) {
        discard(self.0.take());
    }
}

impl<M: Module> Host<M> {
    /// Runs `future` on the cluster's tokio runtime; what it yields resumes `event`, whose id is `id`, as the batch that `resume`
    /// makes of it. A panic in it fails the event. Where the module is durable, it begins with the epoch's end.
    ///
    /// # Errors
    /// When there is no such runtime (any more). If that is found out later, it fails the event.
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
        let fail = move |error: String| Message::Fail {
            tree,
            record,
            id,
            error,
        };
        let running = async move {
            let result = AssertUnwindSafe(future.map(resume)).catch_unwind().await;
            let message = match result.map_err(caught) {
                Ok(batch) => Message::Resume { id, batch },
                Err(error) => fail(error.to_string()),
            };
            // The module has stopped: nobody waits for it.
            let _ = shared.send(thread, message);
        };
        if self.durable.is_none() {
            return self.shared.externals.spawn(running);
        }
        self.external_begins(id, event);
        let shared = Arc::clone(&self.shared);
        self.held.futures.push(Beginning(Some(Box::new(move || {
            if let Err(error) = shared.externals.spawn(running) {
                // The same.
                let _ = shared.send(thread, fail(error.to_string()));
            }
        }))));
        Ok(())
    }
}
