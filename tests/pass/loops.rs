//! Every loop, labelled `break` and `continue`, values of `break`, awaits in conditions.
#![deny(warnings)]
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
            let mut sum = 0;
            'outer: for i in 0..n {
                let mut j = 0;
                while j < i {
                    j += 1;
                    if j == 3 {
                        continue 'outer;
                    }
                    hash_partition(&j).await;
                    sum += j;
                    if sum > 50 {
                        break 'outer;
                    }
                }
            }
            let found = 'search: loop {
                sum += 1;
                global_partition().await;
                if sum % 7 == 0 {
                    break 'search sum;
                }
            };
            while external(async move { sum % 5 != 0 }).await {
                sum += 1;
            }
            let mut stack = vec![1u64, 2, 3];
            while let Some(top) = stack.pop() {
                direct_partition((top % 4) as usize).await;
                sum += top;
            }
            let value = 'block: {
                if sum > 3 {
                    hash_partition(&sum).await;
                    break 'block 1;
                }
                2
            };
            for (at, letter) in ["a", "b"].map(str::to_owned).into_iter().enumerate() {
                shuffle_partition().await;
                sum += at as u64 + letter.len() as u64;
            }
            found * 0 + sum * 0 + value
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(6).await?, 1);
    cluster.shutdown().await
}
