//! renoir: its own `group_by` and `fold`, in batches of the same size as everyone's.

use crate::contender::{Outcome, Run};
use crate::kit::clock::Clock;
use crate::kit::exchange::BATCH;
use crate::kit::{check, input};
use renoir::StreamContext;
use renoir::prelude::*;

pub(super) fn run() -> Outcome {
    let lines = input::leak(input::lines());
    let config = RuntimeConfig::local(2)?;
    let clock = Clock::start();
    let context = StreamContext::new(config);
    let counts = context
        .stream_par_iter(move |worker, _| input::half(lines, worker as usize).iter())
        .batch_mode(BatchMode::fixed(BATCH))
        .flat_map(|line| line.split(' ').map(str::to_owned))
        .group_by(|word| word.clone())
        .fold(0_u64, |count, _| *count += 1)
        .collect_vec();
    context.execute_blocking();
    let cost = clock.stop();
    check::words(counts.get().ok_or("renoir gave no result")?)?;
    Ok(Run::of(input::word_count(), cost))
}
