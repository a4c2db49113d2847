//! Records are stored and sent.
use rama_runtime::prelude::*;

pub struct Opaque(u64);

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<Opaque>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, opaque: Opaque) {
            println!("{}", opaque.0);
        }
    }
}

fn main() {}
