//! Depots: append-only logs, one a task, where all input enters a module.

mod append;
mod dead_letter;
mod log;
mod partition;

pub use append::Append;
pub use dead_letter::{DeadLetter, Failure};
pub use partition::{Depot, DepotPartition, PartitionInfo};

/// When an append counts as done.
///
/// Whatever the level, an append waits while its depot partition has too many records that are not processed yet
/// (`Launch::max_backlog`), so that a fast producer cannot fill the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum AckLevel {
    /// When every stream topology of the module that reads the depot has processed the record: its whole event tree is
    /// done, and its writes are visible. Where no stream reads the depot, as `Appended`.
    #[default]
    Full,
    /// When the record is in the depot.
    Appended,
    /// As soon as it is sent: it may be lost.
    None,
}
