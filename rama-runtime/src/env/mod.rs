//! The world behind one door: time, randomness, threads and files are reached only through here, so that a whole module can
//! run in one thread under a seed ([`Simulation`](crate::testing::Simulation)). The store on disk, which opens its own files, has a
//! stand-in there.

mod clock;
mod files;
mod random;
mod threads;
mod wake;

pub use clock::{Clock, RealClock};
pub(crate) use files::write_atomically;
pub use files::{File, Files, RealFiles, SimulatedDisk};
pub use random::Rng;
pub(crate) use threads::{Externals, default_threads, pin, pool};
pub(crate) use wake::pause;

use crate::group::SimulatedStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The outside world, as one cluster sees it. Cheap to clone; clones are the same world.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    seed: u64,
    streams: Arc<AtomicU64>,
    files: Arc<dyn Files>,
    store: Option<SimulatedStore>,
}

impl Env {
    /// The real world: the system's clock, and a seed that nobody can foresee.
    #[must_use]
    pub fn real() -> Self {
        Env::new(Arc::new(RealClock::start()), random::entropy())
    }

    /// A world with this clock, whose random choices all follow from `seed`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Env {
            clock,
            seed,
            streams: Arc::new(AtomicU64::new(0)),
            files: Arc::new(RealFiles),
            store: None,
        }
    }

    /// The same world with a disk in memory: its files, and the store of the one durable module in it.
    #[must_use]
    pub fn with_disk(mut self, files: SimulatedDisk, store: SimulatedStore) -> Self {
        (self.files, self.store) = (Arc::new(files), Some(store));
        self
    }

    /// The disk.
    #[must_use]
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// Waits a moment. Returns false, at once, in a world whose time stands still meanwhile.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let real = self.clock.sleep_for(self.clock.now() + time).is_some();
        if real {
            std::thread::sleep(time);
        }
        real
    }

    /// The store of a simulated disk.
    pub(crate) fn simulated_store(&self) -> Option<&SimulatedStore> {
        self.store.as_ref()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// A generator of its own: each call gives another sequence, all of them decided by the seed and the order of calls.
    #[must_use]
    pub fn rng(&self) -> Rng {
        let stream = self.streams.fetch_add(1, Ordering::Relaxed);
        let mut seeds = Rng::new(self.seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Rng::new(seeds.next_u64())
    }
}
