//! tokio: two tasks read posts, two tasks append to timelines, with batches of deliveries between them.

use super::world::{Part, Timelines, check, parts};
use crate::contender::{Outcome, Run};
use crate::kit::hash::{fx, owner};
use crate::kit::tokio::two_tasks;

pub(super) fn run() -> Outcome {
    let parts: &'static [Part; 2] = Box::leak(Box::new(parts()));
    let source = |me: usize| {
        let Part { posts, followers } = &parts[me];
        posts.iter().flat_map(|post| {
            let followers = followers[&post.author].iter();
            followers.map(|&follower| (follower, post.id))
        })
    };
    let (timelines, cost) = two_tasks(
        [source(0), source(1)],
        |(follower, _): &(u64, u64)| owner(fx(follower)),
        |timelines: &mut Timelines, (follower, post)| timelines.entry(follower).or_default().push(post),
    )?;
    let deliveries = check(timelines.into_iter().flatten())?;
    Ok(Run::of(deliveries, cost))
}
