//! Each iteration writes where the one before it went.
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
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            for word in words {
                self.counts.key(&word).update(|n| *n += 1);
                hash_partition(&word).await;
            }
        }
    }
}

fn main() {}
