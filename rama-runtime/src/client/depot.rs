//! Appending to a depot.

use super::{AckValues, App, BatchAppend, ClientAppend, Consumer};
use crate::depot::{Depot, PartitionInfo};
use crate::error::{Error, Result};
use crate::exec::{Host, Incoming, Ticket};
use crate::module::Module;
use crate::module::descriptor::StartFrom;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::ops::Range;

/// How a client finds the partition of a record.
#[derive(Debug)]
pub enum ClientPartitioner<R> {
    /// Any: round robin.
    Random,
    /// Task 0.
    Global,
    /// The owner of this hash ([`hash_of`](crate::key::hash_of) the key).
    HashBy(fn(&R) -> Result<u64, postcard::Error>),
    /// What this function chooses, given the number of partitions.
    Custom(fn(&R, usize) -> usize),
}

impl<R> Clone for ClientPartitioner<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for ClientPartitioner<R> {}

/// Appends to and reads one depot of a launched module. `Ack` is what a fully processed record hands back: `()`, the ack
/// return of the one source that has one, or a tuple of several.
///
/// One client's appends to one partition are in the order in which they were sent.
pub struct DepotClient<M: Module, R, Ack> {
    pub(super) app: App<M>,
    pub(super) depot: usize,
    pub(super) access: fn(&mut M) -> &mut Depot<R>,
    partitioner: ClientPartitioner<R>,
    pub(super) unpack: fn(&mut AckValues) -> Result<Ack>,
}

impl<M: Module, R, Ack> Clone for DepotClient<M, R, Ack> {
    fn clone(&self) -> Self {
        let DepotClient {
            ref app,
            depot,
            access,
            partitioner,
            unpack,
        } = *self;
        DepotClient {
            app: app.clone(),
            depot,
            access,
            partitioner,
            unpack,
        }
    }
}

impl<M: Module, R, Ack> DepotClient<M, R, Ack> {
    /// The client of depot number `depot` of the descriptor. `unpack` makes the ack return from what the depot's returning
    /// sources gave: [`unpack_nothing`](super::unpack_nothing) where there are none, [`unpack_one`](super::unpack_one) for
    /// one, and for more a function that takes one after the other.
    #[must_use]
    pub fn new(
        app: &App<M>,
        depot: usize,
        access: fn(&mut M) -> &mut Depot<R>,
        partitioner: ClientPartitioner<R>,
        unpack: fn(&mut AckValues) -> Result<Ack>,
    ) -> Self {
        DepotClient {
            app: app.clone(),
            depot,
            access,
            partitioner,
            unpack,
        }
    }
}

impl<M, R, Ack> DepotClient<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    /// Appends `record`: await it for the ack return, or choose another level first with
    /// [`ack`](ClientAppend::ack).
    ///
    /// The record is sent when the append is turned into its future (`.await` does), or, while the partition has too many
    /// records that are not processed, when there is room. A future that is dropped later does not take it back.
    ///
    /// # Errors
    /// [`Error::RecordFailed`] and [`Error::Halted`] when the record is in the depot but will not be processed;
    /// [`Error::NoAckReturn`]; [`Error::Key`] and [`Error::BadPartition`] when it has no partition; [`Error::ShutDown`].
    pub fn append(&self, record: R) -> ClientAppend<M, R, Ack> {
        ClientAppend::new(self.clone(), record)
    }

    /// Appends all `records`; each partition gets its own in order. Await it for their ack returns, in the order of the
    /// records. As they are sent together (one message a thread and round of room), this is much cheaper than one by one.
    ///
    /// # Errors
    /// Those of [`append`](Self::append), of the first record that has one; the other records are appended all the same.
    /// A record without a partition is an error before anything is sent.
    pub fn append_batch(&self, records: Vec<R>) -> BatchAppend<M, R, Ack> {
        BatchAppend::new(self.clone(), records)
    }

    /// Where a partition begins and ends.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`], [`Error::ShutDown`].
    pub async fn partition_info(&self, partition: u32) -> Result<PartitionInfo> {
        super::reader::info(&self.app, partition, self.access).await
    }

    /// The records of a range of offsets, in order. They are copied in one event of the task, so ask for ranges of
    /// moderate size.
    ///
    /// # Errors
    /// [`Error::OffsetOutOfRange`], [`Error::NoSuchTask`], [`Error::ShutDown`].
    pub async fn read(&self, partition: u32, range: Range<u64>) -> Result<Vec<R>> {
        super::reader::read(&self.app, partition, range, self.access).await
    }

    /// The consumer of that name, and makes it where it does not exist yet: then it begins in each partition where `from` says, and
    /// the depot keeps what it has not committed. Nothing is read yet.
    ///
    /// # Errors
    /// [`Error::ShutDown`]; [`Error::Storage`] when the store fails.
    pub async fn consumer(&self, name: &str, from: StartFrom) -> Result<Consumer<M, R>> {
        Consumer::join(&self.app, self.access, name, from).await
    }

    /// The consumers of a partition by name, with their positions.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`], [`Error::ShutDown`].
    pub async fn consumers(&self, partition: u32) -> Result<BTreeMap<String, u64>> {
        super::consumer::consumers(&self.app, partition, self.access).await
    }

    /// Whether a record may go to any partition.
    pub(super) fn anywhere(&self) -> bool {
        matches!(self.partitioner, ClientPartitioner::Random)
    }

    /// The partition of `record`.
    pub(super) fn partition(&self, record: &R) -> Result<u32> {
        let tasks = self.app.tasks();
        match self.partitioner {
            ClientPartitioner::Random => Ok(self.app.shared().any_task(self.depot, 1)),
            ClientPartitioner::Global => Ok(0),
            // The lowest bits decide, so nothing is lost.
            ClientPartitioner::HashBy(hash) => Ok(hash(record)? as u32 & (tasks - 1)),
            ClientPartitioner::Custom(choose) => {
                let partition = choose(record, tasks as usize);
                u32::try_from(partition)
                    .ok()
                    .filter(|&task| task < tasks)
                    .ok_or_else(|| Error::BadPartition {
                        depot: M::DESCRIPTOR.depots.get(self.depot).map_or("", |depot| depot.name),
                        partition,
                        partitions: tasks,
                    })
            }
        }
    }
}

/// Neighbouring records on their way to one task.
pub(super) struct Share<R> {
    /// The task's place on its thread.
    pub(super) task: u32,
    /// Who waits for them.
    pub(super) ticket: Ticket,
    /// At least one.
    pub(super) records: Vec<R>,
}

/// Records on their way to one thread.
pub(super) struct Records<M: Module, R> {
    pub(super) depot: usize,
    pub(super) access: fn(&mut M) -> &mut Depot<R>,
    pub(super) shares: Vec<Share<R>>,
}

impl<M, R> Incoming<M> for Records<M, R>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    fn append(self: Box<Self>, host: &mut Host<M>) {
        for Share { task, ticket, records } in self.shares {
            if let Some(entry) = host.tasks.get_mut(task as usize) {
                let count = records.len();
                (self.access)(&mut entry.module).extend(records);
                host.appended(task, self.depot, count, ticket);
            }
        }
    }
}
