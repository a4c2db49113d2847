//! Mistakes of several functions are reported together, and a client has none.
use rama_runtime::prelude::*;
use std::collections::BTreeMap;

#[module]
pub struct Shop {
    #[depot(random)]
    orders: Depot<String>,
    #[pstate(owner = sell)]
    sold: PState<Map<String, u64>>,
    #[pstate(owner = refund)]
    refunds: PState<Map<String, u64>>,
}

topology! {
    impl Shop {
        #[stream(source = orders)]
        async fn sell(&mut self, order: String) -> u64 {
            let before = Self::parsed(&order);
            hash_partition(&order).await;
            self.sold.
            hash_partition(&order);
            self.sold.key(&order).
        }

        #[stream(source = orders)]
        async fn refund(&mut self, order: String) {
            for word in order.split(' ') {
                if word.is_empty() {
                    let x = ;
                    self.sold.key(word).update(|n| *n += 1);
                }
                self.announce(word.to_owned()).await
            }
            let all: BTreeMap<u64, u64> = BTreeMap::new()
            explode(all, 1).await;
        }

        async fn announce(&mut self, word String) {
            println!("{word}");
        }

        fn parsed(order: &str) -> u64 {
            order.len() as u64
        }
    }
}

pub async fn client(app: ShopClient) -> rama_runtime::Result<()> {
    let total: u64 = app.orders().append("a".to_owned()).await?;
    let sold: Option<u64> = app.sold().key("a").get().await?;
    println!("{total} {sold:?}");
    Ok(())
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Shop>(Launch::tasks(1)).await?;
    client(app).await
}
