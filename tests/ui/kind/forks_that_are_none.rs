//! `fork` is a statement with an `async` block.
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
            fork(async { global_partition().await; }).await;
            fork(|| 1);
            let branch = fork(async {});
        }
    }
}

fn main() {}
