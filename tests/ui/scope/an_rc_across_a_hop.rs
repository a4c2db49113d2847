//! What crosses a hop can be sent and serialised.
use rama_runtime::prelude::*;
use std::rc::Rc;

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
            let shared = Rc::new(line.len() as u64);
            hash_partition(&line).await;
            self.counts.key(&line).update(|n| *n += *shared);
        }
    }
}

fn main() {}
