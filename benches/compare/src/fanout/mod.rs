//! FANOUT: a post is delivered to each follower of its author.
//!
//! A post goes to its author's worker, which knows the followers, some 400; each delivery goes to the follower's worker,
//! which appends the post to the follower's timeline. An item is a delivery.

mod limit;
mod rama;
mod timely;
mod tokio_batch;
mod world;

use crate::contender::{Contender, Metric, Workload};

const BASE: &str = "limit";

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "FANOUT",
    title: "posts, delivered to the timelines of some 400 followers each",
    unit: "deliveries",
    metric: Metric::Rate,
    contenders: &[
        Contender::new(BASE, BASE, limit::run),
        Contender::new("rama", BASE, rama::run),
        Contender::new("timely", BASE, timely::run),
        Contender::new("tokio-batch", BASE, tokio_batch::run),
    ],
};

/// Posts that a hand-written worker or a source takes at a time: several thousand deliveries.
const POSTS_A_TURN: usize = 16;
