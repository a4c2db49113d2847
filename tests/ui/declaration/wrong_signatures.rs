//! A stream takes `&mut self` and one record.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn reads(&self, n: u64) {}

        #[stream(source = input)]
        async fn nothing(&mut self) {}

        #[stream(source = input)]
        fn plain(&mut self, n: u64) {}

        #[stream(source = input)]
        async fn generic<T>(&mut self, n: T) {}
    }
}

fn main() {}
