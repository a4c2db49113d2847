//! Page views to statistics of users and of pages: nested PStates, several updates in one event.
//!
//! ```text
//! cargo run --example page_analytics
//! ```
//!
//! A view enters on the task of its user (`hash_by`), so the user's statistics are updated where it arrives; then it hops to
//! the page's task. All updates of one event become visible together.

use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// Somebody looked at a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageView {
    /// Who.
    pub user: String,
    /// What.
    pub url: String,
    /// When, in seconds.
    pub at: u64,
    /// For how long, in milliseconds.
    pub millis: u64,
}

/// What is known of a user.
#[derive(Fields)]
pub struct UserStats {
    /// How many pages were looked at.
    views: u64,
    /// When the last one was.
    last_seen: u64,
    /// Which ones.
    pages: Set<String>,
}

/// What is known of a page.
#[derive(Fields)]
pub struct PageStats {
    /// How long it was looked at in all, in milliseconds.
    millis: u64,
    /// How often, by hour.
    views_by_hour: Subindexed<Map<u64, u64>>,
    /// By whom.
    visitors: Set<String>,
}

/// Statistics of a web site.
#[module]
pub struct PageAnalytics {
    /// The views, on their user's task.
    #[depot(hash_by = |view| &view.user)]
    views: Depot<PageView>,
    /// Statistics by user.
    #[pstate(owner = analyse)]
    users: PState<Map<String, UserStats>>,
    /// Statistics by URL.
    #[pstate(owner = analyse)]
    pages: PState<Map<String, PageStats>>,
}

topology! {
    impl PageAnalytics {
        /// Updates the user where the view arrives, then the page where it lives.
        #[stream(source = views)]
        async fn analyse(&mut self, view: PageView) {
            self.users.key(&view.user).views().update(|n| *n += 1);
            self.users.key(&view.user).last_seen().update(|at| *at = view.at.max(*at));
            self.users.key(&view.user).pages().insert(view.url.clone());

            hash_partition(&view.url).await;
            self.pages.key(&view.url).millis().update(|sum| *sum += view.millis);
            self.pages.key(&view.url).views_by_hour().key(&(view.at / 3600)).update(|n| *n += 1);
            self.pages.key(&view.url).visitors().insert(view.user);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<PageAnalytics>(Launch::tasks(4).threads(2)).await?;
    app.views().append_batch(sample()).await?;
    for url in ["/home", "/pricing"] {
        let page = |url: &str| app.pages().key(url);
        println!(
            "{url}: {} visitors, {} ms, by hour {:?}",
            page(url).visitors().len().await?,
            page(url).millis().get().await?.unwrap_or_default(),
            page(url).views_by_hour().items().await?,
        );
    }
    println!("alice saw {:?}", app.users().key("alice").pages().items().await?);
    cluster.shutdown().await
}

fn sample() -> Vec<PageView> {
    let views = [
        ("alice", "/home", 100, 250),
        ("bob", "/home", 3700, 50),
        ("alice", "/pricing", 130, 900),
        ("alice", "/home", 7300, 10),
    ];
    views
        .map(|(user, url, at, millis)| PageView {
            user: user.into(),
            url: url.into(),
            at,
            millis,
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rama_runtime::testing::TestCluster;

    #[tokio::test]
    async fn users_and_pages_are_both_up_to_date() {
        let cluster = TestCluster::start().unwrap();
        for (tasks, threads) in [(1, 1), (4, 2), (16, 2)] {
            let cluster = if tasks == 1 {
                &cluster
            } else {
                &TestCluster::start().unwrap()
            };
            let app = cluster
                .launch::<PageAnalytics>(Launch::tasks(tasks).threads(threads))
                .await
                .unwrap();
            app.views().append_batch(sample()).await.unwrap();
            let alice = || app.users().key("alice");
            assert_eq!(alice().views().get().await.unwrap(), Some(3));
            assert_eq!(alice().last_seen().get().await.unwrap(), Some(7300));
            assert_eq!(alice().pages().items().await.unwrap(), ["/home", "/pricing"]);
            let home = || app.pages().key("/home");
            assert_eq!(home().millis().get().await.unwrap(), Some(310));
            assert_eq!(home().views_by_hour().items().await.unwrap(), [(0, 1), (1, 1), (2, 1)]);
            assert_eq!(home().visitors().items().await.unwrap(), ["alice", "bob"]);
            assert_eq!(app.pages().key("/nowhere").millis().get().await.unwrap(), None);
        }
    }
}
