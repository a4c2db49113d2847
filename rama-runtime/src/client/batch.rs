//! Appending many records at once.

use super::DepotClient;
use super::depot::Records;
use super::pending::Outcome;
use crate::depot::AckLevel;
use crate::error::{Error, Result};
use crate::exec::{Message, Shared, Ticket};
use crate::module::Module;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch append about to be made: `.await` it.
#[must_use = "nothing is appended unless this is awaited"]
pub struct BatchAppend<M: Module, R, Ack> {
    client: DepotClient<M, R, Ack>,
    records: Vec<R>,
}

/// A batch append about to be made with a level of its own: `.await` it. It hands back no ack returns.
#[must_use = "nothing is appended unless this is awaited"]
pub struct BatchAppendAt<M: Module, R, Ack> {
    append: BatchAppend<M, R, Ack>,
    level: AckLevel,
}

/// What is still to be sent: each partition's records, with their places in the batch.
struct Unsent<M: Module, R> {
    partitions: Vec<VecDeque<(u32, R)>>,
    left: usize,
    entry: Entry<M>,
    level: AckLevel,
}

/// The batch's place among the pending appends, which is free again when nobody waits for the batch any more.
struct Entry<M: Module> {
    shared: Arc<Shared<M>>,
    /// 0 when nobody ever waits.
    pending: u64,
}

impl<M: Module> Drop for Entry<M> {
    fn drop(&mut self) {
        if self.pending != 0 {
            self.shared.pending.forget(self.pending);
        }
    }
}

impl<M, R, Ack> BatchAppend<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    pub(super) fn new(client: DepotClient<M, R, Ack>, records: Vec<R>) -> Self {
        BatchAppend { client, records }
    }

    /// When the append counts as done: when all records have reached that level. It gives no ack returns.
    pub fn ack(self, level: AckLevel) -> BatchAppendAt<M, R, Ack> {
        BatchAppendAt { append: self, level }
    }

    /// Sends what there is room for at once, and makes the future that sends the rest and waits for the answers.
    fn send(self, level: AckLevel) -> impl Future<Output = Result<Vec<Outcome>>> + Send + use<M, R, Ack> {
        let BatchAppend { client, records } = self;
        let begun = client.begin(records, level);
        async move {
            let (mut unsent, answer) = begun?;
            client.send_rest(&mut unsent).await?;
            match answer {
                Some(answer) => answer.await.map_err(|_| Error::ShutDown),
                None => Ok(Vec::new()),
            }
        }
    }
}

type Begun<M, R> = (Unsent<M, R>, Option<oneshot::Receiver<Vec<Outcome>>>);

impl<M, R, Ack> DepotClient<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    fn begin(&self, records: Vec<R>, level: AckLevel) -> Result<Begun<M, R>> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Err(Error::ShutDown);
        }
        let left = records.len();
        let mut partitions: Vec<VecDeque<(u32, R)>> = Vec::new();
        partitions.resize_with(self.app.tasks() as usize, VecDeque::new);
        for (index, record) in (0u32..).zip(records) {
            let task = self.partition(&record)?;
            partitions[task as usize].push_back((index, record));
        }
        let level = shared.layout.effective(self.depot, level);
        let waits = level != AckLevel::None && left > 0;
        let (pending, answer) = waits.then(|| shared.pending.many(left)).unzip();
        let mut unsent = Unsent {
            partitions,
            left,
            entry: Entry {
                shared: Arc::clone(shared),
                pending: pending.unwrap_or(0),
            },
            level,
        };
        self.send_some(&mut unsent, None)?;
        Ok((unsent, answer))
    }

    /// Sends the rest, as room becomes free.
    async fn send_rest(&self, unsent: &mut Unsent<M, R>) -> Result<()> {
        let shared = self.app.shared();
        while unsent.left > 0 {
            let full = (0u32..)
                .zip(&unsent.partitions)
                .find(|(_, records)| !records.is_empty());
            let Some((task, _)) = full else { return Ok(()) };
            let room = shared.room(self.depot, task).ok_or(Error::ShutDown)?;
            // Waits for room in one partition, and takes what there is by then, everywhere. The room that it waited for
            // it keeps: given back, it would go to whoever waits next, again and again.
            room.acquire().await.map_err(|_| Error::ShutDown)?.forget();
            self.send_some(unsent, Some(task))?;
        }
        Ok(())
    }

    /// Sends what there is room for: one message a thread. In the partition `held` there is room for one record more, as its
    /// permit is taken already.
    fn send_some(&self, unsent: &mut Unsent<M, R>, held: Option<u32>) -> Result<()> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Err(Error::ShutDown);
        }
        let mut messages: Vec<Vec<(u32, Ticket, R)>> = Vec::new();
        messages.resize_with(shared.layout.threads as usize, Vec::new);
        let (pending, level) = (unsent.entry.pending, unsent.level);
        for (task, records) in (0u32..).zip(&mut unsent.partitions) {
            let Some(room) = shared.room(self.depot, task) else {
                continue;
            };
            let held = usize::from(held == Some(task)).min(records.len());
            let free = (records.len() - held).min(room.available_permits());
            let free = match u32::try_from(free).map(|free| room.try_acquire_many(free)) {
                Ok(Ok(permits)) => {
                    permits.forget();
                    free
                }
                // Another client may have been faster: then this partition has its turn next time.
                _ => 0,
            };
            let count = held + free;
            if count == 0 {
                continue;
            }
            let place = shared.layout.places[task as usize];
            let message = &mut messages[place.thread as usize];
            for (index, record) in records.drain(..count) {
                message.push((
                    place.local,
                    Ticket {
                        pending,
                        index,
                        level,
                        permit: true,
                    },
                    record,
                ));
            }
            unsent.left -= count;
        }
        for (thread, records) in (0u32..).zip(messages) {
            if !records.is_empty() {
                let (depot, access) = (self.depot, self.access);
                shared.send(thread, Message::Append(Box::new(Records { depot, access, records })))?;
            }
        }
        Ok(())
    }
}

impl<M, R, Ack> IntoFuture for BatchAppend<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: Send + 'static,
{
    type Output = Result<Vec<Ack>>;
    type IntoFuture = BoxFuture<'static, Result<Vec<Ack>>>;

    fn into_future(self) -> Self::IntoFuture {
        let unpack = self.client.unpack;
        let sent = self.send(AckLevel::Full);
        Box::pin(async move { sent.await?.into_iter().map(|outcome| unpack(&mut outcome?)).collect() })
    }
}

impl<M, R, Ack> IntoFuture for BatchAppendAt<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        let sent = self.append.send(self.level);
        Box::pin(async move { sent.await?.into_iter().try_for_each(|outcome| outcome.map(|_| ())) })
    }
}
