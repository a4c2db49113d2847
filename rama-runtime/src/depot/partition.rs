//! One task's partition of a depot.

use super::codec::Codec;
use super::log::Log;
use super::{Append, DeadLetter};
use crate::error::{Error, Result};
use crate::exec::discard;
use crate::group::{Changes, Entries, StoreError};
use crate::topology::{EventError, TaskInfo};
use std::any::Any;
use std::collections::VecDeque;
use std::ops::Range;

/// A depot: an append-only log of records of type `R`, with one partition a task. A field of a module's struct; inside a
/// topology it is the running task's partition.
///
/// An append made by an event is staged: it becomes visible when the event has succeeded, together with the event's PState
/// writes, and it is forgotten when the event fails.
#[derive(Debug)]
pub struct Depot<R> {
    index: usize,
    keep: Option<u64>,
    log: Log<R>,
    staged: Vec<R>,
    codec: Option<Codec<R>>,
    /// Records below are stored.
    stored: u64,
    /// What is stored begins there: older records are gone.
    stored_from: u64,
    /// The first offsets of what was stored at once, in order, as far as anything of it is kept.
    chunks: VecDeque<u64>,
}

/// Where a depot partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionInfo {
    /// The offset of the first record kept; it grows where the depot has a `keep` option.
    pub start: u64,
    /// The offset behind the last record: the one that the next record will get.
    pub end: u64,
}

// That `R` can be a record is checked once, where the depot is declared ([`Record`](crate::topology::Record)): were the bound
// here as well, one mistake would be reported at every use.
impl<R> Depot<R> {
    /// The empty partition of `task`, of the depot with that index in the module's descriptor. Of the records that every
    /// stream has processed it keeps the last `keep`, or all.
    #[must_use]
    pub fn new(index: usize, _task: TaskInfo, keep: Option<u64>) -> Self {
        Depot {
            index,
            keep,
            log: Log::new(),
            staged: Vec::new(),
            codec: None,
            stored: 0,
            stored_from: 0,
            chunks: VecDeque::new(),
        }
    }

    /// The same partition, whose records are stored so.
    #[must_use]
    pub fn stored(mut self, codec: Option<Codec<R>>) -> Self {
        self.codec = codec;
        self
    }

    /// Appends `record` to the running task's partition, whatever the depot's partitioner: hop to the right task first.
    /// Written `self.depot.append(record).await`, or `.append(record).ack(level).await`; the level is `Appended` unless
    /// said otherwise.
    pub fn append(&mut self, record: R) -> Append<'_, R> {
        Append::new(self, record)
    }

    /// Where the partition begins and ends, staged appends not counted.
    #[must_use]
    pub fn info(&self) -> PartitionInfo {
        PartitionInfo {
            start: self.log.start(),
            end: self.log.end(),
        }
    }

    /// The event succeeded: its staged appends are appended, in order.
    #[inline]
    pub fn commit(&mut self) {
        if !self.staged.is_empty() {
            self.commit_staged();
        }
    }

    #[cold]
    fn commit_staged(&mut self) {
        for record in self.staged.drain(..) {
            self.log.push(record);
        }
    }

    /// The event failed: its staged appends are forgotten.
    pub fn rollback(&mut self) {
        // One by one: were two of them to panic when dropped together, the process would abort.
        while let Some(record) = self.staged.pop() {
            drop(record);
        }
    }

    /// Stages `record` for the event's end.
    pub(super) fn stage(&mut self, record: R) -> usize {
        self.staged.push(record);
        self.index
    }

    /// Appends at once: what came from a client is no event's work.
    pub(crate) fn extend(&mut self, records: Vec<R>) {
        self.log.extend(records);
    }
}

impl<R: Clone> Depot<R> {
    /// The record at `offset`.
    ///
    /// # Errors
    /// When it was trimmed, or does not exist yet.
    pub fn record(&self, offset: u64) -> Result<R, EventError> {
        self.log.get(offset).cloned().ok_or_else(|| {
            let PartitionInfo { start, end } = self.info();
            EventError::new(format!(
                "record {offset} is not in the partition, which holds {start}..{end}"
            ))
        })
    }

    /// Copies of the records of `range`, in order. Costs one clone a record, all in one event of the task.
    ///
    /// # Errors
    /// [`Error::OffsetOutOfRange`] when the partition does not hold all of them.
    pub fn read(&self, range: Range<u64>) -> Result<Vec<R>> {
        let PartitionInfo { start, end } = self.info();
        let outside = Error::OffsetOutOfRange {
            from: range.start,
            to: range.end,
            start,
            end,
        };
        if range.start < start || range.end > end || range.start > range.end {
            return Err(outside);
        }
        let records: Option<Vec<R>> = range.map(|offset| self.log.get(offset).cloned()).collect();
        records.ok_or(outside)
    }
}

/// A depot that generated code takes a record from.
pub struct Fetch<'a, R>(pub &'a Depot<R>);

impl<R: Clone> Fetch<'_, R> {
    /// The record at `offset`.
    ///
    /// # Errors
    /// When it was trimmed, or does not exist yet.
    #[inline]
    pub fn record(&self, offset: u64) -> Result<R, EventError> {
        self.0.record(offset)
    }
}

