//! An operation of the module is awaited as well.
use rama_runtime::prelude::*;

#[module]
pub struct Words {
    #[depot(random)]
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
            self.store(line);
        }

        async fn store(&mut self, word: String) {
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

fn main() {}
