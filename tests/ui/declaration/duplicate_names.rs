//! Names of topologies and fields are distinct.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {}

        #[stream(source = input)]
        async fn take(&mut self, n: u64) {}
    }
}

fn main() {}
