//! Time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock: monotonic, from an origin of its own.
pub trait Clock: Send + Sync + 'static {
    /// The time since the clock's origin. Never goes back. Cheap (some tens of nanoseconds).
    fn now(&self) -> Duration;

    /// The time since 1970-01-01 00:00 UTC, as far as this clock knows: it may go back when it is set. A simulated clock has
    /// its origin there.
    fn since_1970(&self) -> Duration {
        self.now()
    }

    /// How long a thread that waits for `until` may sleep by the system's time. `None`: until somebody wakes it, as this
    /// clock moves only when it is told to.
    fn sleep_for(&self, until: Duration) -> Option<Duration>;

    /// How long a thread that has nothing to do should look out for work before it sleeps. By default not at all, as nothing
    /// is gained in a simulated world.
    fn spin_for(&self) -> Duration {
        Duration::ZERO
    }

    /// Calls `wake` whenever the clock has jumped, until `wake` returns false. A clock that never jumps never calls.
    fn on_jump(&self, wake: Box<dyn Fn() -> bool + Send + Sync>);
}

/// The system's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct RealClock {
    origin: Instant,
}

impl RealClock {
    /// A clock whose origin is now.
    #[must_use]
    pub fn start() -> Self {
        RealClock { origin: Instant::now() }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn since_1970(&self) -> Duration {
        // A clock that is set before that shows no time at all.
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn sleep_for(&self, until: Duration) -> Option<Duration> {
        Some(until.saturating_sub(self.now()))
    }

    /// As long as waking a thread takes on this machine, measured once a process: so a thread that guesses wrong loses at
    /// most as much as it could have won.
    fn spin_for(&self) -> Duration {
        super::wake::cost()
    }

    fn on_jump(&self, _wake: Box<dyn Fn() -> bool + Send + Sync>) {}
}
