//! Posts are delivered to each follower: by a loop whose state travels.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    pub author: String,
    pub follower: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Post {
    pub author: String,
    pub text: String,
}

pub fn follows() -> Vec<Follow> {
    (0..30).map(|n| Follow { author: format!("author{}", n % 15), follower: format!("fan{n}") }).collect()
}

pub fn posts() -> Vec<Post> {
    (0..20).map(|n| Post { author: format!("author{}", n % 15), text: format!("text{n}") }).collect()
}

pub fn followers() -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut followers = BTreeMap::<String, BTreeMap<String, bool>>::new();
    for follow in follows() {
        followers.entry(follow.author).or_default().insert(follow.follower, true);
    }
    followers
}

pub fn timelines() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut timelines = BTreeMap::<String, BTreeMap<String, String>>::new();
    for post in posts() {
        for follower in followers().get(&post.author).into_iter().flat_map(BTreeMap::keys) {
            timelines.entry(follower.clone()).or_default().insert(post.text.clone(), post.author.clone());
        }
    }
    timelines
}

pub fn delivered() -> BTreeMap<String, u64> {
    tally(posts().into_iter().map(|post| (post.author.clone(), followers()[&post.author].len() as u64)))
}

#[module]
pub struct Followers {
    #[depot(hash_by = |follow| &follow.author)]
    follows: Depot<Follow>,
    #[depot(random)]
    posts: Depot<Post>,
    #[pstate(owner = social)]
    followers: PState<Map<String, Map<String, bool>>>,
    #[pstate(owner = social)]
    timelines: PState<Map<String, Map<String, String>>>,
    #[pstate(owner = social)]
    delivered: PState<Map<String, u64>>,
}

topology! {
    impl Followers {
        #[stream(social, source = follows)]
        async fn follow(&mut self, follow: Follow) {
            self.followers.key(&follow.author).key(&follow.follower).set(true);
        }

        #[stream(social, source = posts)]
        async fn deliver(&mut self, post: Post) {
            hash_partition(&post.author).await;
            let mut delivered = 0;
            for follower in self.followers.key(&post.author).keys() {
                hash_partition(&follower).await;
                self.timelines.key(&follower).key(&post.text).set(post.author.clone());
                delivered += 1;
            }
            hash_partition(&post.author).await;
            self.delivered.key(&post.author).update(|n| *n += delivered);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &FollowersClient, found: &mut Found) -> Result<()> {
    for follow in follows() {
        found.appended(app.follows().append(follow).await);
    }
    for post in posts() {
        found.appended(app.posts().append(post).await);
    }
    app.settled().await?;
    same!(found, app.followers(), followers());
    same!(found, app.timelines(), timelines());
    same!(found, app.delivered(), delivered());
    Ok(())
}
