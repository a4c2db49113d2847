//! What a PState holds can be serialised.
use rama_runtime::prelude::*;

pub struct Opaque(u64);

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[pstate(owner = take)]
    total: PState<Map<u64, Opaque>>,
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
