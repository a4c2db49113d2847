//! A cluster in a world that the test controls.

use super::SimClock;
use crate::cluster::InProcessCluster;
use crate::env::Env;
use crate::error::Result;
use std::ops::Deref;
use std::sync::Arc;

/// An in-process cluster with a clock that the test moves and random choices that follow from a seed.
#[derive(Debug)]
pub struct TestCluster {
    cluster: InProcessCluster,
    clock: SimClock,
}

impl TestCluster {
    /// A cluster whose seed is 0.
    ///
    /// # Errors
    /// As [`InProcessCluster::start`].
    pub fn start() -> Result<Self> {
        Self::with_seed(0)
    }

    /// A cluster with that seed. (Threads still run as the system schedules them.)
    ///
    /// # Errors
    /// As [`InProcessCluster::start`].
    pub fn with_seed(seed: u64) -> Result<Self> {
        let clock = SimClock::new();
        let cluster = InProcessCluster::start_in(Env::new(Arc::new(clock.clone()), seed))?;
        Ok(TestCluster { cluster, clock })
    }

    /// The clock that ticks and timeouts of this cluster follow.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }
}

impl Deref for TestCluster {
    type Target = InProcessCluster;

    fn deref(&self) -> &InProcessCluster {
        &self.cluster
    }
}
