//! Who waits for which record of a depot partition, and how far all its sources have come.

use super::batch::{Batch, TreeRef};
use super::guard::discard;
use crate::client::{AckValues, Outcome};
use crate::depot::AckLevel;
use crate::error::Error;
use crate::topology::AckValue;
use std::collections::VecDeque;

/// How a client asked for one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    /// The pending append; 0 when nobody waits.
    pub(crate) pending: u64,
    /// The record's place in that append.
    pub(crate) index: u32,
    pub(crate) level: AckLevel,
    /// Whether the record holds a permit of its partition's backlog.
    pub(crate) permit: bool,
}

impl Ticket {
    /// Of a record that no client appended.
    pub(crate) const NOBODY: Ticket = Ticket {
        pending: 0,
        index: 0,
        level: AckLevel::None,
        permit: false,
    };
}

/// An event that waits for its append to be processed.
pub(crate) struct Waiting {
    pub(crate) tree: TreeRef,
    pub(crate) id: u64,
    /// What resumes then.
    pub(crate) batch: Batch,
}

/// One record that is not processed by all its sources yet.
struct Slot {
    remaining: u32,
    ticket: Ticket,
    extra: Option<Box<Extra>>,
}

/// What most records have not.
#[derive(Default)]
struct Extra {
    values: Vec<Option<AckValue>>,
    error: Option<Error>,
    waiting: Vec<Waiting>,
}

/// What follows when the last source is done with a record.
pub(crate) struct Finished {
    /// The answer to the client, if one waits for full processing.
    pub(crate) ack: Option<(u64, u32, Outcome)>,
    /// The events that waited.
    pub(crate) waiting: Vec<Waiting>,
    /// Why the record failed, if it did.
    pub(crate) failed: bool,
}

/// The state of one depot partition that does not depend on the record type.
#[derive(Default)]
pub(crate) struct Slots {
    /// The offset of the first slot: everything before is processed by all sources.
    first: u64,
    slots: VecDeque<Slot>,
    /// Permits to give back at the commit point.
    pub(crate) released: u32,
    /// Whether the commit point has to look here.
    pub(crate) dirty: bool,
}

impl Slots {
    /// Slots of a partition whose records begin at `first`.
    pub(crate) fn starting_at(first: u64) -> Self {
        Slots {
            first,
            ..Slots::default()
        }
    }

    /// The offset behind the last record known.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// Every record below has been processed by all sources.
    pub(crate) fn processed(&self) -> u64 {
        self.first
    }

    /// The next record of the partition, which `consumers` sources will process. Returns its offset.
    pub(crate) fn push(&mut self, consumers: u32, ticket: Ticket) -> u64 {
        self.slots.push_back(Slot {
            remaining: consumers,
            ticket,
            extra: None,
        });
        self.end() - 1
    }

    /// Moves on over a record that nothing reads.
    pub(crate) fn skip(&mut self) {
        self.first += 1;
    }

    fn slot(&mut self, offset: u64) -> Option<&mut Slot> {
        let index = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        self.slots.get_mut(index).filter(|slot| slot.remaining > 0)
    }

    /// Lets `waiting` resume when the record is processed; gives it back if the record is not pending.
    pub(crate) fn wait(&mut self, offset: u64, waiting: Waiting) -> Result<(), Waiting> {
        match self.slot(offset) {
            Some(slot) => {
                slot.extra.get_or_insert_default().waiting.push(waiting);
                Ok(())
            }
            None => Err(waiting),
        }
    }

    /// One source is done with the record. `returns`: its place among the depot's returning sources, and their number.
    pub(crate) fn done(
        &mut self,
        offset: u64,
        returns: Option<(usize, usize)>,
        result: Result<Option<AckValue>, Error>,
    ) -> Option<Finished> {
        let Some(slot) = self.slot(offset) else {
            discard(result);
            return None;
        };
        slot.remaining -= 1;
        match (result, returns) {
            (Ok(Some(value)), Some((place, number))) => {
                let values = &mut slot.extra.get_or_insert_default().values;
                values.resize_with(number, || None);
                match values.get_mut(place) {
                    Some(entry) => discard(entry.replace(value)),
                    None => discard(value),
                }
            }
            (Ok(value), _) => discard(value),
            (Err(error), _) => {
                slot.extra.get_or_insert_default().error.get_or_insert(error);
            }
        }
        if slot.remaining > 0 {
            return None;
        }
        let ticket = slot.ticket;
        let extra = slot.extra.take().map(|extra| *extra).unwrap_or_default();
        let failed = extra.error.is_some();
        let outcome = match extra.error {
            Some(error) => {
                extra.values.into_iter().for_each(discard);
                Err(error)
            }
            None => Ok(AckValues::new(extra.values)),
        };
        let waits = ticket.pending != 0 && ticket.level == AckLevel::Full;
        self.released += u32::from(ticket.permit);
        while self.slots.front().is_some_and(|slot| slot.remaining == 0) {
            self.slots.pop_front();
            self.first += 1;
        }
        let ack = if waits {
            Some((ticket.pending, ticket.index, outcome))
        } else {
            discard(outcome);
            None
        };
        Some(Finished {
            ack,
            waiting: extra.waiting,
            failed,
        })
    }
}
