//! A module is a struct.
use rama_runtime::prelude::*;

#[module]
pub enum M {
    Input,
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
