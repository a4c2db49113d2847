//! Reading a depot.

use super::{App, Consumer};
use crate::depot::{Depot, PartitionInfo};
use crate::error::Result;
use crate::module::Module;
use crate::module::descriptor::StartFrom;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::ops::Range;

/// Reads a depot that clients cannot append to: only topologies (`disallow`) or the clock (`tick`) do.
pub struct DepotReader<M: Module, R> {
    app: App<M>,
    access: fn(&mut M) -> &mut Depot<R>,
}

impl<M: Module, R> Clone for DepotReader<M, R> {
    fn clone(&self) -> Self {
        DepotReader {
            app: self.app.clone(),
            access: self.access,
        }
    }
}

impl<M: Module, R> DepotReader<M, R> {
    /// The reader of depot number `_depot` of the descriptor, which `access` finds in a task's view.
    #[must_use]
    pub fn new(app: &App<M>, _depot: usize, access: fn(&mut M) -> &mut Depot<R>) -> Self {
        DepotReader {
            app: app.clone(),
            access,
        }
    }
}

impl<M, R> DepotReader<M, R>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    /// Where a partition begins and ends.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`](crate::Error::NoSuchTask), [`Error::ShutDown`](crate::Error::ShutDown).
    pub async fn partition_info(&self, partition: u32) -> Result<PartitionInfo> {
        info(&self.app, partition, self.access).await
    }

    /// The records of a range of offsets, in order. They are copied in one event of the task, so ask for ranges of
    /// moderate size.
    ///
    /// # Errors
    /// [`Error::OffsetOutOfRange`](crate::Error::OffsetOutOfRange), [`Error::NoSuchTask`](crate::Error::NoSuchTask),
    /// [`Error::ShutDown`](crate::Error::ShutDown).
    pub async fn read(&self, partition: u32, range: Range<u64>) -> Result<Vec<R>> {
        read(&self.app, partition, range, self.access).await
    }

    /// The consumer of that name, and makes it where it does not exist yet: then it begins in each partition where `from` says, and
    /// the depot keeps what it has not committed. Nothing is read yet.
    ///
    /// # Errors
    /// [`Error::ShutDown`](crate::Error::ShutDown); [`Error::Storage`](crate::Error::Storage) when the store fails.
    pub async fn consumer(&self, name: &str, from: StartFrom) -> Result<Consumer<M, R>> {
        Consumer::join(&self.app, self.access, name, from).await
    }

    /// The consumers of a partition by name, with their positions.
    ///
    /// # Errors
    /// [`Error::NoSuchTask`](crate::Error::NoSuchTask), [`Error::ShutDown`](crate::Error::ShutDown).
    pub async fn consumers(&self, partition: u32) -> Result<BTreeMap<String, u64>> {
        super::consumer::consumers(&self.app, partition, self.access).await
    }
}

pub(super) async fn info<M, R>(
    app: &App<M>,
    partition: u32,
    access: fn(&mut M) -> &mut Depot<R>,
) -> Result<PartitionInfo>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    app.ask(partition, move |module| access(module).info()).await
}

pub(super) async fn read<M, R>(
    app: &App<M>,
    partition: u32,
    range: Range<u64>,
    access: fn(&mut M) -> &mut Depot<R>,
) -> Result<Vec<R>>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    let records = app.ask(partition, move |module| access(module).read(range)).await?;
    records.map_err(|error| error.in_module(M::DESCRIPTOR.name))
}
