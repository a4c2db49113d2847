//! An operation is called as documented.
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
            hash_partition().await;
            let x = explode(1, 2).await;
            path_partition(line).await;
            self.store(line).await;
        }

        async fn store(&mut self, word: String, times: u64) {}
    }
}

fn main() {}
