//! Records that wait for futures when a process ends: each future is made again, and nothing in front of it is done again.
//!
//! - [`errands`]: records that have futures in all places of a body.
//! - [`limits`]: what is refused, fails or is over.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

mod errands;
mod limits;

use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::Simulation;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// Below which round futures of a case end; none if it is not known.
static OPEN: Mutex<BTreeMap<u64, u64>> = Mutex::new(BTreeMap::new());
/// How often the future of a case, a record and a round was made.
static MADE: Mutex<BTreeMap<(u64, u64, u64), u32>> = Mutex::new(BTreeMap::new());

fn open(case: u64, rounds: u64) {
    OPEN.lock().unwrap().insert(case, rounds);
}

fn made(case: u64, id: u64, round: u64) -> u32 {
    MADE.lock().unwrap().get(&(case, id, round)).copied().unwrap_or(0)
}

/// The next round, if the case is open that far; else it never ends.
fn answer(case: u64, id: u64, round: u64) -> impl Future<Output = u64> + Send + 'static {
    *MADE.lock().unwrap().entry((case, id, round)).or_default() += 1;
    let opened = OPEN.lock().unwrap().get(&case).copied().unwrap_or(0);
    async move {
        if round >= opened {
            std::future::pending::<()>().await;
        }
        round + 1
    }
}

/// More steps than anything takes that does not wait for futures, which are not simulated.
const ENOUGH: usize = 300_000;
const PATIENCE: usize = 1_000;

fn run<M: Module, T>(simulation: &mut Simulation<M>, future: impl Future<Output = T> + Send) -> T {
    let mut future = Box::pin(future);
    let result = (0..PATIENCE).find_map(|_| simulation.run(&mut future, ENOUGH));
    result.unwrap_or_else(|| panic!("it takes for ever"))
}

/// With as many commits as there can be.
fn simulated(threads: u32) -> Launch {
    Launch::tasks(4).threads(threads).keep_at(200).epoch(Duration::ZERO)
}
