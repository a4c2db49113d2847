//! Single words behind `hash_by`: a record is where its word lives, so counting needs no hop.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// Counts words.
#[module]
pub struct WordCount {
    #[depot(hash_by = |w| w)]
    words: Depot<String>,
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        #[stream(source = words)]
        async fn count_words(&mut self, word: String) {
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<WordCount>(Launch::tasks(8).threads(2)).await?;
    for word in "to be or not to be that is the question".split(' ') {
        app.words().append(word.to_owned()).await?;
    }
    for (word, count) in [("to", 2), ("be", 2), ("question", 1)] {
        assert_eq!(app.counts().key(word).get().await?, Some(count), "{word}");
    }
    cluster.shutdown().await
}
