//! An initial value is one of the schema.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[pstate(owner = take, initial = "none")]
    total: PState<u64>,
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
