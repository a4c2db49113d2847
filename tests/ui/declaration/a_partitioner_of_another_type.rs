//! A partitioner chooses a task by the record.
use rama_runtime::prelude::*;

fn by_length(name: &str) -> usize {
    name.len()
}

#[module]
pub struct M {
    #[depot(partitioner = by_length)]
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
