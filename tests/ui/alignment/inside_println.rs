//! Code in a macro call counts as well.
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
            println!("{line} was seen {:?} times", self.counts.key(&line).get());
        }
    }
}

fn main() {}
