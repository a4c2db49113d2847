//! Ours: one hop and one update a number, with the numbers handed over in batches.

use crate::contender::{Outcome, Run};
use crate::kit::clock::Clock;
use crate::kit::feed::{client, feed};
use crate::kit::{check, input};
use rama_runtime::prelude::*;

/// Tasks of the module.
const TASKS: u32 = 2;
/// Threads that run them.
const THREADS: u32 = 2;
/// Numbers in an append.
const BATCH: usize = 16_384;
/// Appends under way at once.
const UNDER_WAY: usize = 8;
/// Numbers that a task works on at once.
const MAX_UNFINISHED: u32 = 16_384;
/// Numbers that a depot partition takes before it lets the client wait.
const MAX_BACKLOG: u32 = 65_536;

/// Counts how often each number was seen.
#[module]
pub(super) struct Count {
    /// The numbers.
    #[depot(random, keep = 0)]
    numbers: Depot<u64>,
    /// How often each was seen.
    #[pstate(owner = count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Count {
        /// Counts each number on the task that owns it.
        #[stream(source = numbers)]
        async fn count(&mut self, number: u64) {
            hash_partition(&number).await;
            self.counts.key(&number).update(|n| *n += 1);
        }
    }
}

pub(super) fn run() -> Outcome {
    let batches = input::batches(input::numbers(), BATCH);
    client()?.block_on(async {
        let cluster = InProcessCluster::start()?;
        let launch = Launch::tasks(TASKS)
            .threads(THREADS)
            .max_unfinished(MAX_UNFINISHED)
            .max_backlog(MAX_BACKLOG);
        let app = cluster.launch::<Count>(launch).await?;
        let numbers = app.numbers();
        let clock = Clock::start();
        feed(batches, UNDER_WAY, |batch| numbers.append_batch(batch).into_future()).await?;
        let cost = clock.stop();
        check::numbers(app.counts().items().await?)?;
        Ok(Run::of(input::number_count(), cost))
    })
}
