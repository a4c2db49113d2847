//! The compiler cannot look into macro calls.
use rama_runtime::prelude::*;

#[module]
pub struct Words {
    #[depot(random)]
    lines: Depot<String>,
    #[depot(disallow)]
    output: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            println!("{}", external(async { 1 }).await);
            let all = vec![external(async { 1 }).await];
        }
    }
}

fn main() {}
