//! A key is of the map's type.
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
            let length = line.len();
            hash_partition(&length).await;
            self.counts.key(&length).update(|n| *n += 1);
        }
    }
}

fn main() {}
