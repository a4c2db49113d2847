//! A module is launched with its topologies.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(1)).await?;
    app.settled().await
}
