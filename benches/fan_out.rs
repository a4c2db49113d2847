//! A post goes to the timelines of its author's followers: one record explodes to as many branches as there are followers, and
//! each hops to its follower's task and appends to the timeline there. An element is a delivery.
//!
//! 2,000 authors have 403 followers on average, some very many, by Zipf, among 100,000 users; every author posts once a round.
//! The followers are a set of the author's, loaded before anything is timed.
//!
//! `cargo bench -p rama-benches --bench fan_out`, with `--no-default-features` for the system's allocator instead of mimalloc:
//! the allocator is a choice of the application.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rama_benches::harness::{self, Setup, bench_appends, group, sized};
use rama_benches::input::{Random, weights};
use rama_benches::running::{BATCH, Running, UNDER_WAY, batches};
use rama_runtime::prelude::*;
use std::collections::BTreeSet;

/// How many followers an author has on average.
const FOLLOWERS: usize = 403;

/// A social network, as far as it delivers.
#[module]
pub struct FanOut {
    /// Who is followed, and by whom.
    #[depot(hash_by = |follow| &follow.0, keep = 0)]
    follows: Depot<(u64, u64)>,
    /// Who posted, and the post's id.
    #[depot(hash_by = |post| &post.0, keep = 0)]
    posts: Depot<(u64, u64)>,
    /// The followers of an author.
    #[pstate(owner = deliver)]
    followers: PState<Map<u64, Subindexed<Set<u64>>>>,
    /// The ids of the posts that a user sees.
    #[pstate(owner = deliver)]
    timelines: PState<Map<u64, List<u64>>>,
}

topology! {
    impl FanOut {
        /// Keeps who follows an author, on the author's task.
        #[stream(deliver, source = follows)]
        async fn follow(&mut self, (author, follower): (u64, u64)) {
            self.followers.key(&author).insert(follower);
        }

        /// Takes a post to each follower.
        #[stream(deliver, source = posts)]
        async fn post(&mut self, (author, post): (u64, u64)) {
            let follower = explode(self.followers.key(&author).items()).await;
            hash_partition(&follower).await;
            self.timelines.key(&follower).push(post);
        }
    }
}

/// Who follows whom: authors by rank, the number of their followers by Zipf.
fn follows(authors: usize, users: usize) -> Vec<(u64, u64)> {
    let weights = weights(authors);
    let share = (authors * FOLLOWERS) as f64 / weights.iter().sum::<f64>();
    let mut random = Random::new(3);
    let mut follows = Vec::new();
    // What the most popular have too many followers for goes to the next.
    let mut left = 0.0;
    for (author, weight) in (0u64..).zip(weights) {
        left += weight * share;
        let count = (left.round() as usize).clamp(1, users);
        left -= count as f64;
        let mut followers = BTreeSet::new();
        while followers.len() < count {
            followers.insert(random.below(users) as u64);
        }
        follows.extend(followers.into_iter().map(|follower| (author, follower)));
    }
    random.shuffle(&mut follows);
    follows
}

fn main() {
    let mut criterion = harness::criterion();
    let authors = sized(2_000, 20);
    let follows = follows(authors, sized(100_000, 2_000));
    let mut posts: Vec<(u64, u64)> = (0..authors as u64).map(|author| (author, author)).collect();
    Random::new(5).shuffle(&mut posts);
    let mut group = group(&mut criterion, "fan_out", follows.len());
    for setup in Setup::ALL {
        bench_appends::<FanOut, _, _>(
            &mut group,
            setup.id(""),
            &posts,
            || {
                let running: Running<FanOut> = setup.start();
                running.append(&running.client().follows(), batches(&follows, BATCH), UNDER_WAY);
                running
            },
            |client| client.posts(),
            |running, rounds| {
                let timelines = running.block_on(async { running.client().timelines().items().await.unwrap() });
                let delivered: usize = timelines.iter().map(|(_, timeline)| timeline.len()).sum();
                assert_eq!(
                    delivered as u64,
                    follows.len() as u64 * rounds,
                    "every post reached every follower"
                );
            },
        );
    }
    group.finish();
    criterion.final_summary();
}
