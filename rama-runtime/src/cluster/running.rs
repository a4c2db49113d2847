//! A launched module, as its cluster holds it.

use crate::client::App;
use crate::env::{Env, Externals, pool};
use crate::error::{Error, Result};
use crate::exec::{Layout, Limits, Message, Prepared, Shared, run};
use crate::module::Module;
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// A launched module whose type does not matter.
pub(super) trait Running: Send + Sync {
    fn name(&self) -> &'static str;

    /// Takes no more appends, finishes what was accepted, and stops the threads.
    fn shut_down(&self) -> BoxFuture<'static, Result<()>>;

    /// Tells the threads to stop after their turn.
    fn stop(&self);
}

/// A launched module.
struct Threads<M: Module> {
    shared: Arc<Shared<M>>,
    /// The pool that carries the task threads; they end by themselves when told to.
    _pool: rayon::ThreadPool,
    ended: Mutex<Vec<oneshot::Receiver<()>>>,
}

/// Starts the threads of `M`, and waits until the views of all tasks are made.
pub(super) async fn start<M: Module>(
    env: &Env,
    externals: &Arc<Externals>,
    tasks: u32,
    threads: u32,
    limits: Limits,
) -> Result<(App<M>, Box<dyn Running>)> {
    let (senders, inboxes): (Vec<_>, Vec<_>) = (0..threads).map(|_| crossbeam_channel::unbounded()).unzip();
    let layout = Layout::new(M::DESCRIPTOR, tasks, threads, limits);
    let shared = Arc::new(Shared::<M>::new(layout, senders, env.clone(), Arc::clone(externals)));
    let mut readies = Vec::new();
    let mut endeds = Vec::new();
    let mut prepared: Vec<Option<Prepared<M>>> = Vec::new();
    for (index, inbox) in (0u32..).zip(inboxes) {
        let (ready, is_ready) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        readies.push(is_ready);
        endeds.push(has_ended);
        // Drawn here, so that they do not depend on which thread is up first.
        prepared.push(Some(Prepared {
            index,
            inbox,
            rng: env.rng(),
            ready,
            ended,
        }));
        let waker = Arc::downgrade(&shared);
        env.clock().on_jump(Box::new(move || {
            waker
                .upgrade()
                .is_some_and(|shared| shared.send(index, Message::Wake).is_ok())
        }));
    }
    let pool = pool(M::DESCRIPTOR.name, threads)?;
    let prepared = Mutex::new(prepared);
    let for_threads = Arc::clone(&shared);
    pool.spawn_broadcast(move |context| {
        let mut prepared = prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = prepared.get_mut(context.index()).and_then(Option::take);
        drop(prepared);
        if let Some(mine) = mine {
            run(&for_threads, mine);
        }
    });
    let module = Threads {
        shared: Arc::clone(&shared),
        _pool: pool,
        ended: Mutex::new(endeds),
    };
    for ready in readies {
        let reason = || Error::LaunchFailed {
            module: M::DESCRIPTOR.name,
            reason: "a thread did not start".to_owned(),
        };
        // If it fails, or this future is dropped, dropping `module` stops the threads.
        ready.await.unwrap_or_else(|_| Err(reason()))?;
    }
    Ok((App::new(shared), Box::new(module)))
}

/// However a module comes to be forgotten (a launch that is cancelled, say), its threads must not run on.
impl<M: Module> Drop for Threads<M> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<M: Module> Running for Threads<M> {
    fn name(&self) -> &'static str {
        M::DESCRIPTOR.name
    }

    fn shut_down(&self) -> BoxFuture<'static, Result<()>> {
        self.shared.close();
        let shared = Arc::clone(&self.shared);
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move {
            let settled = App::new(Arc::clone(&shared)).settled().await;
            shared.tell_all(|| Message::Stop);
            for ended in ended {
                // The sender is dropped at the thread's end: that is the message.
                let _ = ended.await;
            }
            settled
        })
    }

    fn stop(&self) {
        self.shared.close();
        self.shared.tell_all(|| Message::Stop);
    }
}
