//! What can go wrong, for a user to match on.

use crate::group::StorageError;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that a client, a launch or a shutdown can report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The record was appended, but its processing failed for good: every attempt that its source allows was made. The
    /// record itself stays in the depot (and is in the dead-letter depot, where the source has one).
    #[error(
        "`{topology}` failed on record {offset} of `{depot}`, partition {partition}, {attempts} time(s); at last: {error}"
    )]
    RecordFailed {
        /// The topology.
        topology: &'static str,
        /// The source: the function's name.
        source_name: &'static str,
        /// The depot.
        depot: &'static str,
        /// The depot partition.
        partition: u32,
        /// The record's offset in the partition.
        offset: u64,
        /// How many attempts were made.
        attempts: u32,
        /// The error of the last attempt.
        error: String,
    },
    /// The record was appended, but the source that should process it has stopped on this partition, because an earlier
    /// record failed for good and its `on_failure` is `halt`.
    #[error(
        "`{topology}` stopped on `{depot}`, partition {partition}, at record {halted_at}, so record {offset} is not processed: {error}"
    )]
    Halted {
        /// The topology.
        topology: &'static str,
        /// The source: the function's name.
        source_name: &'static str,
        /// The depot.
        depot: &'static str,
        /// The depot partition.
        partition: u32,
        /// The offset of the record that this error is about.
        offset: u64,
        /// The offset of the record that failed.
        halted_at: u64,
        /// The error of that record's last attempt.
        error: String,
    },
    /// The record was processed, but no branch of it returned the value that the source declares.
    #[error("the record was processed, but no branch returned the declared ack return")]
    NoAckReturn,
    /// The module is already running in this cluster.
    #[error("module `{module}` is already launched in this cluster")]
    AlreadyLaunched {
        /// The module's name.
        module: &'static str,
    },
    /// The number of tasks is zero or no power of two.
    #[error("a module has a power of two of tasks, not {tasks}")]
    TasksNotPowerOfTwo {
        /// What was asked for.
        tasks: u32,
    },
    /// There are no threads, or more than tasks.
    #[error("a module with {tasks} task(s) runs on 1 to {tasks} thread(s), not {threads}")]
    BadThreads {
        /// The threads asked for.
        threads: u32,
        /// The tasks asked for.
        tasks: u32,
    },
    /// The module could not be started.
    #[error("module `{module}` could not be started: {reason}")]
    LaunchFailed {
        /// The module's name.
        module: &'static str,
        /// Why.
        reason: String,
    },
    /// There is no such task.
    #[error("task {task} does not exist: the module has {tasks} tasks")]
    NoSuchTask {
        /// What was asked for.
        task: u32,
        /// How many tasks there are: ids are below this.
        tasks: u32,
    },
    /// A key could not be encoded, so it has no owner.
    #[error("the key cannot be encoded: {0}")]
    Key(#[from] postcard::Error),
    /// A depot's own partitioner chose a partition that does not exist.
    #[error("the partitioner of `{depot}` chose partition {partition} of {partitions}")]
    BadPartition {
        /// The depot.
        depot: &'static str,
        /// What the partitioner chose.
        partition: usize,
        /// How many partitions there are.
        partitions: u32,
    },
    /// A batch append has more records than fit one append. Nothing was appended.
    #[error("a batch of {records} records is too large: one append takes at most {}", u32::MAX)]
    BatchTooLarge {
        /// How many it has.
        records: usize,
    },
    /// A depot read reached outside what the partition holds.
    #[error("offsets {from}..{to} are not all within {start}..{end}")]
    OffsetOutOfRange {
        /// First offset asked for.
        from: u64,
        /// Behind the last offset asked for.
        to: u64,
        /// First offset there is.
        start: u64,
        /// Behind the last offset there is.
        end: u64,
    },
    /// A depot has no consumer of that name: it never had, or somebody has removed it.
    #[error("there is no consumer `{consumer}`: `consumer(name, start_from)` of the depot's client makes one")]
    NoSuchConsumer {
        /// The name.
        consumer: String,
    },
    /// A consumer was to go to a place that its partition does not have.
    #[error(
        "consumer `{consumer}` cannot go to {position}: the partition holds {start}..{end}, and a consumer is at one of these offsets or at the end"
    )]
    NoSuchPosition {
        /// The consumer's name.
        consumer: String,
        /// Where it was to go.
        position: u64,
        /// First offset there is.
        start: u64,
        /// Behind the last offset there is.
        end: u64,
    },
    /// Code that a client sent to a task panicked there. Nothing else is affected.
    #[error("a read panicked: {message}")]
    ReadPanicked {
        /// The panic's message.
        message: String,
    },
    /// The system refused something that the runtime needs: a thread, mostly.
    #[error("the system refused: {reason}")]
    System {
        /// Why.
        reason: String,
    },
    /// A durable module's folder cannot be opened, or what the module does can no longer be stored: then the module has ended.
    /// Whether an append that is answered so is in its depot is not known before the folder is opened again. A read that is answered
    /// so has found that the store cannot read what it needs; nothing else has happened.
    #[error("the folder of {}: {error}", if module.is_empty() { "the cluster" } else { *module })]
    Storage {
        /// The module's name; empty where it is about the cluster's folder.
        module: &'static str,
        /// What is wrong.
        error: StorageError,
    },
    /// The module is shut down, or shuts down and takes no new appends. (An append that was sent when the cluster was
    /// dropped may still have been processed.)
    #[error("the module is shut down")]
    ShutDown,
}

impl Error {
    /// The same error, where it is about a module: of that one.
    pub(crate) fn in_module(self, name: &'static str) -> Self {
        match self {
            Error::Storage { error, .. } => Error::Storage { module: name, error },
            other => other,
        }
    }
}
