//! A variable that is not `mut` is not assigned after a hop either.
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
            let total = 1;
            hash_partition(&line).await;
            total += line.len() as u64;
            self.counts.key(&line).update(|n| *n += total);
        }
    }
}

fn main() {}
