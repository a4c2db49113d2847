//! A module that runs on the caller's thread, a step at a time, in a world that a seed decides.

use super::durable::{self, Background, Opened};
use super::launch::{Checked, Launch};
use crate::client::App;
use crate::env::{Env, Rng, SimulatedDisk};
use crate::error::{Error, Result};
use crate::exec::{Layout, Message, Shared, Step, Thread, Turn, attempt};
use crate::group::{Folder, SimulatedStore};
use crate::module::Module;
use crate::testing::SimClock;
use futures_util::task::noop_waker_ref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A durable module on a simulated disk: its task threads, the thread that commits and the one that brings commits to the store all
/// run here, one step of one of them at a time, in an order that a seed decides. Time passes only when nothing else is to be
/// done, or by chance.
///
/// `external` futures run on threads of their own, so what a module does with them is not decided by the seed.
pub struct Simulation<M: Module> {
    shared: Arc<Shared<M>>,
    /// `None` for those that have ended.
    threads: Vec<Option<Thread<M>>>,
    background: Option<Background<M>>,
    clock: SimClock,
    rng: Rng,
    /// When the idle threads want to be woken.
    until: Vec<Option<Duration>>,
    /// Threads that have said that they are idle since anybody did anything.
    idle: Vec<bool>,
}

/// The disk of a simulated world: what outlives the process in it. Clones are the same disk.
#[derive(Clone, Default)]
pub struct World {
    /// Its files.
    pub files: SimulatedDisk,
    /// Its store.
    pub store: SimulatedStore,
}

impl World {
    /// The machine dies, and with it what the disk had not made durable. (Where only the process dies, nothing happens here.)
    pub fn crash(&self, rng: &mut Rng) {
        self.files.crash(rng);
        self.store.crash(rng);
    }
}

/// By how much time jumps, by chance.
const JUMP: Duration = Duration::from_millis(1);

impl<M: Module> Simulation<M> {
    /// Opens the module's folder in `world`, as [`InProcessCluster::open`](super::InProcessCluster::open) and `launch` do.
    ///
    /// # Errors
    /// Those of `open` and `launch`.
    pub fn open(world: &World, seed: u64, launch: &Launch) -> Result<(Self, M::Client)> {
        let clock = SimClock::new();
        let env = Env::new(Arc::new(clock.clone()), seed).with_disk(world.files.clone(), world.store.clone());
        let folder = Folder::open(&env, "cluster".as_ref()).map_err(|error| Error::Storage { module: "", error })?;
        let Checked {
            tasks,
            threads,
            limits,
            durability,
        } = launch.checked()?;
        let layout = Layout::new(M::DESCRIPTOR, tasks, threads, limits);
        let opened = durable::open::<M>(&env, &Arc::new(folder), &layout, durability)?;
        let (epochs, plans, rest) = Opened::split(opened);
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..threads).map(|_| crossbeam_channel::unbounded()).unzip();
        let shared = Arc::new(Shared::<M>::new(
            layout,
            senders,
            env.clone(),
            Arc::default(),
            Some(epochs),
        ));
        let storage = |error| Error::Storage {
            module: M::DESCRIPTOR.name,
            error,
        };
        let (background, adoption, recovery, _) = rest.background(&shared);
        let mut running = Vec::new();
        for ((index, inbox), plan) in (0u32..).zip(inboxes).zip(plans) {
            let thread = Thread::new(Arc::clone(&shared), index, env.rng(), inbox, Some(plan));
            running.push(Some(thread.map_err(|error| storage(error.into()))?));
        }
        adoption.adopt().map_err(storage)?;
        shared.recovered(recovery);
        let client = M::client(App::new(Arc::clone(&shared)));
        let simulation = Simulation {
            idle: vec![false; running.len()],
            until: vec![None; running.len()],
            threads: running,
            shared,
            background: Some(background),
            clock,
            rng: Rng::new(seed ^ 0x9e37_79b9_7f4a_7c15),
        };
        Ok((simulation, client))
    }

    /// One step of whatever the seed says: a thread's turn, a commit, some work of the keeper, or time.
    pub fn step(&mut self) {
        let threads = self.threads.len() as u64;
        let choice = self.rng.next_u64() % (threads + 3);
        if choice < threads {
            // Less than the number of threads.
            self.turn(choice as usize);
        } else if choice == threads {
            self.commit();
        } else if choice == threads + 1 {
            self.keep();
        } else if self.rng.next_u64().is_multiple_of(8) {
            self.clock.advance(JUMP);
        }
        if self.idle.iter().all(|idle| *idle) && !self.commit() {
            let next = self.until.iter().flatten().min().copied();
            let now = crate::env::Clock::now(&self.clock);
            self.clock.advance(next.map_or(JUMP, |next| next.saturating_sub(now)));
            self.idle.fill(false);
        }
    }

    fn turn(&mut self, index: usize) {
        let Some(thread) = &mut self.threads[index] else {
            self.idle[index] = true;
            return;
        };
        // As a thread that sleeps takes the message that wakes it: in front of its turn.
        if self.idle[index]
            && let Ok(message) = thread.inbox().try_recv()
        {
            thread.accept(message);
        }
        match thread.turn() {
            Turn::Progress => self.idle.fill(false),
            Turn::Idle { until } => {
                self.idle[index] = true;
                self.until[index] = until;
            }
            Turn::Stopped => {
                self.threads[index] = None;
                self.shared.thread_stopped(true);
                self.idle[index] = true;
            }
        }
    }

    fn commit(&mut self) -> bool {
        let step = self.background.as_mut().map(|background| background.committer.step());
        let progress = step == Some(Step::Progress);
        if progress {
            self.idle.fill(false);
        }
        progress
    }

    fn keep(&mut self) {
        if let Some(background) = &mut self.background
            && !background.keeper.step()
        {
            background.keeper.move_some();
        }
    }

    /// Runs until `future` is done, at most so many steps.
    pub fn run<F: Future + Unpin>(&mut self, future: &mut F, steps: usize) -> Option<F::Output> {
        for _ in 0..steps {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(&mut Context::from_waker(noop_waker_ref())) {
                return Some(output);
            }
            self.step();
        }
        None
    }

    /// Drains and stops the module, as [`shutdown`](super::InProcessCluster::shutdown) does.
    ///
    /// # Errors
    /// Those of `shutdown`.
    ///
    /// # Panics
    /// When it does not end within `steps` steps.
    pub fn shut_down(mut self, steps: usize) -> Result<()> {
        self.shared.close();
        let app = App::new(Arc::clone(&self.shared));
        let mut settled = Box::pin(async move { app.settled().await });
        let result = self.run(&mut settled, steps);
        let Some(result) = result else {
            panic!("the module did not settle within {steps} steps");
        };
        self.shared.tell_all(|| Message::Stop);
        for index in 0..self.threads.len() {
            while self.threads[index].is_some() {
                self.turn(index);
            }
        }
        if let Some(Background {
            mut committer,
            mut keeper,
            ..
        }) = self.background.take()
        {
            while committer.step() == Step::Progress {}
            committer.end();
            while keeper.step() {}
            keeper.bring();
        }
        result
    }
}

impl<M: Module> Drop for Simulation<M> {
    fn drop(&mut self) {
        for thread in &mut self.threads {
            if let Err(error) = attempt(|| drop(thread.take())) {
                tracing::error!(%error, "a value's `Drop` panicked at the end of a simulation");
            }
        }
    }
}
