//! One block declares all topologies of a module.
use rama_runtime::prelude::*;

#[module]
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

topology! {
    impl M {
        #[stream(source = input)]
        async fn more(&mut self, n: u64) {
            println!("{n}");
        }
    }
}

fn main() {}
