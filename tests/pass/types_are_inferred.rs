//! A type that only the code after a hop tells.
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
            let mut list = Vec::new();
            let mut none = None;
            let start = Default::default();
            let parsed = "12".parse().unwrap_or_default();
            hash_partition(&n).await;
            list.push(n);
            none.get_or_insert(3u8);
            global_partition().await;
            let sum: u64 = start;
            let parsed: u64 = parsed;
            list.len() as u64 + sum + parsed + none.map_or(0, u64::from)
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(5).await?, 16);
    cluster.shutdown().await
}
