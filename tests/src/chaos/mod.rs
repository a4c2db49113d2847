//! A module whose records say what to do, and what must be true of it.

mod check;
mod consume;
mod expected;
mod job;
mod life;
mod module;

pub use check::{Known, check};
pub use expected::Expected;
pub use job::{Flat, Job, KEYS, Step, pick};
pub use life::{Plan, Report, simulate};
pub use module::{Chaos, ChaosClient, Visits};
