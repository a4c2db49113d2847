//! Topologies of a struct that another Rust module declares.
#![deny(warnings)]
use rama_runtime::prelude::*;

mod declared {
    use rama_runtime::prelude::*;

    /// Declared here.
    #[module]
    pub struct Split {
        #[depot(random)]
        pub(crate) input: Depot<u64>,
        #[pstate(owner = take)]
        pub(crate) total: PState<Map<u64, u64>>,
    }
}

topology! {
    impl declared::Split {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {
            hash_partition(&n).await;
            self.total.key(&n).update(|sum| *sum += n);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<declared::Split>(Launch::tasks(4).threads(2)).await?;
    app.input().append(2).await?;
    assert_eq!(app.total().key(&2).get().await?, Some(2));
    cluster.shutdown().await
}
