//! Plain functions are given a PState and a key, or `self`: what they do is checked when it runs, and what is right passes.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

fn bump<'p>(counts: &'p mut PState<Map<String, u64>>, word: &str) -> &'p mut PState<Map<String, u64>> {
    counts.key(word).update(|n| *n += 1);
    counts
}

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    words: Depot<String>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(source = words)]
        async fn run(&mut self, word: String) -> u64 {
            hash_partition(&word).await;
            bump(bump(&mut self.counts, &word), &word);
            self.twice(&word);
            let counts = &mut self.counts;
            counts.key(&word).update(|n| *n += 100);
            bump(counts, &word);
            self.seen(&word)
        }

        fn twice(&mut self, word: &str) {
            self.counts.key(word).update(|n| *n += 10);
            self.counts.key(word).update(|n| *n += 10);
        }

        fn seen(&self, word: &str) -> u64 {
            self.counts.reader().key(word).get_or(0)
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..20 {
        assert_eq!(app.words().append(format!("word {n}")).await?, 123);
    }
    assert_eq!(app.counts().key("word 7").get().await?, Some(123));
    cluster.shutdown().await
}
