//! Ours: the module of the README, with the lines handed over in batches; and the same with words that are owned.

use crate::contender::{Outcome, Run};
use crate::kit::clock::Clock;
use crate::kit::feed::{client, feed};
use crate::kit::{check, input};
use rama_runtime::client::DepotClient;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;

/// Tasks of the module.
const TASKS: u32 = 2;
/// Threads that run them.
const THREADS: u32 = 2;
/// Lines in an append.
const BATCH: usize = 1000;
/// Appends under way at once.
const UNDER_WAY: usize = 8;
/// Lines that a task works on at once.
const MAX_UNFINISHED: u32 = 16_384;
/// Lines that a depot partition takes before it lets the client wait.
const MAX_BACKLOG: u32 = 32_768;

/// Counts how often each word was seen.
#[module]
pub(super) struct WordCount {
    /// Lines of text.
    #[depot(random, keep = 0)]
    lines: Depot<String>,
    /// How often each word was seen.
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        /// Counts each word on the task that owns it.
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let word: &str = explode(line.split(' ')).await;
            hash_partition(word).await;
            self.counts.key(word).update(|n| *n += 1);
        }
    }
}

/// Counts how often each word was seen; each is a `String`.
#[module]
pub(super) struct OwnedWordCount {
    /// Lines of text.
    #[depot(random, keep = 0)]
    lines: Depot<String>,
    /// How often each word was seen.
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl OwnedWordCount {
        /// Counts each word on the task that owns it.
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let word = explode(line.split(' ').map(str::to_owned)).await;
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

/// Words that are lent to the code behind the hop.
pub(super) fn run() -> Outcome {
    count::<WordCount>(|app| app.lines(), async |app| app.counts().items().await)
}

/// Words that travel as `String`s.
pub(super) fn run_owned() -> Outcome {
    count::<OwnedWordCount>(|app| app.lines(), async |app| app.counts().items().await)
}

/// Runs a module that counts what is appended to `lines` in `counts`.
fn count<M: Module>(
    lines: impl Fn(&M::Client) -> DepotClient<M, String, ()>,
    counts: impl AsyncFn(&M::Client) -> rama_runtime::Result<Vec<(String, u64)>>,
) -> Outcome {
    let batches = input::batches(input::lines(), BATCH);
    client()?.block_on(async {
        let cluster = InProcessCluster::start()?;
        let app = cluster.launch::<M>(launch()).await?;
        let lines = lines(&app);
        let clock = Clock::start();
        feed(batches, UNDER_WAY, |batch| lines.append_batch(batch).into_future()).await?;
        let cost = clock.stop();
        check::words(counts(&app).await?)?;
        Ok(Run::of(input::word_count(), cost))
    })
}

fn launch() -> Launch {
    Launch::tasks(TASKS)
        .threads(THREADS)
        .max_unfinished(MAX_UNFINISHED)
        .max_backlog(MAX_BACKLOG)
}
