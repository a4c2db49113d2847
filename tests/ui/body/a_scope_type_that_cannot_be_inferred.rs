//! No annotations beyond what plain Rust would need.
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
            let parsed = line.parse().unwrap_or_default();
            hash_partition(&line).await;
            println!("{parsed}");
        }
    }
}

fn main() {}
