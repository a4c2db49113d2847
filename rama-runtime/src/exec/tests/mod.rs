//! Tests of the runtime over a hand-written module, as the compiler would make it.

mod flow;
mod lab;
mod lifecycle;
mod retries;
mod robust;
mod time;

use crate::client::App;
use crate::cluster::Launch;
use crate::testing::TestCluster;
use lab::Lab;

/// A cluster with the lab launched.
async fn lab(launch: Launch) -> (TestCluster, App<Lab>) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Lab>(launch).await.unwrap();
    (cluster, app)
}

/// What task `task` has noted.
async fn seen(app: &App<Lab>, task: u32) -> Vec<u64> {
    app.ask(task, |lab| lab.seen.clone()).await.unwrap()
}
