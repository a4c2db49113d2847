//! Ours: a post explodes to its author's followers, and each delivery hops to the follower.

use super::world::{self, Post, check};
use crate::contender::{Outcome, Run};
use crate::kit::clock::Clock;
use crate::kit::feed::{client, feed};
use crate::kit::input;
use rama_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// Tasks of the module.
const TASKS: u32 = 2;
/// Threads that run them.
const THREADS: u32 = 2;
/// Posts in an append.
const BATCH: usize = 256;
/// Appends under way at once.
const UNDER_WAY: usize = 4;
/// Posts that a task works on at once.
const MAX_UNFINISHED: u32 = 256;
/// Posts that a depot partition takes before it lets the client wait.
const MAX_BACKLOG: u32 = 2_048;

/// All followers of one author.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Following {
    author: u64,
    followers: Vec<u64>,
}

/// Delivers posts to followers.
#[module]
pub(super) struct Delivering {
    /// Who follows whom.
    #[depot(hash_by = |following| &following.author, keep = 0)]
    followings: Depot<Following>,
    /// The posts.
    #[depot(hash_by = |post| &post.author, keep = 0)]
    posts: Depot<Post>,
    /// The followers of each author.
    #[pstate(owner = follow)]
    followers: PState<Map<u64, List<u64>>>,
    /// The posts that each user was delivered.
    #[pstate(owner = deliver)]
    timelines: PState<Map<u64, List<u64>>>,
}

topology! {
    impl Delivering {
        /// Keeps an author's followers.
        #[stream(source = followings)]
        async fn follow(&mut self, following: Following) {
            self.followers.key(&following.author).set(following.followers);
        }

        /// Delivers a post to each follower.
        #[stream(source = posts)]
        async fn deliver(&mut self, post: Post) {
            let follower = explode(self.followers.key(&post.author).items()).await;
            hash_partition(&follower).await;
            self.timelines.key(&follower).push(post.id);
        }
    }
}

pub(super) fn run() -> Outcome {
    let batches = input::batches(world::posts(), BATCH);
    client()?.block_on(async {
        let cluster = InProcessCluster::start()?;
        let launch = Launch::tasks(TASKS)
            .threads(THREADS)
            .max_unfinished(MAX_UNFINISHED)
            .max_backlog(MAX_BACKLOG);
        let app = cluster.launch::<Delivering>(launch).await?;
        let followings = world::followers().map(|(author, followers)| Following { author, followers });
        app.followings().append_batch(followings.collect()).await?;
        let posts = app.posts();
        let clock = Clock::start();
        feed(batches, UNDER_WAY, |batch| posts.append_batch(batch).into_future()).await?;
        let cost = clock.stop();
        let deliveries = check(app.timelines().items().await?)?;
        Ok(Run::of(deliveries, cost))
    })
}
