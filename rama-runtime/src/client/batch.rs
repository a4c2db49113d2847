//! Appending many records at once.

use super::depot::{Records, Share};
use super::pending::Outcomes;
use super::{AckValues, DepotClient};
use crate::depot::AckLevel;
use crate::error::{Error, Result};
use crate::exec::{Message, Places, Shared, Ticket};
use crate::module::Module;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::any::Any;
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

/// What is still to be sent.
struct Unsent<M: Module, R> {
    /// By partition.
    parts: Vec<Part<R>>,
    left: usize,
    entry: Entry<M>,
    level: AckLevel,
}

/// One partition's records, with their places in the batch.
struct Part<R> {
    places: PartPlaces,
    records: VecDeque<R>,
}

/// See [`Places`].
enum PartPlaces {
    From(u32),
    Each(Vec<u32>),
}

impl<R> Part<R> {
    /// Takes the first `count` records, of at least as many. Taking all of them copies nothing.
    fn take(&mut self, count: usize) -> (Places, Vec<R>) {
        let places = match &mut self.places {
            PartPlaces::From(first) => {
                let places = Places::From(*first);
                // A batch holds at most 2^32 records.
                *first += count as u32;
                places
            }
            PartPlaces::Each(places) => {
                let rest = places.split_off(count);
                Places::Each(std::mem::replace(places, rest).into())
            }
        };
        let records = if count == self.records.len() {
            std::mem::take(&mut self.records).into()
        } else {
            self.records.drain(..count).collect()
        };
        (places, records)
    }
}

/// A batch for a randomly partitioned depot goes in pieces of at least so many records: each is one message's part.
const PIECE: usize = 64;

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
    ///
    /// The answer: what there is to say of single records, in their order.
    fn send(self, level: AckLevel) -> impl Future<Output = Result<Outcomes>> + Send + use<M, R, Ack> {
        let BatchAppend { client, records } = self;
        let begun = client.begin(records, level);
        async move {
            let (mut unsent, answer) = begun?;
            client.send_rest(&mut unsent).await?;
            let Some(answer) = answer else { return Ok(Vec::new()) };
            let mut outcomes = answer.await.map_err(|_| client.app.shared().ended())?;
            outcomes.sort_unstable_by_key(|outcome| outcome.0);
            Ok(outcomes)
        }
    }
}

type Begun<M, R> = (Unsent<M, R>, Option<oneshot::Receiver<Outcomes>>);

