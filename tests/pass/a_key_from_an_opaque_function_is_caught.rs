//! What the compiler cannot see through is looked at when it runs: a key from a function, and one that a helper is given
//! together with the PState. The event fails and names everything; keys that do live here pass.
#![deny(warnings)]
use rama_runtime::key::task_of;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

const TASKS: u32 = 4;

fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}

fn bump(counts: &mut PState<Map<String, u64>>, word: &str) {
    counts.key(word).update(|n| *n += 1);
}

/// Counts words backwards.
#[module]
pub struct Backwards {
    #[depot(hash_by = |w| w)]
    words: Depot<String>,
    #[depot(hash_by = |w| w)]
    helped: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl Backwards {
        #[stream(count, source = words, retry = none, on_failure = skip)]
        async fn by_a_function(&mut self, word: String) {
            let key = reversed(&word);
            self.counts.key(&key).update(|n| *n += 1);
        }

        #[stream(count, source = helped, retry = none, on_failure = skip)]
        async fn by_a_helper(&mut self, word: String) {
            let key = reversed(&word);
            bump(&mut self.counts, &key);
        }
    }
}

/// A word whose mirror image is owned by another task, and by the same one.
fn words() -> (String, String) {
    let find = |same: bool| {
        let is_one = |word: &String| {
            let (forth, back) = (task_of(word, TASKS), task_of(&reversed(word), TASKS));
            (forth == back) == same
        };
        (10..1000).map(|n| format!("word{n}")).find(is_one).expect("there are such words")
    };
    (find(false), find(true))
}

fn assert_caught<T: std::fmt::Debug>(result: rama_runtime::Result<T>, word: &str) {
    let Err(Error::RecordFailed { error, attempts, .. }) = &result else {
        panic!("the write of another task's key is not refused: {result:?}");
    };
    let here = task_of(word, TASKS).expect("a word is a key");
    let there = task_of(&reversed(word), TASKS).expect("a word is a key");
    assert_eq!(*attempts, 1);
    for part in [
        "[RM0007]".to_owned(),
        format!("key {:?}", reversed(word)),
        "PState `counts`".to_owned(),
        format!("lives on task {there}"),
        format!("runs on task {here}"),
    ] {
        assert!(error.contains(&part), "`{part}` is not in: {error}");
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Backwards>(Launch::tasks(TASKS).threads(2)).await?;
    let (elsewhere, here) = words();
    assert_caught(app.words().append(elsewhere.clone()).await, &elsewhere);
    assert_caught(app.helped().append(elsewhere.clone()).await, &elsewhere);
    app.words().append(here.clone()).await?;
    app.helped().append(here.clone()).await?;
    assert_eq!(app.counts().key(&reversed(&elsewhere)).get().await?, None);
    assert_eq!(app.counts().key(&reversed(&here)).get().await?, Some(2));
    cluster.shutdown().await
}
