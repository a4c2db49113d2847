//! A block of which little parses; what does is checked.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[pstate(owner = take)]
    totals: PState<Map<u64, u64>>,
}

topology! {
    impl M {
        #[stream(source = )]
        async fn take(&mut self, n: u64) {}

        #[streem(source = input)]
        async fn second(&mut self, n: u64) {
            external(n);
        }

        #[stream(source = input)]
        async fn third(&mut self, n: u64);

        const LIMIT: u64 = ;

        #[stream(source = input)]
        async fn fourth(&mut self

        )
        #[stream(source = input)]
        async fn fifth(&mut self, n: u64) {
            hash_partion(&n).await;
            match n {
                0 => { let; }
                1 => self.totls.
                _ => {}
            }
        }
    }
    trailing
}

mod another {
    use rama_runtime::prelude::*;

    topology! {
        imp super::M {
        }
    }
}

fn main() {}
