//! W1: words are counted where they belong.
//!
//! Lines of ten words are split; each word goes to the one of two owners that its hash names; the owner counts it. A word
//! that moves is an owned `String`, unless a contender's name says otherwise.

mod arena;
mod freehome;
mod limit;
mod rama;
mod renoir;
mod table;
mod timely;
mod tokio_batch;

use crate::contender::{Contender, Metric, Workload};

const BASE: &str = "limit";

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "W1",
    title: "words of lines, moved to their owner among 2 and counted there",
    unit: "words",
    metric: Metric::Rate,
    contenders: &[
        Contender::new(BASE, BASE, limit::run),
        Contender::new("rama", BASE, rama::run),
        Contender::new("rama-owned", BASE, rama::run_owned),
        Contender::new("limit-freehome", BASE, freehome::run),
        Contender::new("limit-arena", BASE, arena::run),
        Contender::new("timely", BASE, timely::run),
        Contender::new("tokio-batch", BASE, tokio_batch::run),
        Contender::new("renoir", BASE, renoir::run),
    ],
};

/// Lines that a hand-written worker or a source splits at a time.
const LINES_A_TURN: usize = 100;
