//! PStates with a partitioner of their own, a closure or a function: reached by a part of the key, or by `path_partition`.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

fn region(town: &String) -> &str {
    town.split('/').next().unwrap_or_default()
}

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |(user, _)| user)]
    input: Depot<(String, String)>,
    #[depot(random)]
    towns: Depot<String>,
    #[pstate(owner = run, partition_by = |pair| &pair.0)]
    pairs: PState<Map<(String, String), u64>>,
    #[pstate(owner = run, partition_by = region)]
    regional: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(run, source = input)]
        async fn pairs(&mut self, (user, town): (String, String)) {
            self.pairs.key(&(user.clone(), town.clone())).update(|n| *n += 1);
            let pair = (user, town);
            self.pairs.key(&pair).update(|n| *n += 1);
            self.counts.key(&pair.0).update(|n| *n += 1);
            path_partition(self.regional.key(&pair.1)).await;
            self.regional.key(&pair.1).update(|n| *n += 1);
            path_partition(self.pairs.key(&pair)).await;
            self.pairs.key(&pair).update(|n| *n += 1);
            self.counts.key(&pair.0).update(|n| *n += 1);
            hash_partition(&pair.0).await;
            self.pairs.key(&pair).update(|n| *n += 1);
        }

        #[stream(run, source = towns)]
        async fn towns(&mut self, town: String) {
            path_partition(self.regional.key(&town)).await;
            self.regional.key(&town).update(|n| *n += 100);
            path_partition(self.counts.key(&town)).await;
            self.counts.key(&town).update(|n| *n += 100);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..20 {
        let town = format!("region {}/town {n}", n % 3);
        app.input().append((format!("user {n}"), town.clone())).await?;
        app.towns().append(town).await?;
    }
    let town = "region 1/town 7".to_owned();
    assert_eq!(app.pairs().key(&("user 7".to_owned(), town.clone())).get().await?, Some(4));
    assert_eq!(app.regional().key(&town).get().await?, Some(101));
    assert_eq!(app.counts().key(&town).get().await?, Some(100));
    assert_eq!(app.counts().key("user 7").get().await?, Some(2));
    cluster.shutdown().await
}
