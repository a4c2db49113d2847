//! A PState with `partition_by` keeps a pair where one part of it says.
use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// One page view.
#[derive(Clone, Serialize, Deserialize)]
pub struct View {
    user: String,
    page: String,
}

/// Counts the views of each user, and of each page.
#[module]
pub struct Analytics {
    #[depot(random)]
    views: Depot<View>,
    #[pstate(owner = analyse)]
    by_user: PState<Map<String, u64>>,
    #[pstate(owner = analyse)]
    by_page: PState<Map<String, u64>>,
    #[pstate(owner = analyse, partition_by = |pair| &pair.0)]
    by_pair: PState<Map<(String, String), u64>>,
}

topology! {
    impl Analytics {
        #[stream(source = views)]
        async fn analyse(&mut self, view: View) {
            let pair = (view.user, view.page);
            hash_partition(&pair.1).await;
            self.by_pair.key(&pair).update(|n| *n += 1);
        }
    }
}

fn main() {}
