//! The world behind one door: time, randomness and threads are reached only through here, so that a whole cluster can one
//! day run in one thread under a seed.

mod clock;
mod random;
mod threads;
mod wake;

pub use clock::{Clock, RealClock};
pub use random::Rng;
pub(crate) use threads::{Externals, default_threads, pin, pool};
pub(crate) use wake::pause;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The outside world, as one cluster sees it. Cheap to clone; clones are the same world.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    seed: u64,
    streams: Arc<AtomicU64>,
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
        }
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
