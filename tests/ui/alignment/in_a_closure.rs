//! Code in a closure runs where the computation is.
use rama_runtime::prelude::*;

/// Counts words.
#[module]
pub struct WordCount {
    #[depot(random)]
    lines: Depot<String>,
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            line.split_whitespace().for_each(|word| self.counts.key(word).update(|n| *n += 1));
        }
    }
}

fn main() {}
