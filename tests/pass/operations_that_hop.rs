//! Operations of the module are followed: into them, with their arguments, and out of them, with what they return.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    names: Depot<String>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = run, global)]
    all: PState<Set<String>>,
}

topology! {
    impl M {
        #[stream(source = names)]
        async fn run(&mut self, name: String) -> u64 {
            let name = self.home(name).await;
            self.counts.key(&name).update(|n| *n += 1);
            self.add(&name, 10).await;
            self.everywhere_known(name.clone()).await;
            self.home(name.clone()).await;
            self.add(&name, 100).await;
            self.counts.key(&name).get_or(0)
        }

        /// To the task that owns `name`.
        async fn home(&mut self, name: String) -> String {
            hash_partition(&name).await;
            name
        }

        /// Called where `name` lives.
        async fn add(&mut self, name: &String, times: u64) {
            self.counts.key(name).update(|n| *n += times);
        }

        async fn everywhere_known(&mut self, name: String) {
            global_partition().await;
            if self.all.contains(&name) {
                return;
            }
            self.all.insert(name);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..10 {
        assert_eq!(app.names().append(format!("name {n}")).await?, 111);
    }
    assert_eq!(app.names().append("name 3".to_owned()).await?, 222);
    assert_eq!(app.all().len().await?, 10);
    cluster.shutdown().await
}
