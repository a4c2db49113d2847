//! Operations are compiled away by `topology!`; elsewhere there is nothing to await.
use rama_runtime::prelude::*;

pub async fn elsewhere(key: u64) {
    hash_partition(&key).await;
}

fn main() {}
