//! Tuples and structs as keys: put together again from the same parts, they are the same key.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// A page as a user saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seen {
    user: String,
    page: u64,
}

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |(user, page)| (user, page))]
    input: Depot<(String, u64)>,
    #[pstate(owner = run)]
    pairs: PState<Map<(String, u64), u64>>,
    #[pstate(owner = run)]
    seen: PState<Map<Seen, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, (user, page): (String, u64)) {
            self.pairs.key(&(user.clone(), page)).update(|n| *n += 1);
            let pair = (user.clone(), page);
            self.pairs.key(&pair).update(|n| *n += 1);
            hash_partition(&(&user, page)).await;
            self.pairs.key(&(user.clone(), page)).update(|n| *n += 1);
            let key = Seen { user: user.clone(), page };
            hash_partition(&key).await;
            self.seen.key(&key).update(|n| *n += 1);
            self.seen.key(&Seen { page, user }).update(|n| *n += 1);
            let Seen { user, page } = key;
            self.seen.key(&Seen { user, page }).update(|n| *n += 1);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for page in 0..20 {
        app.input().append(("ann".to_owned(), page)).await?;
    }
    assert_eq!(app.pairs().key(&("ann".to_owned(), 7)).get().await?, Some(3));
    assert_eq!(app.seen().key(&Seen { user: "ann".to_owned(), page: 7 }).get().await?, Some(3));
    cluster.shutdown().await
}
