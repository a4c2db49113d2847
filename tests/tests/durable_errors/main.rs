//! What a damaged folder, a wrong one or a failing disk comes to: a recovery, or an error that says what is wrong. Nothing that was
//! acknowledged is lost by it, once the obstacle is gone.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod damage;
mod refused;
mod store;

use rama_runtime::prelude::*;
use rama_runtime::{Recovery, StorageError};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Keeps numbers by their remainders: whatever is missing, or there twice, is seen.
#[module]
pub struct Numbers {
    /// In one order.
    #[depot(global)]
    numbers: Depot<u64>,
    #[pstate(owner = sort)]
    seen: PState<Map<u64, Subindexed<List<u64>>>>,
    #[pstate(owner = sort)]
    sums: PState<Map<u64, u64>>,
}

const REMAINDERS: u64 = 7;
const LAUNCH: fn() -> Launch = || Launch::tasks(4).threads(2);

topology! {
    impl Numbers {
        #[stream(source = numbers)]
        async fn sort(&mut self, n: u64) {
            let remainder = n % REMAINDERS;
            hash_partition(&remainder).await;
            self.seen.key(&remainder).push(n);
            self.sums.key(&remainder).update(|sum| *sum += n);
        }
    }
}

/// The module holds the first so many numbers, and what came of each of them, once.
async fn count(app: &NumbersClient) -> u64 {
    app.settled().await.unwrap();
    let end = app.numbers().partition_info(0).await.unwrap().end;
    let kept = app.numbers().read(0, 0..end).await.unwrap();
    assert_eq!(kept, (0..end).collect::<Vec<_>>());
    for remainder in 0..REMAINDERS {
        let of_it: Vec<u64> = (0..end).filter(|n| n % REMAINDERS == remainder).collect();
        let sum = app.sums().key(&remainder).get_or(0).await.unwrap();
        assert_eq!(sum, of_it.iter().sum::<u64>());
        assert_eq!(app.seen().key(&remainder).items().await.unwrap(), of_it);
    }
    end
}

async fn append(app: &NumbersClient, numbers: Range<u64>) {
    for n in numbers {
        app.numbers().append(n).await.unwrap();
    }
}

async fn opened(path: &Path) -> (InProcessCluster, NumbersClient) {
    let cluster = InProcessCluster::open(path).unwrap();
    let app = cluster.launch::<Numbers>(LAUNCH()).await.unwrap();
    (cluster, app)
}

/// Opens the folder, which has so many numbers, and more can be added. What the opening came to.
async fn fine(path: &Path, numbers: Range<u64>) -> Recovery {
    let (cluster, app) = opened(path).await;
    let found = count(&app).await;
    assert!(numbers.contains(&found), "{found} numbers, not {numbers:?}");
    append(&app, found..found + 1).await;
    assert_eq!(count(&app).await, found + 1);
    let recovery = app.recovery().unwrap();
    cluster.shutdown().await.unwrap();
    recovery
}

/// The folder is refused. With the words of the error.
async fn refused_launch(path: &Path, launch: Launch) -> (StorageError, String) {
    let cluster = InProcessCluster::open(path).unwrap();
    match cluster.launch::<Numbers>(launch).await {
        Err(error) => storage(error, "Numbers"),
        Ok(_) => panic!("the folder was opened"),
    }
}

async fn refused(path: &Path) -> (StorageError, String) {
    refused_launch(path, LAUNCH()).await
}

fn storage(error: Error, of: &str) -> (StorageError, String) {
    let words = error.to_string();
    match error {
        Error::Storage { module, error } if module == of => (error, words),
        other => panic!("{other:?}"),
    }
}

fn manifest(folder: &Path) -> PathBuf {
    folder.join("Numbers/manifest.json")
}
