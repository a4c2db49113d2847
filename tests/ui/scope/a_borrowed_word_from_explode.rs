//! The items of `explode` are carried into events of their own, so they own their data.
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
            let word = explode(line.split_whitespace()).await;
            hash_partition(word).await;
            self.counts.key(word).update(|n| *n += 1);
        }
    }
}

fn main() {}
