//! The clock appends `()`.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(tick = "30s")]
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
