//! Moves are those of plain Rust.
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
            hash_partition(&line).await;
            drop(line);
            self.counts.key(&line).update(|n| *n += 1);
        }
    }
}

fn main() {}
