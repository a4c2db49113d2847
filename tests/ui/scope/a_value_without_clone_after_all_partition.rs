//! What is needed after `all_partition` is copied for each task.
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
            all_partition().await;
            println!("{line}: {}", ticket.number);
        }
    }
}

fn main() {}
