//! Paths: the struct in one Rust module, its topologies in another, under a path; two modules in one scope.
#![deny(warnings)]
use rama_runtime::prelude::*;

mod inner {
    pub mod declared {
        use rama_runtime::prelude::*;

        /// Declared here.
        #[module]
        pub struct Far {
            #[depot(random)]
            pub input: Depot<u64>,
            #[pstate(owner = take)]
            pub total: PState<Map<u64, u64>>,
        }

        topology! {
            impl Far {
                #[stream(source = input)]
                async fn take(&mut self, n: u64) {
                    hash_partition(&n).await;
                    self.total.key(&n).update(|sum| *sum += n);
                }
            }
        }
    }

    pub use declared::Far;
}

/// Another one.
#[module]
pub struct Near {
    #[depot(random)]
    input: Depot<u64>,
}

topology! {
    impl self::Near {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) -> u64 {
            n
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<inner::Far>(Launch::tasks(4).threads(2)).await?;
    app.input().append(2).await?;
    assert_eq!(app.total().key(&2).get().await?, Some(2));
    let near = cluster.launch::<Near>(Launch::tasks(1)).await?;
    assert_eq!(near.input().append(3).await?, 3);
    cluster.shutdown().await
}
