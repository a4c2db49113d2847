//! A cursor leads into this task's partition: it cannot travel.
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
            let counter = self.counts.key(&line);
            global_partition().await;
            counter.update(|n| *n += line.len() as u64);
        }
    }
}

fn main() {}
