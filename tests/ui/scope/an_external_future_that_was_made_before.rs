//! A future cannot be stored: it is made in the argument of `external`.
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

async fn length_of(line: String) -> u64 {
    line.len() as u64
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let future = length_of(line.clone());
            let length = external(future).await;
            self.counts.key(&line).update(|n| *n += length);
        }
    }
}

fn main() {}
