//! `let` with every pattern, shadowing, and `let .. else`, of values that are awaited and of plain ones.
#![deny(warnings)]
use rama_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
struct Pair {
    left: u64,
    right: [u64; 3],
}

fn half(n: u64) -> Option<u64> {
    (n % 2 == 0).then_some(n / 2)
}

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
            let (a, mut b) = (n, n + 1);
            let Pair { left, right: [first, .., last] } = external(async move { Pair { left: a, right: [1, 2, 3] } }).await;
            let n = n + 1;
            hash_partition(&n).await;
            b += left;
            let Some(half) = half(b).or(Some(4)) else { return 0 };
            let Some(x @ 1..=9) = external(async move { Some(half) }).await else {
                hash_partition(&b).await;
                self.sums.key(&b).update(|sum| *sum += first);
                return b + last;
            };
            let _ = hash_partition(&x).await;
            let late: u64;
            if x > 2 {
                global_partition().await;
                late = 1;
            } else {
                late = 2;
            }
            n + x + late
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(2).await?, 8);
    cluster.shutdown().await
}
