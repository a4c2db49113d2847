//! A task thread on a thread of its own: turns, and sleep between them.

use super::epoch::ThreadPlan;
use super::guard::{attempt, discard};
use super::message::Message;
use super::shared::Shared;
use super::thread::{Thread, Turn};
use crate::env::{Rng, pause, pin};
use crate::error::{Error, Result};
use crate::module::Module;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What a thread needs to begin.
pub(crate) struct Prepared<M: Module> {
    pub(crate) index: u32,
    pub(crate) inbox: Receiver<Message<M>>,
    pub(crate) rng: Rng,
    /// Of a durable module: what is stored of the thread's tasks.
    pub(crate) plan: Option<ThreadPlan>,
    /// Of a durable module: told when the folder is adopted; until then nothing may happen that is seen outside.
    pub(crate) begin: Option<Receiver<()>>,
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
        plan,
        begin,
        ready,
        ended,
    } = prepared;
    // Dropped after everything that can panic here, and before `ended`.
    let mut ending = Ending {
        shared,
        in_order: false,
    };
    // Only code that makes the views (the user's initial values) and bugs of the runtime can panic out here.
    match attempt(|| Thread::new(Arc::clone(shared), index, rng, inbox, plan)) {
        Ok(Err(error)) => {
            let module = M::DESCRIPTOR.name;
            let error = error.into();
            let _ = ready.send(Err(Error::Storage { module, error }));
        }
        Ok(Ok(mut thread)) => {
            // Whoever launched may have gone away; then the cluster will stop this thread.
            let _ = ready.send(Ok(()));
            // If nobody says so, the launch has failed.
            let may_begin = begin.is_none_or(|begin| begin.recv().is_ok());
            match attempt(|| may_begin.then(|| turns(&mut thread))) {
                Ok(_) => ending.in_order = true,
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
    let limits = thread.limits();
    let spin = limits.spin.unwrap_or_else(|| thread.clock().spin_for());
    if limits.pinned && !pin(thread.index()) {
        tracing::warn!(
            module = M::DESCRIPTOR.name,
            thread = thread.index(),
            "the system does not keep the thread on one processor"
        );
    }
    loop {
        let until = match thread.turn() {
            Turn::Progress => continue,
            Turn::Stopped => return,
            Turn::Idle { until } => until,
        };
        if look_out(thread, spin, until) {
            continue;
        }
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

/// Looks out for a message for a while, as sleeping and being woken takes longer than most waits. Returns whether there is
/// something to do.
fn look_out<M: Module>(thread: &Thread<M>, time: Duration, until: Option<Duration>) -> bool {
    if time.is_zero() {
        return false;
    }
    let mut end = None;
    for looks in 0..MOST_LOOKS {
        if !thread.inbox().is_empty() {
            return true;
        }
        pause(looks);
        // The clock costs more than a look.
        if looks % LOOKS == LOOKS - 1 {
            let now = thread.clock().now();
            if until.is_some_and(|until| now >= until) {
                return true;
            }
            if now >= *end.get_or_insert(now + time) {
                return false;
            }
        }
    }
    false
}

/// So many looks, whatever the clock says: a simulated one may stand still.
const MOST_LOOKS: u32 = 1 << 16;

/// So many looks between two looks at the clock.
const LOOKS: u32 = 16;
