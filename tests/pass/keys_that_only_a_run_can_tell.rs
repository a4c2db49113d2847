//! Keys that the compiler cannot name, and that do live here: indices, maps of other keys, texts built twice, appended
//! records. They compile, and pass the check.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |names| normal(&names[0]))]
    input: Depot<Vec<String>>,
    #[depot(disallow)]
    inner: Depot<String>,
    #[depot(partitioner = first_task)]
    odd: Depot<String>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    partners: PState<Map<String, String>>,
}

fn first_task(_: &String, _: usize) -> usize {
    0
}

topology! {
    impl M {
        #[stream(run, source = input)]
        async fn run(&mut self, names: Vec<String>) {
            self.counts.key(&normal(&names[0])).update(|n| *n += 1);
            hash_partition(&names[1]).await;
            self.counts.key(&names[1]).update(|n| *n += 1);
            self.partners.key(&names[1]).set(names[1].clone());
            let Some(partner) = self.partners.key(&names[1]).get() else { return };
            self.counts.key(&partner).update(|n| *n += 10);
            let text = format!("{}-{}", names[0], names[1]);
            hash_partition(&text).await;
            let again = format!("{}-{}", names[0], names[1]);
            self.counts.key(&again).update(|n| *n += 1);
            self.inner.append(text).await;
        }

        #[stream(run, source = inner)]
        async fn inner(&mut self, text: String) {
            self.counts.key(&text).update(|n| *n += 10);
        }

        #[stream(run, source = odd)]
        async fn odd(&mut self, text: String) {
            let home = text.clone();
            custom_partition(move |tasks| first_task(&home, tasks)).await;
            hash_partition(&text).await;
            self.counts.key(&text).update(|n| *n += 100);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..20 {
        app.input().append(vec![format!(" Name {n}"), format!("partner {n}")]).await?;
        app.odd().append(format!("partner {n}")).await?;
    }
    app.settled().await?;
    assert_eq!(app.counts().key("name 7").get().await?, Some(1));
    assert_eq!(app.counts().key("partner 7").get().await?, Some(111));
    assert_eq!(app.counts().key(" Name 7-partner 7").get().await?, Some(11));
    cluster.shutdown().await
}
