//! Appends that wait for their answers: shared by client threads, which add them, and task threads, which complete them.

use super::AckValues;
use crate::error::{Error, Result};
use crate::exec::{Ack, discard};
use dashmap::DashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// The answer about one record. (Boxed, as errors are large and rare.)
pub(crate) type Outcome = Result<AckValues, Box<Error>>;

enum Entry {
    One(oneshot::Sender<Outcome>),
    /// The mutex is never locked: values may be sent to another thread but not be shared, which it makes up for.
    Many(Box<Mutex<Many>>),
}

/// A batch append, of which not all is answered.
struct Many {
    remaining: u32,
    outcomes: Outcomes,
    done: oneshot::Sender<Outcomes>,
}

/// What is said of single records of a batch append, with their places, in no order. The others are done, and that is all.
pub(crate) type Outcomes = Vec<(u32, Outcome)>;

/// All pending appends of a module, by id.
pub(crate) struct Pending {
    entries: DashMap<u64, Entry, foldhash::fast::RandomState>,
    next: AtomicU64,
}

impl Default for Pending {
    fn default() -> Self {
        // Id 0 means that nobody waits.
        Pending {
            entries: DashMap::default(),
            next: AtomicU64::new(1),
        }
    }
}

impl Pending {
    fn add(&self, entry: Entry) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.entries.insert(id, entry);
        id
    }

    /// A pending append of one record.
    pub(crate) fn one(&self) -> (u64, oneshot::Receiver<Outcome>) {
        let (done, wait) = oneshot::channel();
        (self.add(Entry::One(done)), wait)
    }

    /// A pending append of `number` records, at least one.
    pub(crate) fn many(&self, number: u32) -> (u64, oneshot::Receiver<Outcomes>) {
        let (done, wait) = oneshot::channel();
        let many = Many {
            remaining: number,
            outcomes: Vec::new(),
            done,
        };
        (self.add(Entry::Many(Box::new(Mutex::new(many)))), wait)
    }

    /// Nobody will answer that one, as it could not be sent, or nobody waits for it any more.
    pub(crate) fn forget(&self, id: u64) {
        self.entries.remove(&id);
    }

    /// How many appends wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Answers. Neighbours of one append take its lock once.
    pub(crate) fn complete(&self, acks: impl Iterator<Item = Ack>) {
        let mut acks = acks.peekable();
        while let Some(ack) = acks.next() {
            let id = ack.pending;
            let Some(mut entry) = self.entries.get_mut(&id) else {
                discard(ack.outcome);
                continue;
            };
            let Entry::Many(many) = &mut *entry else {
                drop(entry);
                let outcome = ack
                    .outcome
                    .map_or_else(|| Ok(AckValues::default()), |(_, outcome)| outcome);
                if let Some((_, Entry::One(done))) = self.entries.remove(&id) {
                    // Whoever appended may not care any more.
                    discard(done.send(outcome));
                } else {
                    discard(outcome);
                }
                continue;
            };
            let many = many.get_mut().unwrap_or_else(PoisonError::into_inner);
            many.put(ack);
            while let Some(ack) = acks.next_if(|ack| ack.pending == id) {
                many.put(ack);
            }
            let finished = many.remaining == 0;
            drop(entry);
            if finished && let Some((_, Entry::Many(many))) = self.entries.remove(&id) {
                let many = many.into_inner().unwrap_or_else(PoisonError::into_inner);
                if let Err(outcomes) = many.done.send(many.outcomes) {
                    outcomes.into_iter().for_each(discard);
                }
            }
        }
    }

    /// The module has stopped: everyone who waits learns that nobody will answer.
    pub(crate) fn abandon(&self) {
        // One by one: the values in there are the user's, and a panicking `Drop` must not stop it.
        let ids: Vec<u64> = self.entries.iter().map(|entry| *entry.key()).collect();
        for id in ids {
            discard(self.entries.remove(&id));
        }
    }
}

impl Many {
    fn put(&mut self, ack: Ack) {
        self.remaining = self.remaining.saturating_sub(ack.count);
        self.outcomes.extend(ack.outcome);
    }
}
