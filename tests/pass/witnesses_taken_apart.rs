//! The key that decided the task is a field of something, and is taken out of it: by a path, a pattern, `?`, a condition.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// A user came.
    Came { user: String, from: Option<String> },
    /// A user left.
    Left(String),
}

/// An event, and how often.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    of: (String, u64),
    event: Event,
}

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |record| &record.of.0)]
    input: Depot<Record>,
    #[pstate(owner = run)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, record: Record) {
            self.counts.key(&record.of.0).update(|n| *n += 1);
            let Record { of, event } = record;
            self.counts.key(&of.0).update(|n| *n += 1);
            let (place, times) = of;
            self.counts.key(&place).update(|n| *n += times);
            let from = match event {
                Event::Came { user, from } => {
                    hash_partition(&user).await;
                    self.counts.key(&user).update(|n| *n += times);
                    from
                }
                Event::Left(user) => {
                    hash_partition(&user).await;
                    self.counts.key(&user).update(|n| *n += 1000);
                    return;
                }
            };
            let from = from.ok_or("nowhere to come from")?;
            hash_partition(&from).await;
            self.counts.key(&from).update(|n| *n += 10);
            let wrapped = Some(from);
            if let Some(again) = &wrapped {
                self.counts.key(again).update(|n| *n += 10);
            }
            let Some(last) = wrapped else { return };
            self.counts.key(&last).update(|n| *n += 10);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    for n in 0..10 {
        let of = (format!("place {n}"), 5);
        let event = Event::Came { user: format!("user {n}"), from: Some(format!("town {n}")) };
        app.input().append(Record { of: of.clone(), event }).await?;
        app.input().append(Record { of, event: Event::Left(format!("user {n}")) }).await?;
    }
    let counts = app.counts();
    assert_eq!(counts.key("place 3").get().await?, Some(14));
    assert_eq!(counts.key("user 3").get().await?, Some(1005));
    assert_eq!(counts.key("town 3").get().await?, Some(30));
    cluster.shutdown().await
}
