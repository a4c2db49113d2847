//! What it costs to wake a thread, and how to look out for work instead of sleeping.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Measured so often, for the median.
const ROUNDS: usize = 9;
/// Whatever was measured, a thread looks out at least and at most so long.
const LEAST: Duration = Duration::from_micros(5);
const MOST: Duration = Duration::from_micros(200);

/// How long it takes from waking a sleeping thread to its first step. Measured at the first call (in some milliseconds), the
/// same for the whole process.
pub(super) fn cost() -> Duration {
    static COST: OnceLock<Duration> = OnceLock::new();
    *COST.get_or_init(|| measure().clamp(LEAST, MOST))
}

fn measure() -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| once()).collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// One wake, of a thread that has slept for a moment.
fn once() -> Duration {
    static ASLEEP: Duration = Duration::from_micros(200);
    let woken = AtomicBool::new(false);
    thread::scope(|scope| {
        let sleeper = thread::Builder::new().spawn_scoped(scope, || {
            while !woken.load(Ordering::Acquire) {
                thread::park();
            }
            Instant::now()
        });
        // Where there are no more threads, this is no time to measure anything.
        let Ok(sleeper) = sleeper else { return LEAST };
        thread::sleep(ASLEEP);
        let begin = Instant::now();
        woken.store(true, Ordering::Release);
        sleeper.thread().unpark();
        sleeper.join().map_or(LEAST, |end| end.saturating_duration_since(begin))
    })
}

/// So many looks follow each other closely; between later ones, other threads have their turn: where there are more threads
/// than processors, the work that is waited for needs one.
const CLOSE: u32 = 64;

/// A moment between two looks at whether there is work.
pub(crate) fn pause(looks: u32) {
    if looks < CLOSE {
        std::hint::spin_loop();
    } else {
        thread::yield_now();
    }
}
