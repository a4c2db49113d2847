//! The branches of an `explode` are where it was: what decided the task still does.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// A user's basket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Basket {
    user: String,
    items: Vec<(String, u64)>,
}

/// A module.
#[module]
pub struct Shop {
    #[depot(hash_by = |basket| &basket.user)]
    baskets: Depot<Basket>,
    #[pstate(owner = sell)]
    spent: PState<Map<String, u64>>,
    #[pstate(owner = sell)]
    bought: PState<Map<String, Map<String, u64>>>,
    #[pstate(owner = sell)]
    sold: PState<Map<String, u64>>,
}

topology! {
    impl Shop {
        #[stream(source = baskets)]
        async fn sell(&mut self, basket: Basket) {
            let user = basket.user;
            let (item, cents) = explode(basket.items).await;
            self.spent.key(&user).update(|sum| *sum += cents);
            let word = explode(item.split(' ').map(str::to_owned)).await;
            self.bought.key(&user).key(&word).update(|n| *n += 1);
            hash_partition(&word).await;
            self.sold.key(&word).update(|n| *n += 1);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Shop>(Launch::tasks(8).threads(2)).await?;
    for n in 0..10 {
        let items = vec![("red apple".to_owned(), 5), ("green apple".to_owned(), 7)];
        app.baskets().append(Basket { user: format!("user {n}"), items }).await?;
    }
    assert_eq!(app.spent().key("user 7").get().await?, Some(12));
    assert_eq!(app.bought().key("user 7").key("apple").get().await?, Some(2));
    assert_eq!(app.sold().key("apple").get().await?, Some(20));
    cluster.shutdown().await
}
