//! Who waits for which record of a depot partition, and how far all its sources have come.
//!
//! Records come and are done in runs of neighbours, so what is the same for neighbours is kept and done once a run.

use super::batch::Batch;
use super::guard::discard;
use crate::client::{AckValues, Outcome};
use crate::depot::AckLevel;
use crate::error::Error;
use crate::topology::AckValue;
use crate::topology::TreeRef;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How a client asked for neighbouring records.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// The pending append; 0 when nobody waits.
    pub(crate) pending: u64,
    /// The records' places in that append.
    pub(crate) places: Places,
    pub(crate) level: AckLevel,
    /// Whether each record holds a permit of its partition's backlog.
    pub(crate) permit: bool,
}

/// The places of neighbouring records in the append that brought them.
#[derive(Debug, Clone)]
pub(crate) enum Places {
    /// One after the other, from here on.
    From(u32),
    /// Each its own.
    Each(Arc<[u32]>),
}

impl Places {
    fn get(&self, index: u32) -> u32 {
        match self {
            Places::From(first) => first + index,
            Places::Each(places) => places.get(index as usize).copied().unwrap_or(0),
        }
    }
}

impl Ticket {
    /// Of records that no client appended.
    pub(crate) const NOBODY: Ticket = Ticket {
        pending: 0,
        places: Places::From(0),
        level: AckLevel::None,
        permit: false,
    };
}

/// An answer about some records of one pending append.
pub(crate) struct Ack {
    pub(crate) pending: u64,
    /// About how many.
    pub(crate) count: u32,
    /// What is said of a single one, with its place: a value, or an error. The others are just done.
    pub(crate) outcome: Option<(u32, Outcome)>,
}

/// An event that waits for its append to be processed.
pub(crate) struct Waiting {
    pub(crate) tree: TreeRef,
    pub(crate) record: u32,
    pub(crate) id: u64,
    /// What resumes then.
    pub(crate) batch: Batch,
}

/// What most records have not.
#[derive(Default)]
struct Extra {
    values: Vec<Option<AckValue>>,
    error: Option<Box<Error>>,
    waiting: Vec<Waiting>,
}

/// Records that came together.
struct Arrival {
    /// The offset of the first.
    first: u64,
    count: u64,
    ticket: Ticket,
}

/// The state of one depot partition that does not depend on the record type.
#[derive(Default)]
pub(crate) struct Slots {
    /// Every record before this offset is processed by all sources.
    first: u64,
    /// From there on: how many sources are not done with the record.
    remaining: VecDeque<u16>,
    /// In order of their offsets. The last record of the first one is not processed.
    arrivals: VecDeque<Arrival>,
    extras: BTreeMap<u64, Extra>,
    /// Permits to give back at the commit point.
    pub(crate) released: u32,
    /// Whether the commit point has to look here.
    pub(crate) dirty: bool,
}

/// What follows when sources are done with records.
pub(crate) struct Finished<'a> {
    /// The answers to clients that wait for full processing.
    pub(crate) acks: &'a mut Acks,
    /// The events that waited, and whether what they waited for failed.
    pub(crate) waiting: Vec<(Waiting, bool)>,
}

/// Answers that leave at the commit point.
#[derive(Default)]
pub(crate) struct Acks {
    pub(crate) list: Vec<Ack>,
}

impl Acks {
    /// So many records of that append are done, and that is all.
    #[inline]
    pub(crate) fn done(&mut self, pending: u64, count: u32) {
        if count == 0 {
            return;
        }
        match self.list.last_mut() {
            Some(last) if last.pending == pending && last.outcome.is_none() => last.count += count,
            _ => self.list.push(Ack {
                pending,
                count,
                outcome: None,
            }),
        }
    }
}

