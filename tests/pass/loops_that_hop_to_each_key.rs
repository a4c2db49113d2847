//! Loops whose iterations hop to the key that they write.
#![deny(warnings)]
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;

/// A module.
#[module]
pub struct M {
    #[depot(hash_by = |(user, _)| user)]
    follows: Depot<(String, Vec<String>)>,
    #[pstate(owner = run)]
    followers: PState<Map<String, u64>>,
    #[pstate(owner = run)]
    following: PState<Map<String, u64>>,
}

topology! {
    impl M {
        #[stream(source = follows)]
        async fn run(&mut self, (user, whom): (String, Vec<String>)) {
            for other in &whom {
                self.following.key(&user).update(|n| *n += other.len() as u64 / other.len() as u64);
            }
            for other in whom.clone() {
                hash_partition(&other).await;
                self.followers.key(&other).update(|n| *n += 1);
            }
            let mut stack = whom;
            while let Some(other) = stack.pop() {
                hash_partition(&other).await;
                if self.followers.key(&other).get_or(0) == 0 {
                    continue;
                }
                self.followers.key(&other).update(|n| *n += 10);
            }
            let mut at = user;
            let mut left = 3;
            loop {
                hash_partition(&at).await;
                self.followers.key(&at).update(|n| *n += 100);
                left -= 1;
                if left == 0 {
                    break;
                }
                at = format!("{at}+");
            }
            self.following.key(&at).update(|n| *n += 100);
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = TestCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(8).threads(2)).await?;
    let users: Vec<String> = (0..10).map(|n| format!("user {n}")).collect();
    app.follows().append(("ann".to_owned(), users)).await?;
    assert_eq!(app.followers().key("user 3").get().await?, Some(11));
    assert_eq!(app.following().key("ann").get().await?, Some(10));
    for at in ["ann", "ann+", "ann++"] {
        assert_eq!(app.followers().key(at).get().await?, Some(100), "{at}");
    }
    assert_eq!(app.following().key("ann++").get().await?, Some(100));
    cluster.shutdown().await
}
