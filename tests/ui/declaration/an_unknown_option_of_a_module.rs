//! An unknown option of `#[module]` lists the legal ones.
use rama_runtime::prelude::*;

#[module(check_aligment)]
pub struct M {
    #[depot(random)]
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
