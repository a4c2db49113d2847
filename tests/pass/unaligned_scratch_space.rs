//! `unaligned` says that this task's own part is meant, whoever owns the key: a cache that each task has for itself.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    lines: Depot<String>,
    #[depot(random)]
    flushes: Depot<()>,
    #[pstate(owner = run, private)]
    pending: PState<Map<String, u64>>,
    #[pstate(owner = run, global, private)]
    here: PState<u64>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        /// Counts the words of the lines that came here.
        #[stream(run, source = lines)]
        async fn collect(&mut self, line: String) {
            for word in line.split(' ') {
                self.pending.unaligned().key(word).update(|n| *n += 1);
            }
            self.here.unaligned().update(|n| *n += 1);
        }

        /// Adds what each task has collected to the counts.
        #[stream(run, source = flushes)]
        async fn flush(&mut self, (): ()) {
            all_partition().await;
            let (word, n) = {
                let pending = self.pending.items();
                self.pending.clear();
                explode(pending).await
            };
            hash_partition(&word).await;
            self.counts.key(&word).update(|sum| *sum += n);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    for _ in 0..20 {
        app.lines().append("to be or not to be".to_owned()).await?;
    }
    assert_eq!(app.counts().key("be").get().await?, None);
    app.flushes().append(()).await?;
    assert_eq!(app.counts().key("be").get().await?, Some(40));
    assert_eq!(app.counts().key("or").get().await?, Some(20));
    cluster.shutdown().await
}
