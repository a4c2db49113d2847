//! Depots and PStates have their types.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Vec<u64>,
    #[pstate(owner = take)]
    total: u64,
    #[pstate(owner = take)]
    swapped: Depot<u64>,
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
