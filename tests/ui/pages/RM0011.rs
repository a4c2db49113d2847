use rama_runtime::prelude::*;
#[module]
pub struct Echo {
    #[depot(random)]
    input: Depot<u64>,
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Echo>(Launch::tasks(1)).await?;
    app.settled().await
}