/// What stands in for [`Fetch::record`] where the type cannot be a record, which is reported at the depot's declaration: so
/// that generated code does not report it again.
pub trait NoRecord<R> {
    /// Never called: the program did not compile.
    ///
    /// # Errors
    /// Always.
    fn record(&self, _offset: u64) -> Result<R, EventError> {
        Err(EventError::new("this type cannot be a record"))
    }
}

impl<R> NoRecord<R> for Fetch<'_, R> {}

impl<R> Depot<DeadLetter<R>> {
    /// Stages a record that failed for good (called by generated code).
    pub fn stage_dead_letter(&mut self, letter: DeadLetter<R>) {
        self.stage(letter);
    }
}

/// A depot partition whose record type does not matter: what the runtime asks of it, once a batch or less.
pub trait DepotPartition {
    /// Where the partition begins and ends.
    fn info(&self) -> PartitionInfo;

    /// Appends `()`, if that is the record type: a tick. Returns whether it did.
    fn tick(&mut self) -> bool;

    /// Records below `processed` have been processed by everyone: forgets those that the depot's `keep` does not want.
    fn trim(&mut self, processed: u64);

    /// Whether records have come or gone since the last [`store`](Self::store).
    fn changed(&self) -> bool;

    /// Writes what has come since the last time, and where the partition begins and ends.
    ///
    /// # Errors
    /// When a record's own `Serialize` fails: then the partition cannot be stored any more.
    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError>;

    /// Becomes what [`store`](Self::store) wrote; stays empty where nothing ever was.
    ///
    /// # Errors
    /// When something else stands there.
    fn load(&mut self, entries: &mut Entries<'_>) -> Result<(), StoreError>;
}

impl<R: 'static> DepotPartition for Depot<R> {
    fn info(&self) -> PartitionInfo {
        Depot::info(self)
    }

    fn tick(&mut self) -> bool {
        let mut unit = Some(());
        let record: &mut dyn Any = &mut unit;
        match record.downcast_mut::<Option<R>>().and_then(Option::take) {
            Some(record) => {
                self.log.push(record);
                true
            }
            None => false,
        }
    }

    fn trim(&mut self, processed: u64) {
        if let Some(keep) = self.keep {
            self.log.trim(processed.min(self.log.end().saturating_sub(keep)));
        }
    }

    fn changed(&self) -> bool {
        self.stored < self.log.end() || self.stored_from < self.log.start()
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let PartitionInfo { start, end } = Depot::info(self);
        let Some(codec) = self.codec else { return Ok(()) };
        if !self.changed() {
            return Ok(());
        }
        let first = self.stored.max(start);
        if first < end {
            let mark = changes.step(&first)?;
            changes.put(|out| {
                out.extend_from_slice(&(end - first).to_le_bytes());
                (first..end)
                    .filter_map(|offset| self.log.get(offset))
                    .try_for_each(|record| (codec.encode)(record, out))
            })?;
            changes.back(mark);
            self.chunks.push_back(first);
        }
        self.stored = end;
        self.stored_from = start;
        // What was stored together goes together.
        while self.chunks.get(1).is_some_and(|next| *next <= start)
            && let Some(gone) = self.chunks.pop_front()
        {
            let mark = changes.step(&gone)?;
            changes.remove();
            changes.back(mark);
        }
        changes.put(|out| {
            out.extend_from_slice(&start.to_le_bytes());
            out.extend_from_slice(&end.to_le_bytes());
            Ok(())
        })
    }

    fn load(&mut self, entries: &mut Entries<'_>) -> Result<(), StoreError> {
        let Some(codec) = self.codec else { return Ok(()) };
        let Some(header) = entries.here()? else { return Ok(()) };
        let damaged = |reason: &str| StoreError::Damaged {
            reason: reason.to_owned(),
        };
        let bound = |at: usize| {
            let bytes = header.get(at..at + 8)?.try_into().ok()?;
            Some(u64::from_le_bytes(bytes))
        };
        let (Some(start), Some(end)) = (bound(0), bound(8)) else {
            return Err(damaged("a depot partition does not say where it begins and ends"));
        };
        self.log.begin_at(start);
        let mut next = None;
        while let Some((first, place)) = entries.step::<u64>()? {
            let chunk = entries.here()?.unwrap_or_default();
            entries.back(place)?;
            // The first one may begin before the partition does: what was stored together goes together.
            if next.map_or(first > start, |next| next != first) {
                return Err(damaged("records of a depot partition are missing"));
            }
            let Some((count, mut input)) = chunk.split_first_chunk::<8>() else {
                return Err(damaged("records do not say how many they are"));
            };
            let behind = first.saturating_add(u64::from_le_bytes(*count));
            if behind > end {
                return Err(damaged("records stand behind the end of a depot partition"));
            }
            for offset in first..behind {
                let record = (codec.decode)(&mut input)?;
                if offset < start {
                    discard(record);
                } else {
                    self.log.push(record);
                }
            }
            if !input.is_empty() {
                return Err(damaged("bytes stand behind a depot's records"));
            }
            self.chunks.push_back(first);
            next = Some(behind);
        }
        if self.log.end() != end {
            return Err(damaged("records of a depot partition are missing"));
        }
        (self.stored, self.stored_from) = (end, start);
        Ok(())
    }
}
