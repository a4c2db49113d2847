//! The variable is the same, its value is not.
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
}

topology! {
    impl Analytics {
        #[stream(source = views)]
        async fn analyse(&mut self, view: View) {
            let mut key = view.user;
            hash_partition(&key).await;
            self.by_user.key(&key).update(|n| *n += 1);
            key = view.page;
            self.by_page.key(&key).update(|n| *n += 1);
        }
    }
}

fn main() {}
