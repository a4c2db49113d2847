//! What is in a folder comes back from it.

use rama_runtime::prelude::*;
use std::path::Path;

/// Counts words, and what it was told.
#[module]
pub struct Words {
    #[depot(random)]
    lines: Depot<String>,
    #[depot(disallow)]
    long_words: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = count)]
    by_length: PState<Map<u64, Subindexed<Set<String>>>>,
    #[pstate(owner = long)]
    longest: PState<Map<String, Longest>>,
}

/// Of words that begin with a letter.
#[derive(Fields)]
struct Longest {
    word: String,
    seen: u64,
    all: Subindexed<List<String>>,
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let word = explode(line.split_whitespace().map(str::to_owned)).await;
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
            let length = word.len() as u64;
            hash_partition(&length).await;
            self.by_length.key(&length).insert(word.clone());
            if length > 4 {
                self.long_words.append(word).await;
            }
        }

        #[stream(source = long_words)]
        async fn long(&mut self, word: String) {
            let letter = word[..1].to_owned();
            hash_partition(&letter).await;
            let mut longest = self.longest.key(&letter);
            longest.by_ref().seen().update(|n| *n += 1);
            longest.by_ref().all().push(word.clone());
            if longest.by_ref().word().get().is_none_or(|known| known.len() < word.len()) {
                longest.word().set(word);
            }
        }
    }
}

async fn launch(path: &Path, threads: u32) -> (InProcessCluster, WordsClient) {
    let cluster = InProcessCluster::open(path).unwrap();
    let app = cluster
        .launch::<Words>(Launch::tasks(4).threads(threads))
        .await
        .unwrap();
    (cluster, app)
}

async fn check(app: &WordsClient, rounds: u64) {
    assert_eq!(app.counts().key("banana").get().await.unwrap(), Some(rounds));
    assert_eq!(app.counts().key("be").get().await.unwrap(), Some(2 * rounds));
    assert_eq!(
        app.by_length().key(&6).items().await.unwrap(),
        ["ananas".to_owned(), "banana".to_owned()]
    );
    assert_eq!(app.longest().key("b").seen().get().await.unwrap(), Some(rounds));
    let all = app.longest().key("b").all().items().await.unwrap();
    assert_eq!(all, vec!["banana".to_owned(); rounds as usize]);
}

const LINE: &str = "be banana be ananas it or not";

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_shutdown_and_after_a_drop_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=6 {
        let (cluster, app) = launch(folder.path(), [1, 2, 4][round % 3]).await;
        if round > 1 {
            check(&app, round as u64 - 1).await;
        }
        app.lines().append(LINE.into()).await.unwrap();
        app.settled().await.unwrap();
        check(&app, round as u64).await;
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}
