//! What makes a future is run again after a crash: it does not write.
use rama_runtime::prelude::*;

#[module]
pub struct Words {
    #[depot(hash_by = |line| line)]
    lines: Depot<String>,
    #[depot(disallow)]
    output: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

async fn look_up(line: String, times: u64) -> u64 {
    line.len() as u64 + times
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let length = external({
                self.counts.key(&line).update(|n| *n += 1);
                look_up(line.clone(), self.counts.key(&line).get().unwrap_or(0))
            })
            .await;
            external(look_up(line.clone(), self.count_up(&line))).await;
            external(async { self.output.append(line.clone()); }).await;
            self.counts.key(&line).update(|n| *n += length);
        }

        fn count_up(&mut self, line: &String) -> u64 {
            self.counts.key(line).set(1);
            1
        }
    }
}

fn main() {}
