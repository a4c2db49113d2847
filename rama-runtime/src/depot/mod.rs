//! Depots: append-only logs, one a task, where all input enters a module.

mod append;
mod codec;
mod consumers;
mod dead_letter;
mod log;
mod partition;
mod retention;
mod stored;
mod times;

pub use append::Append;
pub use codec::{Codec, NoCodec, RecordCodec};
pub use dead_letter::{DeadLetter, Failure};
pub use partition::{Depot, DepotPartition, Fetch, NoRecord, PartitionInfo};

/// When an append counts as done.
///
/// Whatever the level, a *client's* append waits while its depot partition has too many records of clients that are not
/// processed yet (`Launch::max_backlog`), so that a fast producer cannot fill the memory. A *topology's* append never waits
/// for room: a topology that had to wait for itself would never go on. What topologies append is bounded by what they are
/// given, as the sources that feed them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum AckLevel {
    /// When every stream topology of the module that reads the depot has processed the record: its whole event tree is
    /// done, and its writes are visible. Where no stream reads the depot, as `Appended`.
    ///
    /// Where one of these streams has failed on the record for good, or has halted on the partition before it, the append
    /// fails: a client gets the error; in a topology the event that waits fails, and its record is tried again, as after
    /// any other failure.
    #[default]
    Full,
    /// When the record is in the depot.
    Appended,
    /// As soon as it is sent: it may be lost.
    None,
}
