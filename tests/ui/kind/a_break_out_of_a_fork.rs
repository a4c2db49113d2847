//! A branch of its own cannot leave the loop that it was forked in.
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
            loop {
                fork(async {
                    break;
                });
            }
        }
    }
}

fn main() {}
