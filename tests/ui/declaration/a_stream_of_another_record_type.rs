//! A stream takes its depot's records.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, name: String) {
            println!("{name}");
        }
    }
}

fn main() {}
