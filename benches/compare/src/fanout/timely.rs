//! timely: posts from a source, delivered by `flat_map`, exchanged and appended.

use super::POSTS_A_TURN;
use super::world::{Part, Timelines, check, parts};
use crate::contender::{Outcome, Run};
use crate::kit::hash::{fx, owner};
use crate::kit::timely::{chunked, two_workers};
use timely::dataflow::operators::vec::Map;

pub(super) fn run() -> Outcome {
    let parts: &'static [Part; 2] = Box::leak(Box::new(parts()));
    let (timelines, cost) = two_workers(
        |scope, me| {
            let Part { posts, followers } = &parts[me];
            chunked(scope, posts, POSTS_A_TURN).flat_map(|post| {
                let followers = followers[&post.author].iter();
                followers.map(move |&follower| (follower, post.id))
            })
        },
        |(follower, _): &(u64, u64)| owner(fx(follower)) as u64,
        |timelines: &mut Timelines, (follower, post)| timelines.entry(follower).or_default().push(post),
    )?;
    let deliveries = check(timelines.into_iter().flatten())?;
    Ok(Run::of(deliveries, cost))
}
