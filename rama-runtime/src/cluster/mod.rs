//! Clusters: where modules run.

mod durable;
mod in_process;
mod launch;
mod running;
mod simulation;

pub use crate::group::SyncPolicy;
pub use in_process::InProcessCluster;
pub use launch::Launch;
pub use simulation::{Simulation, World};
