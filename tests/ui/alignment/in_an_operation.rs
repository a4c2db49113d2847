//! An operation is judged where it is called.
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
            self.count(view.user).await;
            self.count(view.page).await;
        }

        async fn count(&mut self, name: String) {
            self.by_user.key(&name).update(|n| *n += 1);
        }
    }
}

fn main() {}
