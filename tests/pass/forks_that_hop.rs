//! Forked branches go where they like; the code around them stays where it is.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    transfers: Depot<(String, String, i64)>,
    #[pstate(owner = run)]
    accounts: PState<Map<String, i64>>,
}

topology! {
    impl M {
        #[stream(source = transfers)]
        async fn run(&mut self, (from, to, cents): (String, String, i64)) {
            hash_partition(&from).await;
            fork(async {
                self.accounts.key(&from).update(|sum| *sum -= 1);
                hash_partition(&to).await;
                self.accounts.key(&to).update(|sum| *sum += cents);
            });
            self.accounts.key(&from).update(|sum| *sum -= cents);
            fork(async {
                let fee = "fees".to_owned();
                hash_partition(&fee).await;
                self.accounts.key(&fee).update(|sum| *sum += 1);
            });
            external(async {}).await;
            self.accounts.key(&from).update(|sum| *sum += 0);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..20 {
        app.transfers().append((format!("from {n}"), format!("to {n}"), n)).await?;
    }
    assert_eq!(app.accounts().key("from 7").get().await?, Some(-8));
    assert_eq!(app.accounts().key("to 7").get().await?, Some(7));
    assert_eq!(app.accounts().key("fees").get().await?, Some(20));
    cluster.shutdown().await
}
