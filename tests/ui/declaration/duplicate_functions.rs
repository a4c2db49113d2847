//! Functions of the block have names of their own.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {}

        #[stream(source = input)]
        async fn take(&mut self, n: u64) {}

        async fn helper(&mut self) {}

        async fn helper(&mut self) {}
    }
}

fn main() {}
