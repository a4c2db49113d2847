//! A guard cannot suspend the topology.
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
            match line.as_str() {
                "stop" if external(async { true }).await => {}
                word => self.counts.key(word).update(|n| *n += 1),
            }
        }
    }
}

fn main() {}
