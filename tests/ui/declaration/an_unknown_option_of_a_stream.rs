//! An unknown option lists the legal ones, and a wrong value the legal values.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = input, retries = 3)]
        async fn take(&mut self, n: u64) {}

        #[stream(source = input, retry = sometimes)]
        async fn retake(&mut self, n: u64) {}

        #[stream(source = input, start_from = middle, timeout = "soon")]
        async fn again(&mut self, n: u64) {}

        #[stream(source = input, on_failure = letters)]
        async fn once(&mut self, n: u64) {}
    }
}

fn main() {}
