//! The modules that several benches run.

use rama_runtime::prelude::*;

/// Counts numbers where they belong: one hop and one update a record.
#[module]
pub struct Exchange {
    /// The numbers, evenly over the tasks.
    #[depot(random, keep = 0)]
    numbers: Depot<u64>,
    /// How often each was seen.
    #[pstate(owner = count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Exchange {
        /// Counts a number on the task that owns it.
        #[stream(source = numbers)]
        async fn count(&mut self, number: u64) {
            hash_partition(&number).await;
            self.counts.key(&number).update(|n| *n += 1);
        }
    }
}

/// Counts words where they belong: ten branches a record, with a hop and an update each.
#[module]
pub struct WordCount {
    /// Lines of text, evenly over the tasks.
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
