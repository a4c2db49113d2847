//! A key can be serialised, compared and hashed.
use rama_runtime::prelude::*;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(u64);

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[pstate(owner = take)]
    total: PState<Map<UserId, u64>>,
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
