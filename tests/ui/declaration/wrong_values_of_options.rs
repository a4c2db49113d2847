//! A value of an option that cannot be.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(hash_by = 3)]
    input: Depot<u64>,
    #[depot(tick = 30)]
    ticks: Depot<()>,
    #[depot(random, keep = "many")]
    kept: Depot<u64>,
    #[depot(random, global)]
    both: Depot<u64>,
    #[pstate(owner = "take")]
    total: PState<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {
            println!("{n}");
        }
    }
}

fn main() {}
