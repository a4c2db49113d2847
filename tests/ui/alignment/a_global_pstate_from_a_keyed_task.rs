//! A `global` PState is on task 0 only.
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
    #[depot(hash_by = |view| &view.user)]
    views: Depot<View>,
    #[pstate(owner = analyse)]
    by_user: PState<Map<String, u64>>,
    #[pstate(owner = analyse)]
    by_page: PState<Map<String, u64>>,
    #[pstate(owner = analyse, global)]
    latest: PState<List<String>>,
}

topology! {
    impl Analytics {
        #[stream(source = views)]
        async fn analyse(&mut self, view: View) {
            self.by_user.key(&view.user).update(|n| *n += 1);
            self.latest.push(view.page);
        }
    }
}

fn main() {}
