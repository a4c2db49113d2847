//! A body makes no warnings of its own making: what is split over segments looks unused in each of them.
#![deny(warnings, unused, missing_docs)]
use rama_runtime::prelude::*;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[depot(disallow)]
    output: Depot<u64>,
    #[pstate(owner = run)]
    sums: PState<Map<u64, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, n: u64) -> u64 {
            let mut changed_after = 1;
            let mut list = Vec::new();
            let unused_before = n;
            let _ignored = 3;
            hash_partition(&n).await;
            changed_after += 1;
            list.push(changed_after);
            let mut overwritten = 1;
            if n > 3 {
                global_partition().await;
                overwritten = 2;
            }
            'outer: for i in 0..n {
                for j in 0..i {
                    if j == 2 {
                        continue 'outer;
                    }
                    shuffle_partition().await;
                    list.push(j);
                }
            }
            let late = loop {
                changed_after += 1;
                if changed_after > 5 {
                    break changed_after;
                }
                global_partition().await;
            };
            if late > 100 {
                return unused_before;
            }
            self.helper(&list) + overwritten + late
        }

        fn helper(&self, list: &[u64]) -> u64 {
            list.len() as u64
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(4).await?, 14);
    cluster.shutdown().await
}
