//! Only operations are awaited; any other future is `external`.
use rama_runtime::prelude::*;

async fn fetch(length: usize) -> u64 {
    length as u64
}

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
            let length = fetch(line.len()).await;
            self.counts.key(&line).update(|n| *n += length);
        }
    }
}

fn main() {}
