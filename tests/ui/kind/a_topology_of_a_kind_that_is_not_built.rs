//! Queries and microbatches come later.
use rama_runtime::prelude::*;

#[module]
pub struct Words {
    #[depot(hash_by = |line| line)]
    lines: Depot<String>,
    #[depot(disallow)]
    output: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            self.counts.key(&line).update(|n| *n += 1);
        }

        #[query]
        async fn total(&self, word: String) -> u64 {
            0
        }
    }
}

fn main() {}
