//! Threads: the pool that carries a module's task threads, and the one that carries external futures.

use crate::error::{Error, Result};
use crate::exec::discard;
use std::future::Future;
use std::num::NonZero;
use std::sync::Mutex;
use tokio::runtime::{Handle, Runtime};

/// How many task threads a module has where the launch does not say: the processors, but not more than tasks.
pub(crate) fn default_threads(tasks: u32) -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(processors).unwrap_or(u32::MAX).min(tasks).max(1)
}

/// A pool of `threads` threads named `NAME-0`, `NAME-1`, ..
///
/// # Errors
/// [`Error::System`] when the system gives no more threads.
pub(crate) fn pool(name: &'static str, threads: u32) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads as usize)
        .thread_name(move |index| format!("{name}-{index}"))
        .panic_handler(|_| tracing::error!("a task thread died of a bug in the runtime"))
        .build()
        .map_err(|error| Error::System {
            reason: error.to_string(),
        })
}

/// Keeps the calling thread on one processor: the `index`th of those that the process may use, round the clock. Says whether
/// the system did it.
pub(crate) fn pin(index: u32) -> bool {
    let processors = core_affinity::get_core_ids().unwrap_or_default();
    let processor = (index as usize)
        .checked_rem(processors.len())
        .and_then(|at| processors.get(at));
    processor.is_some_and(|processor| core_affinity::set_for_current(*processor))
}

/// Where `external` futures run: a small tokio runtime, made when the first one comes.
#[derive(Default)]
pub(crate) struct Externals {
    runtime: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Unused,
    Running(Runtime),
    Closed,
}

impl Externals {
    /// A handle of the runtime.
    fn handle(&self) -> Result<Handle> {
        let mut state = self.runtime.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*state {
            State::Running(runtime) => Ok(runtime.handle().clone()),
            State::Closed => Err(Error::ShutDown),
            State::Unused => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .thread_name("rama-external")
                    .enable_all()
                    .build()
                    .map_err(|error| Error::System {
                        reason: error.to_string(),
                    })?;
                let handle = runtime.handle().clone();
                *state = State::Running(runtime);
                Ok(handle)
            }
        }
    }

    /// Runs `future` to its end, unless the cluster goes away first.
    ///
    /// # Errors
    /// When there is no runtime and none can be made.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        match self.handle() {
            Ok(handle) => {
                handle.spawn(future);
                Ok(())
            }
            Err(error) => {
                discard(future);
                Err(error)
            }
        }
    }

    /// Lets go of what still runs, without waiting (waiting is forbidden where the caller is itself an async task).
    pub(crate) fn close(&self) {
        let mut state = self.runtime.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let State::Running(runtime) = std::mem::replace(&mut *state, State::Closed) {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Externals {
    fn drop(&mut self) {
        self.close();
    }
}
