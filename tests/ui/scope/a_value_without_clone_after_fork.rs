//! What a forked branch and the code after it both need is copied.
use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Ticket {
    number: u64,
}

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
            let ticket = Ticket { number: 1 };
            fork(async {
                hash_partition(&line).await;
                self.counts.key(&line).update(|n| *n += ticket.number);
            });
            println!("{}", ticket.number);
        }
    }
}

fn main() {}
