//! `?` on any error, `let .. else` and a `Result` that is returned.
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
            let number: u64 = n.to_string().parse()?;
            hash_partition(&number).await;
            let text = std::str::from_utf8(b"12")?.to_owned();
            global_partition().await;
            let more: u64 = text.parse::<u64>().map_err(|error| format!("no number: {error}"))?;
            number + more
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(5).await?, 17);
    cluster.shutdown().await
}
