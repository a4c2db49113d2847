//! Named consumers of a depot: readers outside of the module whose positions are kept.

use super::App;
use crate::depot::Depot;
use crate::error::Result;
use crate::exec::unix_millis;
use crate::module::Module;
use crate::module::descriptor::StartFrom;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A named reader of a depot: [`DepotClient::consumer`](super::DepotClient::consumer). How far it has come in each partition is kept
/// with the partition, and is as durable as it; the depot's `keep` takes no record that it is not done with. (Rama lets other
/// modules read a depot so, `depot.trim.coordinate.remote.topologies`; ours are for any program.)
///
/// [`read`](Self::read) hands out records from the position on, [`commit`](Self::commit) moves the position. Whoever reads, acts,
/// and then commits, acts at least once on each record, in the order of its partition.
///
/// Handles of one name are the same consumer. The last commit counts, so let one worker at a time read a partition. A consumer
/// that nobody reads any more keeps all records for ever: [`remove`](Self::remove) it.
///
/// ```
/// use rama_runtime::prelude::*;
///
/// #[module]
/// pub struct Orders {
///     #[depot(random, keep = 0)]
///     orders: Depot<u64>,
/// }
/// topology! { impl Orders {} }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let cluster = InProcessCluster::start()?;
/// let app = cluster.launch::<Orders>(Launch::tasks(1)).await?;
/// let mailer = app.orders().consumer("mailer", StartFrom::Beginning).await?;
/// app.orders().append_batch(vec![7, 8, 9]).await?;
///
/// // A worker goes round the partitions, and pauses when it has found nothing in any of them.
/// for partition in 0..app.tasks() {
///     let unread = mailer.read(partition, 2).await?;
///     assert_eq!(unread.records, [7, 8]);
///     mailer.commit(partition, unread.next()).await?;
///     assert_eq!(mailer.read(partition, 2).await?.records, [9]);
/// }
/// // What it is done with is gone, as nobody else wants it.
/// assert_eq!(app.orders().partition_info(0).await?.start, 2);
/// # Ok(()) }
/// ```
pub struct Consumer<M: Module, R> {
    app: App<M>,
    access: fn(&mut M) -> &mut Depot<R>,
    name: Arc<str>,
}

impl<M: Module, R> Clone for Consumer<M, R> {
    fn clone(&self) -> Self {
        Consumer {
            app: self.app.clone(),
            access: self.access,
            name: Arc::clone(&self.name),
        }
    }
}

impl<M: Module, R> std::fmt::Debug for Consumer<M, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Records that a consumer has not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unread<R> {
    /// The offset of the first of them: the consumer's position.
    pub first: u64,
    /// In order; empty where there are none at present.
    pub records: Vec<R>,
}

impl<R> Unread<R> {
    /// The position behind them: what to commit when all of them are dealt with.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }
}

impl<M, R> Consumer<M, R>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    /// The consumer of that name, which is made where it does not exist yet.
    pub(super) async fn join(
        app: &App<M>,
        access: fn(&mut M) -> &mut Depot<R>,
        name: &str,
        from: StartFrom,
    ) -> Result<Self> {
        let consumer = Consumer {
            app: app.clone(),
            access,
            name: name.into(),
        };
        let now = consumer.now();
        let ask = |task| consumer.ask(task, move |depot, name| depot.join(name, from, now));
        // All are asked before the first one answers.
        let answers: Vec<_> = (0..app.tasks()).map(ask).collect();
        for answer in answers {
            answer.await?;
        }
        Ok(consumer)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How far it has come in that partition: the offset of the first record that it has not committed.
    ///
    /// # Errors
    /// [`Error::NoSuchConsumer`](crate::Error::NoSuchConsumer) when somebody has removed it;
    /// [`Error::NoSuchTask`](crate::Error::NoSuchTask), [`Error::ShutDown`](crate::Error::ShutDown).
    pub async fn position(&self, partition: u32) -> Result<u64> {
        self.ask(partition, |depot, name| depot.position(name)).await
    }

    /// Records of that partition from its position on, at most so many. They are copied in one event of the task, so ask for a
    /// moderate number. It does not wait for records to come (ask again after a pause), and does not move the position: until
    /// [`commit`](Self::commit) the same ones are read again.
    ///
    /// Only what is durable is handed out, where the module is.
    ///
    /// # Errors
    /// As [`position`](Self::position); [`Error::Storage`](crate::Error::Storage) when the store fails.
    pub async fn read(&self, partition: u32, most: usize) -> Result<Unread<R>> {
        let read = move |depot: &mut Depot<R>, name: &str| {
            let first = depot.position(name)?;
            let end = depot.info().end.min(first.saturating_add(most as u64));
            let records = depot.read(first..end)?;
            Ok(Unread { first, records })
        };
        self.ask(partition, read).await
    }

    /// It is done with all records of the partition below `position`, which may also be before its last one, as long as the records
    /// there are kept. Where the module is durable, so is the position when this returns, as its
    /// [`SyncPolicy`](crate::cluster::SyncPolicy) promises for acks.
    ///
    /// # Errors
    /// As [`position`](Self::position); [`Error::NoSuchPosition`](crate::Error::NoSuchPosition) when the partition has no such place.
    pub async fn commit(&self, partition: u32, position: u64) -> Result<()> {
        let now = self.now();
        self.ask(partition, move |depot, name| depot.advance(name, position, now))
            .await
    }

    /// Removes it from all partitions: its positions are forgotten, and it keeps no records any more. Its handles fail from then on.
    ///
    /// # Errors
    /// [`Error::ShutDown`](crate::Error::ShutDown): then some partitions may still know it.
    pub async fn remove(self) -> Result<()> {
        let now = self.now();
        let ask = |task| self.ask(task, move |depot, name| Ok(depot.leave(name, now)));
        let answers: Vec<_> = (0..self.app.tasks()).map(ask).collect();
        for answer in answers {
            answer.await?;
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        unix_millis(&**self.app.shared().clock())
    }

    /// Asks the depot's partition of that task; at once, whether or not the future is awaited.
    fn ask<T: Send + 'static>(
        &self,
        task: u32,
        ask: impl FnOnce(&mut Depot<R>, &str) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let (access, name) = (self.access, Arc::clone(&self.name));
        let answer = self.app.ask(task, move |module| ask(access(module), &name));
        async move { answer.await?.map_err(|error| error.in_module(M::DESCRIPTOR.name)) }
    }
}

/// The consumers of a partition, and their positions.
pub(super) async fn consumers<M, R>(
    app: &App<M>,
    partition: u32,
    access: fn(&mut M) -> &mut Depot<R>,
) -> Result<BTreeMap<String, u64>>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    app.ask(partition, move |module| access(module).consumers()).await
}