impl Slots {
    /// The offset behind the last record known.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.remaining.len() as u64
    }

    /// Every record below has been processed by all sources.
    pub(crate) fn processed(&self) -> u64 {
        self.first
    }

    /// The next `count` records of the partition, which `consumers` sources will process. Returns the first one's offset.
    pub(crate) fn push(&mut self, count: usize, consumers: usize, ticket: Ticket) -> u64 {
        let first = self.end();
        // A depot has far fewer sources.
        let consumers = u16::try_from(consumers).unwrap_or(u16::MAX);
        self.remaining.resize(self.remaining.len() + count, consumers);
        match self.arrivals.back_mut() {
            Some(last) if last.ticket.pending == 0 && ticket.pending == 0 && last.ticket.permit == ticket.permit => {
                last.count += count as u64;
            }
            _ => self.arrivals.push_back(Arrival {
                first,
                count: count as u64,
                ticket,
            }),
        }
        first
    }

    /// Moves on over records that nothing reads.
    pub(crate) fn skip(&mut self, count: usize) {
        self.first += count as u64;
    }

    fn place(&self, offset: u64) -> Option<usize> {
        let place = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        self.remaining
            .get(place)
            .is_some_and(|remaining| *remaining > 0)
            .then_some(place)
    }

    /// The arrival that brought the record, if it is not processed.
    fn arrival(&self, offset: u64) -> Option<&Arrival> {
        let behind = self.arrivals.partition_point(|arrival| arrival.first <= offset);
        self.arrivals.get(behind.checked_sub(1)?)
    }

    /// Lets `waiting` resume when the record is processed; gives it back if the record is not pending.
    pub(crate) fn wait(&mut self, offset: u64, waiting: Waiting) -> Result<(), Waiting> {
        match self.place(offset) {
            Some(_) => {
                self.extras.entry(offset).or_default().waiting.push(waiting);
                Ok(())
            }
            None => Err(waiting),
        }
    }

    /// Takes out all events that wait for records, with these records' offsets: to be given back.
    pub(crate) fn take_waiting(&mut self) -> Vec<(u64, Waiting)> {
        let mut all = Vec::new();
        for (offset, extra) in &mut self.extras {
            all.extend(extra.waiting.drain(..).map(|waiting| (*offset, waiting)));
        }
        all
    }

    /// See [`take_waiting`](Self::take_waiting).
    pub(crate) fn give_waiting_back(&mut self, all: Vec<(u64, Waiting)>) {
        for (offset, waiting) in all {
            self.extras.entry(offset).or_default().waiting.push(waiting);
        }
    }

    /// Slots of a partition that was stored: from `first` on, so many sources are not done with each record.
    pub(crate) fn restored(first: u64, remaining: VecDeque<u16>) -> Self {
        let count = remaining.len() as u64;
        let mut slots = Slots {
            first,
            remaining,
            ..Slots::default()
        };
        if count > 0 {
            slots.arrivals.push_back(Arrival {
                first,
                count,
                ticket: Ticket::NOBODY,
            });
        }
        slots.move_on();
        slots
    }

    /// One source is done with `count` records, of which there is nothing to be said.
    pub(crate) fn done(&mut self, first: u64, count: u64, finished: &mut Finished<'_>) {
        if self.are_first_and_last(first, count) {
            return self.first_are_over(count, std::iter::empty(), finished);
        }
        let mut offset = first;
        let end = first + count;
        while offset < end {
            // Neighbours that are over now are answered together.
            let mut over = offset;
            while over < end && !self.extras.contains_key(&over) && self.last_source_is_done(over) {
                over += 1;
            }
            self.answer(offset, over, std::iter::empty(), finished);
            if over < end {
                if self.extras.contains_key(&over) {
                    self.done_with(over, None, Ok(None), finished);
                }
                over += 1;
            }
            offset = over;
        }
        self.move_on();
    }

    /// Whether these are the partition's first records, wait for one source only, and nothing else is known of them: the
    /// most frequent case by far.
    fn are_first_and_last(&self, first: u64, count: u64) -> bool {
        let Ok(count) = usize::try_from(count) else {
            return false;
        };
        if first != self.first || !self.extras.is_empty() || self.remaining.len() < count {
            return false;
        }
        let (front, back) = self.remaining.as_slices();
        let front = &front[..count.min(front.len())];
        let back = &back[..count - front.len()];
        // Without an early end, it is done many at a time.
        let others = |slice: &[u16]| slice.iter().fold(0, |others, remaining| others | (remaining ^ 1));
        others(front) | others(back) == 0
    }

    /// One source less; whether it was the last.
    #[inline]
    fn last_source_is_done(&mut self, offset: u64) -> bool {
        let Some(place) = self.place(offset) else { return false };
        let remaining = &mut self.remaining[place];
        *remaining -= 1;
        *remaining == 0
    }

    /// All sources are done with the first `count` records, whose only source returned `values`.
    fn first_are_over(
        &mut self,
        count: u64,
        values: impl Iterator<Item = (u64, AckValue)>,
        finished: &mut Finished<'_>,
    ) {
        let end = self.first + count;
        self.answer(self.first, end, values, finished);
        self.remaining.drain(..count as usize);
        self.first = end;
        self.move_on();
    }

    /// All sources are done with the records of `offset..end`; the only one that returns something returned `values`, by
    /// offset, in order.
    fn answer(
        &mut self,
        mut offset: u64,
        end: u64,
        values: impl Iterator<Item = (u64, AckValue)>,
        finished: &mut Finished<'_>,
    ) {
        // What comes together holds far fewer records than 2^32.
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let mut values = values.peekable();
        let behind = self.arrivals.partition_point(|arrival| arrival.first <= offset);
        let arrivals = self.arrivals.range(behind.saturating_sub(1)..);
        for arrival in arrivals {
            if offset >= end {
                break;
            }
            let until = end.min(arrival.first + arrival.count);
            let ticket = &arrival.ticket;
            if ticket.permit {
                self.released += number(until.saturating_sub(offset));
            }
            let waits = ticket.pending != 0 && ticket.level == AckLevel::Full;
            while let Some((of, value)) = values.next_if(|(of, _)| *of < until) {
                if waits {
                    finished.acks.done(ticket.pending, number(of - offset));
                    let place = ticket.places.get(number(of - arrival.first));
                    finished.acks.list.push(Ack {
                        pending: ticket.pending,
                        count: 1,
                        outcome: Some((place, Ok(AckValues::one(value)))),
                    });
                } else {
                    discard(value);
                }
                offset = of + 1;
            }
            if waits {
                finished.acks.done(ticket.pending, number(until.saturating_sub(offset)));
            }
            offset = until;
        }
    }

    /// One source is done with the record. `returns`: its place among the depot's returning sources, and their number.
    pub(crate) fn done_one(
        &mut self,
        offset: u64,
        returns: Option<(usize, usize)>,
        result: Result<Option<AckValue>, Box<Error>>,
        finished: &mut Finished<'_>,
    ) {
        self.done_with(offset, returns, result, finished);
        self.move_on();
    }

    /// One source is done with `count` records, and returns values for some of them (in order of their places among these).
    pub(crate) fn done_returning(
        &mut self,
        first: u64,
        count: u32,
        returns: Option<(usize, usize)>,
        values: impl Iterator<Item = (u32, AckValue)>,
        finished: &mut Finished<'_>,
    ) {
        let mut values = values
            .map(|(place, value)| (first + u64::from(place), value))
            .peekable();
        let count = u64::from(count);
        if returns.is_some_and(|(_, number)| number == 1) && self.are_first_and_last(first, count) {
            return self.first_are_over(count, values, finished);
        }
        for offset in first..first + count {
            let value = values.next_if(|(of, _)| *of == offset).map(|(_, value)| value);
            self.done_with(offset, returns, Ok(value), finished);
        }
        self.move_on();
    }

    fn done_with(
        &mut self,
        offset: u64,
        returns: Option<(usize, usize)>,
        result: Result<Option<AckValue>, Box<Error>>,
        finished: &mut Finished<'_>,
    ) {
        let Some(place) = self.place(offset) else {
            return discard(result);
        };
        match (result, returns) {
            (Ok(Some(value)), Some((place, number))) => {
                let values = &mut self.extras.entry(offset).or_default().values;
                values.resize_with(number, || None);
                match values.get_mut(place) {
                    Some(entry) => discard(entry.replace(value)),
                    None => discard(value),
                }
            }
            (Ok(value), _) => discard(value),
            (Err(error), _) => {
                self.extras.entry(offset).or_default().error.get_or_insert(error);
            }
        }
        let remaining = &mut self.remaining[place];
        *remaining -= 1;
        if *remaining > 0 {
            return;
        }
        let extra = self.extras.remove(&offset).unwrap_or_default();
        let failed = extra.error.is_some();
        finished
            .waiting
            .extend(extra.waiting.into_iter().map(|waiting| (waiting, failed)));
        let outcome = match extra.error {
            Some(error) => {
                extra.values.into_iter().for_each(discard);
                Some(Err(error))
            }
            None if extra.values.is_empty() => None,
            None => Some(Ok(AckValues::several(extra.values))),
        };
        let answer = self.arrival(offset).map(|arrival| {
            let ticket = &arrival.ticket;
            let waits = ticket.pending != 0 && ticket.level == AckLevel::Full;
            // An arrival holds far fewer records than 2^32.
            let place = ticket.places.get((offset - arrival.first) as u32);
            (ticket.permit, waits.then_some((ticket.pending, place)))
        });
        let (permit, waits) = answer.unwrap_or((false, None));
        self.released += u32::from(permit);
        match (waits, outcome) {
            (Some((pending, _)), None) => finished.acks.done(pending, 1),
            (Some((pending, place)), Some(outcome)) => finished.acks.list.push(Ack {
                pending,
                count: 1,
                outcome: Some((place, outcome)),
            }),
            (None, outcome) => discard(outcome),
        }
    }

    /// Forgets the first records, as far as they are processed.
    fn move_on(&mut self) {
        let done = self.remaining.iter().take_while(|remaining| **remaining == 0).count();
        self.remaining.drain(..done);
        self.first += done as u64;
        while self
            .arrivals
            .front()
            .is_some_and(|arrival| arrival.first + arrival.count <= self.first)
        {
            self.arrivals.pop_front();
        }
    }
}
