//! Clusters: where modules run.

mod in_process;
mod launch;
mod running;

pub use in_process::InProcessCluster;
pub use launch::Launch;
