//! Page views: the user's numbers where the view arrives, the page's numbers one hop further.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct View {
    pub user: String,
    pub url: String,
    pub hour: u64,
}

pub fn views() -> Vec<View> {
    (0..40).map(|n| View { user: format!("user{}", n % 17), url: format!("/page/{}", n % 23), hour: n % 5 }).collect()
}

pub fn users() -> BTreeMap<String, u64> {
    tally(views().into_iter().map(|view| (view.user, 1)))
}

pub fn pages() -> BTreeMap<String, BTreeMap<u64, u64>> {
    let mut pages = BTreeMap::<String, BTreeMap<u64, u64>>::new();
    for view in views() {
        *pages.entry(view.url).or_default().entry(view.hour).or_default() += 1;
    }
    pages
}

pub fn returns() -> BTreeMap<String, u64> {
    tally(views().into_iter().map(|view| (view.user, view.hour)))
}

#[module]
pub struct PageAnalytics {
    #[depot(hash_by = |view| &view.user)]
    views: Depot<View>,
    #[pstate(owner = analyse)]
    users: PState<Map<String, u64>>,
    #[pstate(owner = analyse)]
    pages: PState<Map<String, Map<u64, u64>>>,
    #[pstate(owner = analyse)]
    returns: PState<Map<String, u64>>,
}

topology! {
    impl PageAnalytics {
        #[stream(source = views)]
        async fn analyse(&mut self, view: View) {
            self.users.key(&view.user).update(|n| *n += 1);
            hash_partition(&view.url).await;
            self.pages.key(&view.url).key(&view.hour).update(|n| *n += 1);
            hash_partition(&view.user).await;
            self.returns.key(&view.user).update(|sum| *sum += view.hour);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &PageAnalyticsClient, found: &mut Found) -> Result<()> {
    for view in views() {
        found.appended(app.views().append(view).await);
    }
    app.settled().await?;
    same!(found, app.users(), users());
    same!(found, app.pages(), pages());
    same!(found, app.returns(), returns());
    Ok(())
}
