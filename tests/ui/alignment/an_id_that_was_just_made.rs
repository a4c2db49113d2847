//! An id that `next` made lives on the task that its hash says, not where it was made.
use rama_runtime::prelude::*;

/// Counts words.
#[module]
pub struct WordCount {
    #[depot(hash_by = |line| line)]
    lines: Depot<String>,
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = count_words)]
    ids: PState<u64>,
    #[pstate(owner = count_words)]
    names: PState<Map<u64, String>>,
}

topology! {
    impl WordCount {
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let id = self.ids.next();
            self.names.key(&id).set(line);
        }
    }
}

fn main() {}
