//! Clusters: where modules run.

mod durable;
mod in_process;
mod launch;
mod running;

pub use crate::group::SyncPolicy;
pub use in_process::InProcessCluster;
pub use launch::Launch;
