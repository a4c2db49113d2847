//! The base: two hand-written workers that send each other batches of deliveries.

use super::POSTS_A_TURN;
use super::world::{Timelines, check, parts};
use crate::contender::{Outcome, Run};
use crate::kit::exchange::{BATCH, Worker, two_workers};
use crate::kit::hash::fx;

/// Follower and post.
type Delivery = (u64, u64);

pub(super) fn run() -> Outcome {
    let parts = parts();
    let take = |timelines: &mut Timelines, batch: &mut Vec<Delivery>| {
        for (follower, post) in batch.drain(..) {
            timelines.entry(follower).or_default().push(post);
        }
    };
    let (timelines, cost) = two_workers(take, |worker: &mut Worker<Vec<Delivery>, Timelines>| {
        let part = &parts[worker.me];
        for posts in part.posts.chunks(POSTS_A_TURN) {
            for post in posts {
                for &follower in &part.followers[&post.author] {
                    if worker.owns(fx(&follower)) {
                        worker.state.entry(follower).or_default().push(post.id);
                    } else {
                        worker.outbox.push((follower, post.id));
                        if worker.outbox.len() == BATCH {
                            worker.send();
                        }
                    }
                }
            }
            worker.take_in();
        }
    });
    let deliveries = check(timelines.into_iter().flatten())?;
    Ok(Run::of(deliveries, cost))
}
