//! A task thread on a thread of its own: turns, and sleep between them.

use super::guard::{attempt, discard};
use super::message::Message;
use super::shared::Shared;
use super::thread::{Thread, Turn};
use crate::env::Rng;
use crate::error::{Error, Result};
use crate::module::Module;
use crossbeam_channel::{Receiver, RecvTimeoutError};
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
    // Dropped after everything that can panic here, and before `ended`.
    let mut ending = Ending {
        shared,
        in_order: false,
    };
    // Only code that makes the views (the user's initial values) and bugs of the runtime can panic out here.
    match attempt(|| Thread::new(Arc::clone(shared), index, rng, inbox)) {
        Ok(mut thread) => {
            // Whoever launched may have gone away; then the cluster will stop this thread.
            let _ = ready.send(Ok(()));
            match attempt(|| turns(&mut thread)) {
                Ok(()) => ending.in_order = true,
                Err(error) => {
                    tracing::error!(module = M::DESCRIPTOR.name, thread = index, %error, "a task thread died");
                }
            }
            // A message at a time, as dropping the inbox as a whole would stop at the first panic.
            while let Ok(message) = thread.inbox().try_recv() {
                discard(message);
            }
            discard(thread);
        }
        Err(error) => {
            let reason = error.to_string();
            let _ = ready.send(Err(Error::LaunchFailed {
                module: M::DESCRIPTOR.name,
                reason,
            }));
        }
    }
    drop(ending);
    drop(ended);
}

/// Tells the others, however a thread ends.
struct Ending<'a, M: Module> {
    shared: &'a Shared<M>,
    in_order: bool,
}

impl<M: Module> Drop for Ending<'_, M> {
    fn drop(&mut self) {
        self.shared.thread_stopped(self.in_order);
    }
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
