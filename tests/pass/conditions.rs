//! `if`, `else if`, `if let`, let-chains and short circuits with awaits in them.
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
            if n > 100 && external(async { true }).await {
                return 1;
            } else if let Some(m) = external(async move { n.checked_sub(50) }).await
                && m > 5
                && let Some(twice) = external(async move { m.checked_mul(2) }).await
            {
                shuffle_partition().await;
                return twice;
            } else if external(async { false }).await || n == 7 {
                global_partition().await;
            }
            let small = if n < 5 { hash_partition(&n).await; "small" } else { "large" };
            small.len() as u64 + u64::from(!external(async { true }).await)
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(200).await?, 1);
    assert_eq!(app.input().append(60).await?, 20);
    assert_eq!(app.input().append(7).await?, 5);
    cluster.shutdown().await
}
