//! Ways that part and come together: by one key on each of them, by different ones that are checked when they run.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    input: Depot<(String, String, u64)>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, (a, b, n): (String, String, u64)) {
            if n % 2 == 0 {
                hash_partition(&a).await;
            } else {
                shuffle_partition().await;
                hash_partition(&a).await;
            }
            self.counts.key(&a).update(|n| *n += 1);

            let key = if n % 3 == 0 { a.clone() } else { b.clone() };
            hash_partition(&key).await;
            self.counts.key(&key).update(|n| *n += 10);

            match n % 4 {
                0 => hash_partition(&a).await,
                1 => hash_partition(&b).await,
                2 => {
                    global_partition().await;
                    return;
                }
                _ => return,
            }
            // Not known until it runs: `a` with 0, `b` with 1.
            if n % 4 == 0 {
                self.counts.key(&a).update(|n| *n += 100);
            } else {
                self.counts.key(&b).update(|n| *n += 100);
            }
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..24 {
        app.input().append((format!("a {}", n % 12), format!("b {}", n % 12), n)).await?;
    }
    let expected = [("a 0", 222), ("b 0", 0), ("a 1", 2), ("b 1", 220), ("a 4", 202), ("b 4", 20), ("a 9", 22), ("b 9", 200)];
    for (key, count) in expected {
        assert_eq!(app.counts().key(key).get_or(0).await?, count, "{key}");
    }
    cluster.shutdown().await
}
