//! The key that decided the task goes by other names: renames, clones, references, moves.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    input: Depot<String>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, name: String) -> u64 {
            hash_partition(&name).await;
            self.counts.key(&name).update(|n| *n += 1);
            self.counts.key(name.as_str()).update(|n| *n += 1);
            let copy = name.clone();
            self.counts.key(&copy).update(|n| *n += 1);
            let by_reference = &copy;
            self.counts.key(by_reference).update(|n| *n += 1);
            self.counts.key(&by_reference.to_owned()).update(|n| *n += 1);
            let moved = name;
            yield_if_overtime().await;
            self.counts.key(&moved).update(|n| *n += 1);
            let boxed = Box::new(moved);
            self.counts.key(&*boxed).update(|n| *n += 1);
            let inner = { let again = *boxed; again };
            self.counts.key(&inner).update(|n| { *n += 1; *n })
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..20 {
        assert_eq!(app.input().append(format!("name {n}")).await?, 8);
    }
    assert_eq!(app.counts().key("name 7").get().await?, Some(8));
    cluster.shutdown().await
}
