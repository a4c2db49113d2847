//! Accesses in closures, macro calls, conditions and arguments, where their key lives.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |word| word)]
    words: Depot<String>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    letters: PState<Map<String, Map<char, u64>>>,
}

topology! {
    impl M {
        #[stream(source = words)]
        async fn run(&mut self, word: String) -> u64 {
            let mut add = |n: u64| self.counts.key(&word).update(|sum| { *sum += n; *sum });
            add(1);
            add(10);
            word.chars().for_each(|letter| self.letters.key(&word).key(&letter).update(|n| *n += 1));
            assert!(self.counts.contains(&word), "{word} is counted {:?}", self.counts.key(&word).get());
            println!("{word}: {:?}", self.letters.key(&word).items());
            if self.counts.key(&word).get_or(0) > 20 && self.letters.contains(&word) {
                return u64::max(self.counts.key(&word).get_or(0), self.letters.key(&word).len() as u64);
            }
            self.letters.key(&word).values().into_iter().sum()
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for word in ["rama", "banana", "apple"] {
        assert_eq!(app.words().append(word.to_owned()).await?, word.len() as u64);
        assert_eq!(app.words().append(word.to_owned()).await?, 22);
    }
    assert_eq!(app.letters().key("banana").key(&'a').get().await?, Some(6));
    cluster.shutdown().await
}
