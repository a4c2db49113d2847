//! `#[module(check_alignment)]`: what the compiler cannot decide is looked at in release builds, too.
#![deny(warnings)]
use rama_runtime::key::task_of;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module(check_alignment)]
pub struct M {
    #[depot(hash_by = |pair| pair.0)]
    pairs: Depot<(u64, u64)>,
    #[pstate(owner = run)]
    sums: PState<Map<u64, u64>>,
}

topology! {
    impl M {
        #[stream(source = pairs, retry = none)]
        async fn run(&mut self, (key, shift): (u64, u64)) {
            self.sums.key(&key).update(|sum| *sum += 1);
            self.sums.key(&(key + shift)).update(|sum| *sum += 10);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(2)).await?;
    let mut failed = 0;
    for shift in 0..20 {
        match app.pairs().append((1000, shift)).await {
            Ok(()) => assert_eq!(task_of(&1000u64, 2)?, task_of(&(1000 + shift), 2)?),
            Err(Error::RecordFailed { error, .. }) => {
                assert_ne!(task_of(&1000u64, 2)?, task_of(&(1000 + shift), 2)?);
                assert!(error.contains("[RM0007]"), "{error}");
                failed += 1;
            }
            Err(other) => return Err(other),
        }
    }
    // A refused event leaves nothing behind, of its other writes neither.
    assert!(failed > 0, "there is a key on the other task");
    assert_eq!(app.sums().key(&1000).get().await?, Some(20 - failed + 10));
    cluster.shutdown().await
}
