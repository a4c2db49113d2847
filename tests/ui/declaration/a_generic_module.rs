//! A module has no generic parameters.
use rama_runtime::prelude::*;

#[module]
pub struct M<T> {
    #[depot(random)]
    input: Depot<T>,
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
