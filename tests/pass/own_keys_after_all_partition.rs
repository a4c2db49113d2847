//! The keys that a task's own partition holds live here: every task can look at its own.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::time::Duration;

/// A module.
#[module]
pub struct Sessions {
    #[depot(hash_by = |name| name)]
    logins: Depot<String>,
    #[depot(tick = "60s")]
    clock: Depot<()>,
    #[pstate(owner = run)]
    open: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    closed: PState<Map<String, u64>>,
}

topology! {
    impl Sessions {
        #[stream(run, source = logins)]
        async fn login(&mut self, name: String) {
            self.open.key(&name).update(|n| *n += 1);
        }

        #[stream(run, source = clock)]
        async fn expire(&mut self, (): ()) {
            all_partition().await;
            for name in self.open.keys() {
                if name.ends_with('7') {
                    self.open.remove(&name);
                    self.closed.key(&name).update(|n| *n += 1);
                }
            }
            if let Some((name, _)) = self.open.first() {
                self.open.key(&name).update(|n| *n += 10);
            }
            let (name, n) = explode(self.open.items()).await;
            self.closed.key(&name).update(|sum| *sum += n);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Sessions>(Launch::tasks(4).threads(2)).await?;
    for n in 0..20 {
        app.logins().append(format!("user {n:02}")).await?;
    }
    cluster.clock().advance(Duration::from_secs(60));
    app.settled().await?;
    assert_eq!(app.open().key("user 07").get().await?, None);
    assert_eq!(app.closed().key("user 07").get().await?, Some(1));
    assert_eq!(app.open().key("user 00").get().await?, Some(11));
    assert_eq!(app.closed().key("user 00").get().await?, Some(11));
    cluster.shutdown().await
}
