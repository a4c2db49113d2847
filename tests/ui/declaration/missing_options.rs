//! What a declaration cannot do without.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot]
    input: Depot<u64>,
    #[pstate]
    total: PState<u64>,
    other: u64,
}

topology! {
    impl M {
        #[stream]
        async fn take(&mut self, n: u64) {}
    }
}

fn main() {}
