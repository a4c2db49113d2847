//! Damage in the store, which the log no longer covers.

use super::damage::copy;
use rama_runtime::prelude::*;
use rama_runtime::testing::Rng;
use std::fs;
use std::path::{Path, PathBuf};

/// More than its memory holds.
#[module]
pub(crate) struct Large {
    #[depot(global)]
    input: Depot<u64>,
    #[pstate(owner = fill, global)]
    values: PState<Map<u64, String>>,
}

topology! {
    impl Large {
        #[stream(fill, source = input)]
        async fn on_input(&mut self, n: u64) {
            self.values.key(&n).set(value(n));
        }
    }
}

const VALUES: u64 = 2_000;
const LAUNCH: fn() -> Launch = || Launch::tasks(1).memory(16 << 10).keep_at(16 << 10);

fn value(n: u64) -> String {
    format!("{n:0100}")
}

fn files_below(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, all);
        } else if path.metadata().unwrap().len() > 0 {
            all.push(path);
        }
    }
}

/// Opens the folder and reads all of it, twice: what is read is right, or it is said that it cannot be read. Says whether anything
/// was.
async fn reads_right_or_fails(folder: &Path) -> bool {
    for _ in 0..2 {
        let cluster = InProcessCluster::open(folder).unwrap();
        let app = match cluster.launch::<Large>(LAUNCH()).await {
            Ok(app) => app,
            Err(Error::Storage { .. }) => return false,
            Err(other) => panic!("{other:?}"),
        };
        let mut wrong = 0;
        for n in 0..VALUES {
            match app.values().key(&n).get().await {
                Ok(read) => assert_eq!(read, Some(value(n)), "{n}"),
                Err(Error::Storage { module: "Large", .. }) => wrong += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        for first in (0..VALUES).step_by(100) {
            match app.values().range(first..first + 100).items().await {
                Ok(items) => assert_eq!(items, (first..first + 100).map(|n| (n, value(n))).collect::<Vec<_>>()),
                Err(Error::Storage { .. }) => wrong += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        if wrong > 0 {
            return false;
        }
        // What is damaged must not be taken for good by what is written behind it.
        match app.input().append(0).await {
            Ok(()) | Err(Error::Storage { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
        drop(cluster);
    }
    true
}

#[tokio::test]
async fn a_bit_that_flips_in_the_store_is_found_or_does_no_harm() {
    let origin = tempfile::tempdir().unwrap();
    let cluster = InProcessCluster::open(origin.path()).unwrap();
    let app = cluster.launch::<Large>(LAUNCH()).await.unwrap();
    app.input().append_batch((0..VALUES).collect()).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let mut rng = Rng::new(5);
    let (mut found, mut harmless) = (0, 0);
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        copy(origin.path(), folder.path());
        let mut files = Vec::new();
        files_below(&folder.path().join("Large/store"), &mut files);
        files.sort();
        let file = &files[rng.next_u64() as usize % files.len()];
        let mut bytes = fs::read(file).unwrap();
        // The journal has a lot of room behind its end.
        let place = rng.next_u64() as usize % bytes.len().min(400 << 10);
        bytes[place] ^= 1 << (rng.next_u64() % 8);
        fs::write(file, bytes).unwrap();
        if reads_right_or_fails(folder.path()).await {
            harmless += 1;
        } else {
            found += 1;
        }
    }
    assert!(found > harmless, "{found} found, {harmless} harmless");
}
