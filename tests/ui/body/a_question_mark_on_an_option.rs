//! `?` takes an error; an option is made one.
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
            hash_partition(&line).await;
            let first = line.chars().next()?;
            self.counts.key(&line).update(|n| *n += first as u64);
        }
    }
}

fn main() {}
