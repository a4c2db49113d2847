//! Every option of depots, PStates and streams.
#![deny(warnings)]
use rama_runtime::prelude::*;

use serde::{Deserialize, Serialize};

/// A purchase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Purchase {
    user: String,
    cents: u64,
}

fn user(purchase: &Purchase) -> &String {
    &purchase.user
}

fn by_size(purchase: &Purchase, tasks: usize) -> usize {
    purchase.cents as usize % tasks
}

/// Options.
#[module]
pub(crate) struct Options {
    #[depot(hash_by = |purchase| &purchase.user, keep = 100)]
    by_closure: Depot<Purchase>,
    #[depot(hash_by = user)]
    by_function: Depot<Purchase>,
    #[depot(global)]
    ordered: Depot<Purchase>,
    #[depot(partitioner = by_size)]
    sized: Depot<Purchase>,
    #[depot(tick = "250ms")]
    clock: Depot<()>,
    #[depot(disallow)]
    letters: Depot<DeadLetter<Purchase>>,
    #[pstate(owner = spend)]
    spent: PState<Map<String, u64>>,
    #[pstate(owner = spend, global, initial = 7)]
    total: PState<u64>,
    #[pstate(owner = spend, private)]
    secret: PState<Set<String>>,
    #[pstate(owner = spend, partition_by = |key| &key.0)]
    pairs: PState<Map<(String, u64), u64>>,
}

topology! {
    impl Options {
        #[stream(spend, source = by_closure, start_from = beginning, retry = individual, max_retries = 2, on_failure = letters, timeout = "30s")]
        async fn a(&mut self, Purchase { user, cents }: Purchase) {
            self.spent.key(&user).update(|sum| *sum += cents);
            self.secret.insert(user.clone());
            self.pairs.key(&(user, cents)).set(cents);
            global_partition().await;
            self.total.update(|sum| *sum += cents);
        }

        #[stream(spend, source = by_function, start_from = end, retry = all_after, on_failure = skip)]
        async fn b(&mut self, _: Purchase) {}

        #[stream(spend, source = ordered, start_from = ago(10), retry = none, on_failure = halt)]
        async fn c(&mut self, mut purchase: Purchase) -> Result<u64, std::num::TryFromIntError> {
            purchase.cents += 1;
            Ok(u64::from(u32::try_from(purchase.cents)?))
        }

        #[stream(other, source = sized)]
        async fn d(&mut self, purchase: Purchase) -> u64 {
            purchase.cents
        }

        #[stream(other, source = clock)]
        async fn e(&mut self, (): ()) {}
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Options>(Launch::tasks(4).threads(2)).await?;
    let purchase = || Purchase { user: "ann".into(), cents: 3 };
    app.by_closure().append(purchase()).await?;
    app.by_function().append(purchase()).await?;
    assert_eq!(app.ordered().append(purchase()).await?, 4);
    assert_eq!(app.sized().append(purchase()).await?, 3);
    assert_eq!(app.total().get().await?, Some(10));
    assert_eq!(app.pairs().key(&("ann".to_owned(), 3)).get().await?, Some(3));
    cluster.shutdown().await
}
