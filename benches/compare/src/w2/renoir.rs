//! renoir: its own `group_by` and `fold`, in batches of the same size as everyone's.

use crate::contender::{Outcome, Run};
use crate::kit::clock::Clock;
use crate::kit::exchange::BATCH;
use crate::kit::{check, input};
use renoir::StreamContext;
use renoir::prelude::*;

pub(super) fn run() -> Outcome {
    let numbers = input::leak(input::numbers());
    let config = RuntimeConfig::local(2)?;
    let clock = Clock::start();
    let context = StreamContext::new(config);
    let counts = context
        .stream_par_iter(move |worker, _| input::half(numbers, worker as usize).iter().copied())
        .batch_mode(BatchMode::fixed(BATCH))
        .group_by(|number| *number)
        .fold(0_u64, |count, _| *count += 1)
        .collect_vec();
    context.execute_blocking();
    let cost = clock.stop();
    check::numbers(counts.get().ok_or("renoir gave no result")?)?;
    Ok(Run::of(input::number_count(), cost))
}
