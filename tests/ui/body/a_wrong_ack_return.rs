//! The returned value is of the declared type.
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
        async fn count(&mut self, line: String) -> u64 {
            hash_partition(&line).await;
            if line.is_empty() {
                return "nothing";
            }
            line.len()
        }
    }
}

fn main() {}
