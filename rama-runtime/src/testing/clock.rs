//! A clock that the test moves.

use crate::env::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Wake = Box<dyn Fn() -> bool + Send + Sync>;

/// A clock that stands still until it is advanced. It begins at zero. Clones are the same clock.
#[derive(Clone, Default)]
pub struct SimClock {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    now: Duration,
    wakes: Vec<Wake>,
}

impl SimClock {
    /// A clock that shows zero.
    #[must_use]
    pub fn new() -> Self {
        SimClock::default()
    }

    /// Moves the clock on, and wakes every task thread that follows it. Ticks and timeouts that are due then are seen by a
    /// `settled()` that begins afterwards. One jump over several periods of a tick is one tick.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state();
        state.now += time;
        state.wakes.retain(|wake| wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SimClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimClock").field("now", &self.now()).finish()
    }
}

impl Clock for SimClock {
    fn now(&self) -> Duration {
        self.state().now
    }

    fn sleep_for(&self, _until: Duration) -> Option<Duration> {
        None
    }

    fn on_jump(&self, wake: Wake) {
        self.state().wakes.push(wake);
    }
}
