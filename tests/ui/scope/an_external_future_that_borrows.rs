//! An external future runs elsewhere: it owns its data.
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
            let length = external(async { line.len() as u64 }).await;
            self.counts.key(&line).update(|n| *n += length);
        }
    }
}

fn main() {}
