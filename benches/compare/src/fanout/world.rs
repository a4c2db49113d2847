//! Who follows whom, and who posts when: the same in every run.

use crate::kit::check::{Wrong, same};
use crate::kit::hash::{FxMap, fx, owner};
use crate::kit::input::{EXPONENT, size};
use crate::kit::zipf::{Random, Zipf, mix};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Users who post.
const AUTHORS: usize = 2_000;
/// Users who follow.
const USERS: usize = 100_000;
/// An author has up to so many followers.
const MOST_FOLLOWERS: usize = 805;

/// A post.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) author: u64,
    pub(super) id: u64,
}

/// What every follower has been delivered.
pub(super) type Timelines = FxMap<u64, Vec<u64>>;

/// The followers of each author.
pub(super) type Followers = FxMap<u64, Vec<u64>>;

/// The id of an author; their followers' ids are other numbers.
fn author(rank: usize) -> u64 {
    mix((USERS + rank) as u64)
}

/// Each author, with the followers. Users follow by Zipf's law: some follow almost everyone.
pub(super) fn followers() -> impl Iterator<Item = (u64, Vec<u64>)> {
    let users = Zipf::new(USERS, EXPONENT);
    let mut random = Random::new(23);
    (0..AUTHORS).map(move |rank| {
        let count = 1 + random.below(MOST_FOLLOWERS);
        let mut seen = HashSet::new();
        let mut followers = Vec::with_capacity(count);
        while followers.len() < count {
            let user = mix(users.draw(&mut random) as u64);
            if seen.insert(user) {
                followers.push(user);
            }
        }
        (author(rank), followers)
    })
}

/// The posts, in order, with rising ids. Authors post by Zipf's law. `N_POSTS` is how many.
pub(super) fn posts() -> impl Iterator<Item = Post> {
    let authors = Zipf::new(AUTHORS, EXPONENT);
    let mut random = Random::new(29);
    (0..size("N_POSTS", 50_000) as u64).map(move |id| Post {
        author: author(authors.draw(&mut random)),
        id,
    })
}

/// What one of two workers begins with: the posts of its authors, and their followers.
pub(super) struct Part {
    pub(super) posts: Vec<Post>,
    pub(super) followers: Followers,
}

/// What each of the two workers begins with.
pub(super) fn parts() -> [Part; 2] {
    [0, 1].map(|worker| Part {
        posts: posts().filter(|post| owner(fx(&post.author)) == worker).collect(),
        followers: followers().filter(|(author, _)| owner(fx(author)) == worker).collect(),
    })
}

/// Delivers everything in one thread, and checks that `got` is the same, whatever the order in a timeline. Returns the
/// number of deliveries.
pub(super) fn check(got: impl IntoIterator<Item = (u64, Vec<u64>)>) -> Result<usize, Wrong> {
    let followers: Followers = followers().collect();
    let mut expected = Timelines::default();
    // The ids rise, so the timelines are sorted.
    for post in posts() {
        for follower in &followers[&post.author] {
            expected.entry(*follower).or_default().push(post.id);
        }
    }
    let deliveries = expected.values().map(Vec::len).sum();
    let sorted = got.into_iter().map(|(follower, mut timeline)| {
        timeline.sort_unstable();
        (follower, timeline)
    });
    same(expected, sorted)?;
    Ok(deliveries)
}
