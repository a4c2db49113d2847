//! A type of the user's crosses a hop only if it derives serde's traits.
use rama_runtime::prelude::*;

#[derive(Clone)]
struct Parsed {
    length: u64,
}

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
            let parsed = Parsed { length: line.len() as u64 };
            hash_partition(&line).await;
            self.counts.key(&line).update(|n| *n += parsed.length);
        }
    }
}

fn main() {}
