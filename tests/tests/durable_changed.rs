//! A module whose parts have other names, or whose PStates hold other values, than those of the version that wrote its folder.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::{Error, StorageError};
use std::path::Path;

mod first {
    use rama_runtime::prelude::*;

    #[module]
    pub struct Counter {
        #[depot(random)]
        words: Depot<String>,
        #[pstate(owner = count)]
        counts: PState<Map<String, u32>>,
        #[pstate(owner = count)]
        seen: PState<Subindexed<Map<u8, u32>>>,
        #[pstate(owner = count, global, initial = 7)]
        last: PState<u32>,
        #[pstate(owner = count)]
        sets: PState<Map<String, Set<u8>>>,
    }

    topology! {
        impl Counter {
            #[stream(source = words)]
            async fn count(&mut self, word: String) {
                hash_partition(&word).await;
                self.counts.key(&word).update(|n| *n += 1);
                self.sets.key(&word).insert(255);
                let length = word.len() as u8;
                hash_partition(&length).await;
                self.seen.key(&length).update(|n| *n += 1);
                global_partition().await;
                self.last.set(u32::from(length));
            }
        }
    }
}

mod second {
    use rama_runtime::prelude::*;
    use serde::{Deserialize, Serialize};

    /// What a count is now.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct Count {
        pub times: u64,
        pub since: String,
    }

    fn widened(times: u32) -> Count {
        Count {
            times: u64::from(times),
            since: "before".to_owned(),
        }
    }

    mod numbers {
        pub(super) fn in_words(number: u32) -> String {
            format!("{number} times")
        }
    }

    #[module]
    pub struct Counter {
        #[depot(random)]
        #[renamed_from("words")]
        texts: Depot<String>,
        #[pstate(owner = count)]
        #[migrate(with = widened)]
        counts: PState<Map<String, Count>>,
        #[pstate(owner = count)]
        #[renamed_from("seen")]
        #[migrate(with = numbers::in_words)]
        lengths: PState<Subindexed<Map<u8, String>>>,
        #[pstate(owner = count, global)]
        #[migrate(with = numbers::in_words)]
        last: PState<String>,
        #[pstate(owner = count)]
        #[renamed_from("sets")]
        marks: PState<Map<String, Set<u8>>>,
    }

    topology! {
        impl Counter {
            #[stream(source = texts)]
            async fn count(&mut self, word: String) {
                hash_partition(&word).await;
                self.counts.key(&word).update(|count| count.times += 1);
                self.marks.key(&word).insert(0);
                let length = word.len() as u8;
                hash_partition(&length).await;
                self.lengths.key(&length).update(|text| text.push('+'));
                global_partition().await;
                self.last.set(length.to_string());
            }
        }
    }
}

/// Whose migration starts from something else, and whose other one fails.
mod wrong {
    use rama_runtime::prelude::*;

    fn from_text(_: String) -> u64 {
        0
    }

    #[module]
    pub struct Counter {
        #[depot(random)]
        words: Depot<String>,
        #[pstate(owner = count)]
        #[migrate(with = from_text)]
        counts: PState<Map<String, u64>>,
        #[pstate(owner = count)]
        seen: PState<Subindexed<Map<u8, u32>>>,
        #[pstate(owner = count, global)]
        last: PState<u32>,
        #[pstate(owner = count)]
        sets: PState<Map<String, Set<u8>>>,
    }

    topology! {
        impl Counter {
            #[stream(source = words)]
            async fn count(&mut self, word: String) {
                hash_partition(&word).await;
                self.counts.key(&word).update(|n| *n += 1);
            }
        }
    }
}

mod failing {
    use rama_runtime::prelude::*;

    fn fails(number: u32) -> u64 {
        assert!(number > 1_000, "no number that this version can have");
        u64::from(number)
    }

