//! Names that do not exist.
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
            self.counts.key(&line).update(|n| *n += lin.len() as u64);
            self.counts.key(&line).raise();
            self.count.key(&line).update(|n| *n += 1);
        }
    }
}

fn main() {}
