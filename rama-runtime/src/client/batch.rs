//! Appending many records at once.

use super::DepotClient;
use super::depot::Records;
use super::pending::Outcome;
use crate::depot::AckLevel;
use crate::error::{Error, Result};
use crate::exec::{Message, Ticket};
use crate::module::Module;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::VecDeque;
use std::future::IntoFuture;
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
struct Unsent<R> {
    partitions: Vec<VecDeque<(u32, R)>>,
    left: usize,
    pending: u64,
    level: AckLevel,
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
            let sent = client.send_rest(&mut unsent).await;
            if let Err(error) = sent {
                client.app.shared().pending.forget(unsent.pending);
                return Err(error);
            }
            match answer {
                Some(answer) => answer.await.map_err(|_| Error::ShutDown),
                None => Ok(Vec::new()),
            }
        }
    }
}

type Begun<R> = (Unsent<R>, Option<oneshot::Receiver<Vec<Outcome>>>);

impl<M, R, Ack> DepotClient<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    fn begin(&self, records: Vec<R>, level: AckLevel) -> Result<Begun<R>> {
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
            pending: pending.unwrap_or(0),
            level,
        };
        if let Err(error) = self.send_some(&mut unsent) {
            shared.pending.forget(unsent.pending);
            return Err(error);
        }
        Ok((unsent, answer))
    }

    /// Sends the rest, as room becomes free.
    async fn send_rest(&self, unsent: &mut Unsent<R>) -> Result<()> {
        let shared = self.app.shared();
        while unsent.left > 0 {
            let full = (0u32..)
                .zip(&unsent.partitions)
                .find(|(_, records)| !records.is_empty());
            let Some((task, _)) = full else { return Ok(()) };
            let room = shared.room(self.depot, task).ok_or(Error::ShutDown)?;
            // Waits for room in one partition, and gives it back to take what there is by then, everywhere.
            drop(room.acquire().await.map_err(|_| Error::ShutDown)?);
            self.send_some(unsent)?;
        }
        Ok(())
    }

    /// Sends what there is room for: one message a thread.
    fn send_some(&self, unsent: &mut Unsent<R>) -> Result<()> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Err(Error::ShutDown);
        }
        let mut messages: Vec<Vec<(u32, Ticket, R)>> = Vec::new();
        messages.resize_with(shared.layout.threads as usize, Vec::new);
        let (pending, level) = (unsent.pending, unsent.level);
        for (task, records) in (0u32..).zip(&mut unsent.partitions) {
            let Some(room) = shared.room(self.depot, task) else {
                continue;
            };
            let free = records.len().min(room.available_permits());
            let Some(free) = u32::try_from(free).ok().filter(|&free| free > 0) else {
                continue;
            };
            // Another client may have been faster: then this partition has its turn next time.
            let Ok(permits) = room.try_acquire_many(free) else {
                continue;
            };
            permits.forget();
            let place = shared.layout.places[task as usize];
            let message = &mut messages[place.thread as usize];
            for (index, record) in records.drain(..free as usize) {
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
            unsent.left -= free as usize;
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
