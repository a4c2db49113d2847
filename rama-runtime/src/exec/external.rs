//! Futures that run elsewhere while their task goes on.

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

impl<M: Module> Host<M> {
    /// Runs `future` on the cluster's tokio runtime; what it yields resumes as the batch that `resume` makes of it. A
    /// panic in it fails the event.
    ///
    /// # Errors
    /// When there is no such runtime (any more).
    pub(super) fn spawn_external<H: 'static>(
        &mut self,
        future: Pin<Box<dyn Future<Output = H> + Send>>,
        tree: TreeRef,
        record: u32,
        id: u64,
        resume: impl FnOnce(H) -> Batch + Send + 'static,
    ) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = self.index;
        self.external_begins(id, tree, record);
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
