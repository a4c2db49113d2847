//! Each operation of the language.
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
            hash_partition(&n).await;
            path_partition(self.sums.key(&n)).await;
            self.sums.key(&n).update(|sum| *sum += 1);
            global_partition().await;
            direct_partition(1).await;
            shuffle_partition().await;
            custom_partition(|tasks| (n as usize + 1) % tasks).await;
            yield_if_overtime().await;
            let one = external(async { 1u64 }).await;
            self.output.append(n + one).await;
            self.output.append(n).ack(AckLevel::Full).await;
            fork(async {
                all_partition().await;
                let item = explode([n, one]).await;
                hash_partition(&item).await;
                self.sums.key(&item).update(|sum| *sum += one);
            });
            n
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(5).await?, 5);
    assert_eq!(app.sums().key(&5).get().await?, Some(5));
    assert_eq!(app.sums().key(&1).get().await?, Some(4));
    cluster.shutdown().await
}
