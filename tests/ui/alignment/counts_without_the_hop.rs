//! Word counts whose hop was forgotten: each task would count the words of its own lines, and no one a word's sum.
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
            let word = explode(line.split_whitespace().map(str::to_owned)).await;
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

fn main() {}
