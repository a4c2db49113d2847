//! An operation is inlined, so it cannot call itself.
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
            self.down(3).await;
        }

        async fn down(&mut self, n: u64) {
            self.further(n).await;
        }

        async fn further(&mut self, n: u64) {
            self.down(n - 1).await;
        }
    }
}

fn main() {}
