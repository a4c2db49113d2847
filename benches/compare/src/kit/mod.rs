//! What the contenders share: inputs, checks, the clock, and for each engine the part that all workloads have in common.

pub mod check;
pub mod clock;
pub mod exchange;
pub mod feed;
pub mod hash;
pub mod input;
pub mod timely;
pub mod tokio;
pub mod zipf;
