//! The calls of one caller: which keys, when, how long they took, and whether the answers are right.

use crate::contender::{Latency, Outcome, Run};
use crate::kit::check::Wrong;
use crate::kit::clock::Clock;
use crate::kit::input::size;
use crate::kit::zipf::mix;
use std::time::{Duration, Instant};

/// Different keys; they take turns.
pub(super) const KEYS: usize = 1000;
/// How long an asleep caller waits before each call: long enough for every thread to fall asleep.
const PAUSE: Duration = Duration::from_millis(1);
/// Of so many calls of a busy caller, an asleep one makes one: it takes longer.
const FEWER: usize = 50;
/// Of so many calls, one more is made before, which is not measured.
const WARM_UP: usize = 10;

/// Calls to make: `while let Some(key) = calls.begin() { calls.end(answer); }`.
pub(super) struct Calls {
    keys: Vec<u64>,
    expected: fn(usize) -> u64,
    pause: Option<Duration>,
    made: usize,
    warm_up: usize,
    total: usize,
    clock: Option<Clock>,
    began: Instant,
    micros: Vec<f64>,
    wrong: Option<Wrong>,
}

/// The keys where a contender may have any.
pub(super) fn any_keys() -> Vec<u64> {
    (0..KEYS as u64).map(mix).collect()
}

/// The answer to call number `call`, where each call counts its key.
fn count_so_far(call: usize) -> u64 {
    (call / KEYS) as u64 + 1
}

impl Calls {
    /// Calls that count, one right after the other. `N_CALLS` is how many.
    pub(super) fn busy(keys: Vec<u64>) -> Calls {
        Calls::new(keys, None, size("N_CALLS", 100_000))
    }

    /// Calls that count, with a pause before each.
    pub(super) fn asleep(keys: Vec<u64>) -> Calls {
        Calls::new(keys, Some(PAUSE), size("N_CALLS", 100_000).div_ceil(FEWER))
    }

    fn new(keys: Vec<u64>, pause: Option<Duration>, measured: usize) -> Calls {
        assert_eq!(keys.len(), KEYS);
        let warm_up = measured / WARM_UP;
        Calls {
            keys,
            expected: count_so_far,
            pause,
            made: 0,
            warm_up,
            total: warm_up + measured,
            clock: None,
            began: Instant::now(),
            micros: Vec::with_capacity(measured),
            wrong: None,
        }
    }

    /// The same calls with other answers: `expected` is given the number of the call.
    pub(super) fn that_answer(self, expected: fn(usize) -> u64) -> Calls {
        Calls { expected, ..self }
    }

    /// The key of the next call, which begins now.
    #[inline]
    pub(super) fn begin(&mut self) -> Option<u64> {
        if self.made == self.total {
            return None;
        }
        if self.made == self.warm_up {
            self.clock = Some(Clock::start());
        }
        if let Some(pause) = self.pause {
            std::thread::sleep(pause);
        }
        let key = self.keys[self.made % KEYS];
        self.began = Instant::now();
        Some(key)
    }

    /// The call ends now, with that answer.
    #[inline]
    pub(super) fn end(&mut self, answer: u64) {
        let micros = self.began.elapsed().as_nanos() as f64 / 1000.0;
        if self.made >= self.warm_up {
            self.micros.push(micros);
        }
        let expected = (self.expected)(self.made);
        if answer != expected {
            let wrong = || {
                Wrong(format!(
                    "call {} was answered {answer}, and should be {expected}",
                    self.made
                ))
            };
            self.wrong.get_or_insert_with(wrong);
        }
        self.made += 1;
    }

    /// What the calls came to.
    pub(super) fn finish(mut self) -> Outcome {
        let cost = self.clock.ok_or("no call was made")?.stop();
        if let Some(wrong) = self.wrong {
            return Err(wrong.into());
        }
        if self.made != self.total {
            return Err(Wrong(format!("{} calls of {} were answered", self.made, self.total)).into());
        }
        self.micros.sort_by(f64::total_cmp);
        let quantile = |share: f64| self.micros[((self.micros.len() - 1) as f64 * share) as usize];
        Ok(Run {
            items: self.micros.len() as u64,
            cost,
            latency: Some(Latency {
                p50: quantile(0.5),
                p99: quantile(0.99),
            }),
        })
    }
}
