//! What a future is made from is stored in front of it, so that it can be made again after a crash.
use rama_runtime::prelude::*;
use std::sync::Arc;

#[module]
pub struct Words {
    #[depot(hash_by = |line| line)]
    lines: Depot<String>,
    #[depot(disallow)]
    output: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

/// As a client of HTTP is.
pub struct Client;

impl Client {
    async fn length_of(self: Arc<Self>, line: String) -> u64 {
        line.len() as u64
    }
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let client = Arc::new(Client);
            let length = external(client.length_of(line.clone())).await;
            self.counts.key(&line).update(|n| *n += length);
        }
    }
}

fn main() {}