    #[module]
    pub struct Counter {
        #[depot(random)]
        words: Depot<String>,
        #[pstate(owner = count)]
        #[migrate(with = fails)]
        counts: PState<Map<String, u64>>,
        #[pstate(owner = count)]
        seen: PState<Subindexed<Map<u8, u32>>>,
        #[pstate(owner = count, global)]
        last: PState<u32>,
        #[pstate(owner = count)]
        sets: PState<Map<String, Set<u8>>>,
    }

    topology! {
        impl Counter {
            #[stream(source = words)]
            async fn count(&mut self, word: String) {
                hash_partition(&word).await;
                self.counts.key(&word).update(|n| *n += 1);
            }
        }
    }
}

fn launch() -> Launch {
    Launch::tasks(4).threads(2)
}

/// The error of a launch.
async fn refused<M: Module>(cluster: &InProcessCluster) -> Error {
    cluster.launch::<M>(launch()).await.err().unwrap()
}

/// A folder of the first version, shut down.
async fn written(path: &Path) {
    let cluster = InProcessCluster::open(path).unwrap();
    let app = cluster.launch::<first::Counter>(launch()).await.unwrap();
    for word in ["to", "be", "or", "not", "to", "be"] {
        app.words().append(word.into()).await.unwrap();
    }
    cluster.shutdown().await.unwrap();
}

async fn check_second(path: &Path, appended: u64, launch: Launch) {
    let cluster = InProcessCluster::open(path).unwrap();
    let app = cluster.launch::<second::Counter>(launch).await.unwrap();
    let count = |times| {
        Some(second::Count {
            times,
            since: "before".to_owned(),
        })
    };
    assert_eq!(app.counts().key("to").get().await.unwrap(), count(2 + appended));
    assert_eq!(app.counts().key("not").get().await.unwrap(), count(1));
    let lengths = app.lengths().key(&2).get().await.unwrap();
    assert_eq!(lengths, Some(format!("5 times{}", "+".repeat(appended as usize))));
    let last = if appended == 0 { "2 times" } else { "2" };
    assert_eq!(app.last().get().await.unwrap().as_deref(), Some(last));
    let marks = app.marks().key("to").items().await.unwrap();
    assert_eq!(marks, if appended == 0 { vec![255] } else { vec![0, 255] });
    assert_eq!(app.marks().key("or").items().await.unwrap(), [255]);
    let depot = app.texts();
    let mut records = 0;
    for partition in 0..4 {
        let info = depot.partition_info(partition).await.unwrap();
        records += depot.read(partition, 0..info.end).await.unwrap().len() as u64;
    }
    assert_eq!(records, 6 + appended);
    app.texts().append("to".into()).await.unwrap();
    cluster.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_renamed_is_found_and_what_migrates_is_made_anew_once() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path()).await;
    for appended in 0..3 {
        let launch = if appended == 1 { launch().memory(1000) } else { launch() };
        check_second(folder.path(), appended, launch).await;
    }
}

#[tokio::test]
async fn a_migration_from_another_type_than_the_stored_one_is_refused_with_both() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path()).await;
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let error = refused::<wrong::Counter>(&cluster).await;
    let Error::Storage {
        error: StorageError::Shape { stored, declared, .. },
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (stored.as_str(), declared.as_str()),
        ("Map<String, u32>", "Map<String, u64>")
    );
    drop(cluster);
    check_second(folder.path(), 0, launch()).await;
}

#[tokio::test]
async fn a_migration_that_panics_leaves_the_folder_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path()).await;
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let error = refused::<failing::Counter>(&cluster).await;
    assert!(
        error.to_string().contains("no number that this version can have"),
        "{error}"
    );
    drop(cluster);
    check_second(folder.path(), 0, launch()).await;
}

#[tokio::test]
async fn the_old_version_cannot_open_what_has_migrated() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path()).await;
    check_second(folder.path(), 0, launch()).await;
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let error = refused::<first::Counter>(&cluster).await;
    assert!(
        matches!(
            error,
            Error::Storage {
                error: StorageError::Removed { .. } | StorageError::Shape { .. },
                ..
            }
        ),
        "{error}"
    );
}