impl<M, R, Ack> DepotClient<M, R, Ack>
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: 'static,
{
    fn begin(&self, records: Vec<R>, level: AckLevel) -> Result<Begun<M, R>> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Err(shared.ended());
        }
        let left = records.len();
        let number = u32::try_from(left).map_err(|_| Error::BatchTooLarge { records: left })?;
        let parts = if self.anywhere() {
            self.in_pieces(records)
        } else {
            self.by_partition(records)?
        };
        let level = shared.layout.effective(self.depot, level);
        let waits = level != AckLevel::None && left > 0;
        let (pending, answer) = waits.then(|| shared.pending.many(number)).unzip();
        let mut unsent = Unsent {
            parts,
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

    /// No records for any partition.
    fn no_parts(&self, places: impl Fn() -> PartPlaces) -> Vec<Part<R>> {
        let part = |_| Part {
            places: places(),
            records: VecDeque::new(),
        };
        (0..self.app.tasks()).map(part).collect()
    }

    /// Each record to its partition.
    fn by_partition(&self, records: Vec<R>) -> Result<Vec<Part<R>>> {
        let mut parts = self.no_parts(|| PartPlaces::Each(Vec::new()));
        for (place, record) in (0u32..).zip(records) {
            let part = &mut parts[self.partition(&record)? as usize];
            if let PartPlaces::Each(places) = &mut part.places {
                places.push(place);
            }
            part.records.push_back(record);
        }
        Ok(parts)
    }

    /// Neighbours to one partition, the pieces round robin: any partition is right, and so little is moved.
    fn in_pieces(&self, mut records: Vec<R>) -> Vec<Part<R>> {
        let tasks = self.app.tasks() as usize;
        let mut parts = self.no_parts(|| PartPlaces::From(0));
        let piece = records.len().div_ceil(tasks).max(PIECE);
        let pieces = records.len().div_ceil(piece);
        // There are not more pieces than tasks.
        let begin = self.app.shared().any_task(self.depot, pieces as u32) as usize;
        // From the last one to the first, as what is split off is moved.
        for number in (0..pieces).rev() {
            let task = (begin + number) & (tasks - 1);
            let first = number * piece;
            let moved = if first == 0 {
                std::mem::take(&mut records)
            } else {
                records.split_off(first)
            };
            parts[task] = Part {
                // A batch holds at most 2^32 records.
                places: PartPlaces::From(first as u32),
                records: moved.into(),
            };
        }
        parts
    }

    /// Sends the rest, as room becomes free.
    async fn send_rest(&self, unsent: &mut Unsent<M, R>) -> Result<()> {
        let shared = self.app.shared();
        while unsent.left > 0 {
            let full = (0u32..).zip(&unsent.parts).find(|(_, part)| !part.records.is_empty());
            let Some((task, _)) = full else { return Ok(()) };
            let room = shared.room(self.depot, task).ok_or_else(|| shared.ended())?;
            // Waits for room in one partition, and takes what there is by then, everywhere. The room that it waited for
            // it keeps: given back, it would go to whoever waits next, again and again.
            room.acquire().await.map_err(|_| shared.ended())?.forget();
            self.send_some(unsent, Some(task))?;
        }
        Ok(())
    }

    /// Sends what there is room for: one message a thread. In the partition `held` there is room for one record more, as its
    /// permit is taken already.
    fn send_some(&self, unsent: &mut Unsent<M, R>, held: Option<u32>) -> Result<()> {
        let shared = self.app.shared();
        if shared.is_closed() {
            return Err(shared.ended());
        }
        let mut messages: Vec<Vec<Share<R>>> = Vec::new();
        messages.resize_with(shared.layout.threads as usize, Vec::new);
        let (pending, level) = (unsent.entry.pending, unsent.level);
        for (task, part) in (0u32..).zip(&mut unsent.parts) {
            let waiting = part.records.len();
            let Some(room) = shared.room(self.depot, task).filter(|_| waiting > 0) else {
                continue;
            };
            let held = usize::from(held == Some(task));
            let free = (waiting - held).min(room.available_permits());
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
            let (places, records) = part.take(count);
            messages[place.thread as usize].push(Share {
                task: place.local,
                ticket: Ticket {
                    pending,
                    places,
                    level,
                    permit: true,
                },
                records,
            });
            unsent.left -= count;
        }
        for (thread, shares) in (0u32..).zip(messages) {
            if !shares.is_empty() {
                let (depot, access) = (self.depot, self.access);
                shared.send(thread, Message::Append(Box::new(Records { depot, access, shares })))?;
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
        let number = self.records.len();
        let sent = self.send(AckLevel::Full);
        Box::pin(async move {
            let outcomes = sent.await?;
            if outcomes.is_empty()
                && let Some(nothing) = nothings(number)
            {
                return Ok(nothing);
            }
            let mut outcomes = outcomes.into_iter().peekable();
            let unpacked = (0..number).map(|place| match outcomes.next_if(|outcome| outcome.0 as usize == place) {
                Some((_, outcome)) => unpack(&mut outcome.map_err(|error| *error)?),
                None => unpack(&mut AckValues::default()),
            });
            unpacked.collect()
        })
    }
}

/// The ack returns of so many records, where there are none: if `Ack` is `()`.
fn nothings<Ack: 'static>(number: usize) -> Option<Vec<Ack>> {
    let mut nothings: Option<Vec<()>> = Some(vec![(); number]);
    let any: &mut dyn Any = &mut nothings;
    any.downcast_mut::<Option<Vec<Ack>>>().and_then(Option::take)
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
        Box::pin(async move {
            let mut outcomes = sent.await?.into_iter();
            outcomes.try_for_each(|(_, outcome)| outcome.map(|_| ()).map_err(|error| *error))
        })
    }
}
