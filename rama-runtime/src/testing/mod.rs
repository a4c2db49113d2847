//! The test kit: clusters that start in milliseconds, in a world that the test controls.
//!
//! No test needs to sleep or to count records by hand: [`App::settled`](crate::client::App::settled) waits until
//! everything appended is processed, and ticks and timeouts follow [`SimClock::advance`].

mod clock;
mod cluster;

pub use crate::cluster::{Simulation, World};
pub use crate::env::{Rng, SimulatedDisk};
pub use crate::exec::Sabotage;
pub use crate::group::SimulatedStore;
pub use clock::SimClock;
pub use cluster::TestCluster;

/// Numbers, without end, whose owner among `tasks` tasks is `task`, in rising order. None when there is no such task.
///
/// ```
/// use rama_runtime::{key::task_of, testing::keys_for_task};
/// assert!(keys_for_task(8, 3).take(100).all(|key| task_of(&key, 8) == Ok(3)));
/// ```
pub fn keys_for_task(tasks: u32, task: u32) -> impl Iterator<Item = u64> {
    crate::key::numbers_owned_by(task, tasks)
}
