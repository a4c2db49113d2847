//! W2: numbers are counted where they belong.
//!
//! Each number goes to the one of two owners that its hash names, and is counted there: what an exchange costs where the
//! items cost nothing.

mod limit;
mod rama;
mod renoir;
mod scatter;
mod timely;
mod tokio_batch;

use crate::contender::{Contender, Metric, Workload};

const BASE: &str = "limit";

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "W2",
    title: "numbers, moved to their owner among 2 and counted there",
    unit: "numbers",
    metric: Metric::Rate,
    contenders: &[
        Contender::new(BASE, BASE, limit::run),
        Contender::new("rama", BASE, rama::run),
        Contender::new("limit-scatter", BASE, scatter::run),
        Contender::new("timely", BASE, timely::run),
        Contender::new("tokio-batch", BASE, tokio_batch::run),
        Contender::new("renoir", BASE, renoir::run),
    ],
};
