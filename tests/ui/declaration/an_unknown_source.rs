//! A source is a depot of the module.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = inputs)]
        async fn take(&mut self, n: u64) {}
    }
}

fn main() {}
