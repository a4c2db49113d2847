//! A module declared inside a function.
#![deny(warnings)]
use rama_runtime::prelude::*;

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    #[module]
    struct Local {
        #[depot(random)]
        input: Depot<u64>,
        #[pstate(owner = take)]
        total: PState<Map<u64, u64>>,
    }

    topology! {
        impl Local {
            #[stream(source = input)]
            async fn take(&mut self, n: u64) {
                hash_partition(&n).await;
                self.total.key(&n).update(|sum| *sum += n);
            }
        }
    }

    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Local>(Launch::tasks(2)).await?;
    app.input().append(2).await?;
    assert_eq!(app.total().key(&2).get().await?, Some(2));
    cluster.shutdown().await
}
