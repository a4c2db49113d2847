//! A launched module, as its cluster holds it.

use super::durable::{self, Background, Opened};
use super::launch::Checked;
use crate::client::App;
use crate::env::{Env, Externals, pool};
use crate::error::{Error, Result};
use crate::exec::{Layout, Message, Prepared, Shared, run};
use crate::group::Folder;
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

/// What a thread that runs no events does.
type Work = Box<dyn FnOnce() + Send>;

/// Starts the threads of `M`, and waits until the views of all tasks are made.
pub(super) async fn start<M: Module>(
    env: &Env,
    externals: &Arc<Externals>,
    folder: Option<&Arc<Folder>>,
    launch: Checked,
) -> Result<(App<M>, Box<dyn Running>)> {
    let Checked {
        tasks,
        threads,
        limits,
        durability,
    } = launch;
    let (senders, inboxes): (Vec<_>, Vec<_>) = (0..threads).map(|_| crossbeam_channel::unbounded()).unzip();
    let layout = Layout::new(M::DESCRIPTOR, tasks, threads, limits);
    let opened = folder.map(|folder| durable::open::<M>(env, folder, &layout, durability));
    let (epochs, plans, rest) = match opened.transpose()?.map(Opened::split) {
        Some((epochs, plans, rest)) => (Some(epochs), plans.into_iter().map(Some).collect(), Some(rest)),
        None => (None, (0..threads).map(|_| None).collect::<Vec<_>>(), None),
    };
    let world = (env.clone(), Arc::clone(externals));
    let shared = Arc::new(Shared::<M>::new(layout, senders, world.0, world.1, epochs));
    // Where there is a folder, nothing is committed or moved, and no user code runs but for views, before it is adopted. If it is not,
    // no thread begins.
    let (begin, may_begin) = crossbeam_channel::bounded::<()>(threads as usize + 2);
    let mut readies = Vec::new();
    let mut endeds = Vec::new();
    let mut prepared: Vec<Option<Prepared<M>>> = Vec::new();
    for ((index, inbox), plan) in (0u32..).zip(inboxes).zip(plans) {
        let (ready, is_ready) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        readies.push(is_ready);
        endeds.push(has_ended);
        // Drawn here, so that they do not depend on which thread is up first.
        prepared.push(Some(Prepared {
            index,
            inbox,
            rng: env.rng(),
            begin: plan.is_some().then(|| may_begin.clone()),
            plan,
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
    let mut opened = None;
    let mut background = Vec::new();
    if let Some(rest) = rest {
        let (
            Background {
                committer,
                keeper,
                folder,
            },
            adoption,
            recovery,
            began,
        ) = rest.background(&shared);
        opened = Some((adoption, recovery, began));
        // The shutdown waits for them, too.
        let (committed, has_committed) = oneshot::channel();
        let (kept, has_kept) = oneshot::channel();
        endeds.extend([has_committed, has_kept]);
        let also = (Arc::clone(&folder), may_begin.clone());
        let may_begin = may_begin.clone();
        let commit: Work = Box::new(move || {
            if may_begin.recv().is_ok() {
                committer.run();
            }
            drop((folder, committed));
        });
        let keep: Work = Box::new(move || {
            let (folder, may_begin) = also;
            if may_begin.recv().is_ok() {
                keeper.run();
            }
            drop((folder, kept));
        });
        background.extend([Some(commit), Some(keep)]);
    }
    // Two more, where the module is durable.
    let pool = pool(M::DESCRIPTOR.name, threads + if background.is_empty() { 0 } else { 2 })?;
    let work = Mutex::new((prepared, background));
    let for_threads = Arc::clone(&shared);
    pool.spawn_broadcast(move |context| {
        let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
        let (prepared, background) = &mut *work;
        let index = context.index();
        let mine = prepared.get_mut(index).and_then(Option::take);
        let other = index.checked_sub(prepared.len());
        let other = other.and_then(|index| background.get_mut(index)?.take());
        drop(work);
        if let Some(mine) = mine {
            run(&for_threads, mine);
        }
        if let Some(other) = other {
            other();
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
    if let Some((adoption, mut recovery, began)) = opened {
        adoption.adopt().map_err(|error| Error::Storage {
            module: M::DESCRIPTOR.name,
            error,
        })?;
        for _ in 0..threads + 2 {
            // They are there: they wait for nothing else.
            let _ = begin.send(());
        }
        recovery.took = env.clock().now().saturating_sub(began);
        shared.recovered(recovery);
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
