//! A topology appends to a `hash_by` depot on the task that owns the record's key: its records are at home, and are
//! processed there.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// A post reaches a reader.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    reader: String,
    text: String,
}

/// A module.
#[module]
pub struct Posts {
    #[depot(random)]
    posts: Depot<(Vec<String>, String)>,
    #[depot(hash_by = |delivery| &delivery.reader)]
    deliveries: Depot<Delivery>,
    #[pstate(owner = deliver)]
    timelines: PState<Map<String, List<String>>>,
}

topology! {
    impl Posts {
        #[stream(source = posts)]
        async fn fan_out(&mut self, (readers, text): (Vec<String>, String)) {
            let reader = explode(readers).await;
            hash_partition(&reader).await;
            self.deliveries.append(Delivery { reader, text }).ack(AckLevel::Full).await;
        }

        #[stream(source = deliveries)]
        async fn deliver(&mut self, delivery: Delivery) {
            self.timelines.key(&delivery.reader).push(delivery.text);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<Posts>(Launch::tasks(8).threads(2)).await?;
    let readers: Vec<String> = (0..20).map(|n| format!("reader {n}")).collect();
    app.posts().append((readers, "hello".to_owned())).await?;
    app.deliveries().append(Delivery { reader: "reader 7".to_owned(), text: "you".to_owned() }).await?;
    assert_eq!(app.timelines().key("reader 7").items().await?, ["hello", "you"]);
    assert_eq!(app.timelines().key("reader 19").items().await?, ["hello"]);
    cluster.shutdown().await
}
