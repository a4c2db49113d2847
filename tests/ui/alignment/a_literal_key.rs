//! A key that is written out has one owner, too.
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
            hash_partition(&line).await;
            self.counts.key(&line).update(|n| *n += 1);
            self.counts.key("all").update(|n| *n += 1);
        }
    }
}

fn main() {}
