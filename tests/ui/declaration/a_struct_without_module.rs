//! Topologies belong to a struct with `#[module]`.
use rama_runtime::prelude::*;

pub struct M {
    input: Depot<u64>,
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
