//! An unknown option lists the legal ones.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(rnadom)]
    input: Depot<u64>,
    #[pstate(owner = take, globl)]
    total: PState<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {}
    }
}

fn main() {}
