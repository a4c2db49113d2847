//! A reference and what it points into both needed after the hop.
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
            let first = &line;
            hash_partition(first).await;
            self.counts.key(first).update(|n| *n += 1);
            println!("{line}");
        }
    }
}

fn main() {}
