//! A task thread on a thread of its own: turns, and sleep between them.

use super::message::Message;
use super::shared::Shared;
use super::thread::{Thread, Turn};
use crate::env::Rng;
use crate::error::{Error, Result};
use crate::module::Module;
use crate::topology::EventError;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a thread needs to begin.
pub(crate) struct Prepared<M: Module> {
    pub(crate) index: u32,
    pub(crate) inbox: Receiver<Message<M>>,
    pub(crate) rng: Rng,
    /// Told when the tasks' views are made.
    pub(crate) ready: oneshot::Sender<Result<()>>,
    /// Dropped when the thread has ended.
    pub(crate) ended: oneshot::Sender<()>,
}

/// Runs a task thread until it is told to stop.
pub(crate) fn run<M: Module>(shared: &Arc<Shared<M>>, prepared: Prepared<M>) {
    let Prepared {
        index,
        inbox,
        rng,
        ready,
        ended,
    } = prepared;
    // Only code that makes the views (the user's initial values) and bugs of the runtime can panic out here.
    let made = catch_unwind(AssertUnwindSafe(|| Thread::new(Arc::clone(shared), index, rng, inbox)));
    match made {
        Ok(mut thread) => {
            // Whoever launched may have gone away; then the cluster will stop this thread.
            let _ = ready.send(Ok(()));
            let mut thread = AssertUnwindSafe(&mut thread);
            if let Err(payload) = catch_unwind(move || turns(&mut thread)) {
                let error = EventError::panicked(&*payload);
                tracing::error!(module = M::DESCRIPTOR.name, thread = index, %error, "a task thread died");
            }
        }
        Err(payload) => {
            let reason = EventError::panicked(&*payload).to_string();
            let _ = ready.send(Err(Error::LaunchFailed {
                module: M::DESCRIPTOR.name,
                reason,
            }));
        }
    }
    shared.thread_stopped();
    drop(ended);
}

fn turns<M: Module>(thread: &mut Thread<M>) {
    loop {
        let until = match thread.turn() {
            Turn::Progress => continue,
            Turn::Stopped => return,
            Turn::Idle { until } => until,
        };
        let sleep = until.and_then(|until| thread.clock().sleep_for(until));
        let message = match sleep {
            None => thread.inbox().recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(time) => thread.inbox().recv_timeout(time),
        };
        match message {
            Ok(message) => thread.accept(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
