//! A value that was moved is gone after the hop too.
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
            let owned = line;
            hash_partition(&owned).await;
            self.counts.key(&line).update(|n| *n += owned.len() as u64);
        }
    }
}

fn main() {}
