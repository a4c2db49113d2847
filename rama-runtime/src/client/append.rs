//! Appending one record.

use super::depot::{Records, Share};
use super::pending::Outcome;
use super::{AckValues, App, DepotClient};
use crate::depot::AckLevel;
use crate::error::{Error, Result};
use crate::exec::{Message, Places, Ticket};
use crate::module::Module;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::future::IntoFuture;
use tokio::sync::{TryAcquireError, oneshot};

/// An append about to be made: `.await` it.
#[must_use = "nothing is appended unless this is awaited"]
pub struct ClientAppend<M: Module, R, Ack> {
    client: DepotClient<M, R, Ack>,
    record: R,
}

/// An append about to be made with a level of its own: `.await` it. It hands back no ack return.
#[must_use = "nothing is appended unless this is awaited"]
pub struct ClientAppendAt<M: Module, R, Ack> {
    append: ClientAppend<M, R, Ack>,
    level: AckLevel,
}

impl<M, R, Ack> ClientAppend<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    pub(super) fn new(client: DepotClient<M, R, Ack>, record: R) -> Self {
        ClientAppend { client, record }
    }

    /// When the append counts as done. Whatever the level, it gives no ack return: leave this out to get one.
    pub fn ack(self, level: AckLevel) -> ClientAppendAt<M, R, Ack> {
        ClientAppendAt { append: self, level }
    }

    fn send(self, level: AckLevel) -> Sent<M, R, Ack> {
        let ClientAppend { client, record } = self;
        let task = match client.partition(&record) {
            Ok(task) => task,
            Err(error) => return Sent::Refused(error),
        };
        let taken = match client.app.shared().room(client.depot, task) {
            Some(room) => room.try_acquire().map(tokio::sync::SemaphorePermit::forget),
            None => Err(TryAcquireError::Closed),
        };
        match taken {
            Ok(()) => client.send_one(task, record, level),
            Err(TryAcquireError::NoPermits) => Sent::Waiting {
                client,
                task,
                record,
                level,
            },
            Err(TryAcquireError::Closed) => Sent::Refused(client.app.shared().ended()),
        }
    }
}

/// How far an append has come.
enum Sent<M: Module, R, Ack> {
    /// It has no partition, or the module does not take it.
    Refused(Error),
    /// There is no room yet.
    Waiting {
        client: DepotClient<M, R, Ack>,
        task: u32,
        record: R,
        level: AckLevel,
    },
    /// It is sent, and will be answered.
    Pending(oneshot::Receiver<Outcome>),
    /// It is sent, and that is all.
    Gone,
}

impl<M, R, Ack> Sent<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    /// `app`: where an answer that does not come is explained.
    async fn finish(self, app: App<M>) -> Result<AckValues> {
        let sent = match self {
            Sent::Waiting {
                client,
                task,
                record,
                level,
            } => {
                let shared = std::sync::Arc::clone(client.app.shared());
                let room = shared.room(client.depot, task).ok_or_else(|| shared.ended())?;
                room.acquire().await.map_err(|_| shared.ended())?.forget();
                client.send_one(task, record, level)
            }
            sent => sent,
        };
        match sent {
            Sent::Refused(error) => Err(error),
            Sent::Pending(answer) => match answer.await {
                Ok(outcome) => outcome.map_err(|error| *error),
                Err(_) => Err(app.shared().ended()),
            },
            Sent::Gone | Sent::Waiting { .. } => Ok(AckValues::default()),
        }
    }
}

impl<M, R, Ack> DepotClient<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    /// Sends one record that has room.
    fn send_one(&self, task: u32, record: R, level: AckLevel) -> Sent<M, R, Ack> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Sent::Refused(shared.ended());
        }
        let level = shared.layout.effective(self.depot, level);
        let (pending, sent) = match level {
            AckLevel::None => (0, Sent::Gone),
            AckLevel::Full | AckLevel::Appended => {
                let (pending, answer) = shared.pending.one();
                (pending, Sent::Pending(answer))
            }
        };
        let ticket = Ticket {
            pending,
            places: Places::From(0),
            level,
            permit: true,
        };
        let (depot, access) = (self.depot, self.access);
        let message = |local| {
            Message::Append(Box::new(Records {
                depot,
                access,
                shares: vec![Share {
                    task: local,
                    ticket,
                    records: vec![record],
                }],
            }))
        };
        match shared.send_to_task(task, message) {
            Ok(()) => sent,
            Err(error) => {
                shared.pending.forget(pending);
                Sent::Refused(error)
            }
        }
    }
}

impl<M, R, Ack> IntoFuture for ClientAppend<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    type Output = Result<Ack>;
    type IntoFuture = BoxFuture<'static, Result<Ack>>;

    fn into_future(self) -> Self::IntoFuture {
        let (unpack, app) = (self.client.unpack, self.client.app.clone());
        let sent = self.send(AckLevel::Full);
        Box::pin(async move { unpack(&mut sent.finish(app).await?) })
    }
}

impl<M, R, Ack> IntoFuture for ClientAppendAt<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        let app = self.append.client.app.clone();
        let sent = self.append.send(self.level);
        Box::pin(async move { sent.finish(app).await.map(|_| ()) })
    }
}
