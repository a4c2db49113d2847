//! What is global is on task 0: depots, PStates, ticks.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::time::Duration;

/// A module.
#[module]
pub struct M {
    #[depot(global)]
    ordered: Depot<String>,
    #[depot(hash_by = |word| word)]
    words: Depot<String>,
    #[depot(tick = "10s")]
    clock: Depot<()>,
    #[pstate(owner = run, global)]
    log: PState<List<String>>,
    #[pstate(owner = run, global)]
    totals: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(run, source = ordered)]
        async fn ordered(&mut self, word: String) {
            self.log.push(word.clone());
            self.totals.key(&word).update(|n| *n += 1);
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
            direct_partition(0).await;
            self.totals.key("ordered").update(|n| *n += 1);
        }

        #[stream(run, source = words)]
        async fn words(&mut self, word: String) {
            self.counts.key(&word).update(|n| *n += 1);
            global_partition().await;
            self.log.push(word.clone());
            path_partition(self.totals.key(&word)).await;
            self.totals.key(&word).update(|n| *n += 1);
        }

        #[stream(run, source = clock)]
        async fn tick(&mut self, (): ()) {
            self.log.clear();
            self.totals.key("ticks").update(|n| *n += 1);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    for n in 0..10 {
        app.ordered().append(format!("word {n}")).await?;
        app.words().append(format!("word {n}")).await?;
    }
    assert_eq!(app.log().len().await?, 20);
    assert_eq!(app.totals().key("word 3").get().await?, Some(2));
    assert_eq!(app.totals().key("ordered").get().await?, Some(10));
    assert_eq!(app.counts().key("word 3").get().await?, Some(2));
    cluster.clock().advance(Duration::from_secs(10));
    app.settled().await?;
    assert_eq!(app.totals().key("ticks").get().await?, Some(1));
    assert_eq!(app.log().len().await?, 0);
    cluster.shutdown().await
}
