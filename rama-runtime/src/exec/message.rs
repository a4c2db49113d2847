//! What reaches a task thread from outside.

use super::Host;
use super::batch::Batch;
use super::trees::TreeUpdate;
use crate::module::Module;
use crate::topology::TreeRef;
use tokio::sync::oneshot;

/// Records of one depot, appended by a client, for tasks of one thread.
pub(crate) trait Incoming<M: Module>: Send {
    /// Appends them.
    fn append(self: Box<Self>, host: &mut Host<M>);
}

/// An answer that leaves at the commit point.
pub(crate) type Answer = Box<dyn FnOnce() + Send>;

/// Code of a client for one task, between events. It makes the answer, which is sent later.
pub(crate) type Ask<M> = Box<dyn FnOnce(&mut M) -> Answer + Send>;

/// A message to a task thread.
pub(crate) enum Message<M: Module> {
    /// Hops from another thread, in order. With the number of the last cut that it has made, as the next one: see `epoch/`.
    Hops { cut: u64, batches: Vec<Batch> },
    /// What happened in trees that this thread keeps.
    Trees { cut: u64, updates: Vec<TreeUpdate> },
    /// A cut has begun; that thread has made it.
    Cut { cut: u64, from: Option<u32> },
    /// A client appends.
    Append(Box<dyn Incoming<M>>),
    /// A client reads.
    Ask { task: u32, ask: Ask<M> },
    /// An external future is done, which the event with that id has waited for.
    Resume { id: u64, batch: Batch },
    /// An external future panicked.
    Fail {
        tree: TreeRef,
        record: u32,
        id: u64,
        error: String,
    },
    /// Answer as soon as every record of this thread's tasks is processed, with the number of records appended so far.
    Probe(oneshot::Sender<u64>),
    /// The clock has jumped.
    Wake,
    /// No more ticks.
    Close,
    /// End now.
    Stop,
}
