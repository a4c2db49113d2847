//! All mistakes of a body are reported.
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
}

topology! {
    impl Analytics {
        #[stream(source = views)]
        async fn analyse(&mut self, view: View) {
            self.by_page.key(&view.page).update(|n| *n += 1);
            global_partition().await;
            if self.by_user.contains(&view.user) {
                self.by_user.remove(&view.user);
            }
        }
    }
}

fn main() {}
