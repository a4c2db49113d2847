//! One task's partition of a depot.

use super::codec::Codec;
use super::consumers::Consumers;
use super::log::Log;
use super::stored::{Header, Stored};
use super::times::Times;
use super::{Append, DeadLetter};
use crate::error::{Error, Result};
use crate::group::{Changes, Entries, StoreError};
use crate::module::descriptor::{Keep, StartFrom};
use crate::topology::{EventError, TaskInfo};
use std::any::Any;
use std::ops::Range;

/// A depot: an append-only log of records of type `R`, with one partition a task. A field of a module's struct; inside a
/// topology it is the running task's partition.
///
/// An append made by an event is staged: it becomes visible when the event has succeeded, together with the event's PState
/// writes, and it is forgotten when the event fails.
#[derive(Debug)]
pub struct Depot<R> {
    index: usize,
    pub(super) keep: Option<Keep>,
    pub(super) log: Log<R>,
    staged: Vec<R>,
    codec: Option<Codec<R>>,
    /// Of a durable module.
    pub(super) stored: Option<Box<Stored<R>>>,
    /// The first record that is kept. Where they are stored, fewer may be in memory.
    pub(super) first: u64,
    /// Records below have been processed by every source.
    pub(super) processed: u64,
    pub(super) times: Times,
    /// That times could not be read was said.
    pub(super) has_warned: bool,
    pub(super) consumers: Consumers,
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
    /// The empty partition of `task`, of the depot with that index in the module's descriptor. Of the records that everyone
    /// is done with it keeps those that `keep` says, or all.
    #[must_use]
    pub fn new(index: usize, _task: TaskInfo, keep: Option<Keep>) -> Self {
        Depot {
            index,
            keep,
            log: Log::new(),
            staged: Vec::new(),
            codec: None,
            stored: None,
            first: 0,
            processed: 0,
            times: Times::default(),
            has_warned: false,
            consumers: Consumers::default(),
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
            start: self.first,
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

    pub(super) fn storage(error: StoreError) -> Error {
        Error::Storage {
            module: "",
            error: error.into(),
        }
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
    #[inline]
    pub fn record(&self, offset: u64) -> Result<R, EventError> {
        match self.log.read(offset) {
            Some(record) => Ok(record.clone()),
            None => self.record_elsewhere(offset),
        }
    }

    /// The record at `offset`, which is not in memory.
    #[cold]
    fn record_elsewhere(&self, offset: u64) -> Result<R, EventError> {
        let found = self.stored_record(offset).map_err(EventError::of_store)?;
        found.ok_or_else(|| {
            let PartitionInfo { start, end } = self.info();
            EventError::new(format!(
                "record {offset} is not in the partition, which holds {start}..{end}"
            ))
        })
    }

    /// The record at `offset`, which is not in memory, if it is stored.
    fn stored_record(&self, offset: u64) -> Result<Option<R>, StoreError> {
        let PartitionInfo { start, end } = self.info();
        let stored = self.stored.as_ref().filter(|_| (start..end).contains(&offset));
        stored.map(|stored| stored.record(offset)).transpose()
    }

    /// Copies of the records of `range`, in order. Costs one clone a record, all in one event of the task.
    ///
    /// # Errors
    /// [`Error::OffsetOutOfRange`] when the partition does not hold all of them; [`Error::Storage`] when the store fails.
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
        let record = |offset| match self.log.get(offset) {
            Some(record) => Ok(Some(record.clone())),
            None => self.stored_record(offset),
        };
        let records: Result<Option<Vec<R>>, StoreError> = range.map(record).collect();
        match records {
            Ok(records) => records.ok_or(outside),
            Err(error) => Err(Self::storage(error)),
        }
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

    /// All records that are there have come by `now`, in milliseconds since 1970.
    fn stamp(&mut self, now: u64);

    /// Records below `processed` have been processed by every source: forgets those that the depot's `keep` does not want.
    /// `now`: in milliseconds since 1970; it matters where they are kept for a time.
    fn trim(&mut self, processed: u64, now: u64);

    /// Where a reader begins that begins there.
    ///
    /// # Errors
    /// When the store fails.
    fn place(&self, from: StartFrom, now: u64) -> Result<u64, StoreError>;

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

    fn stamp(&mut self, now: u64) {
        self.times.note(self.log.end(), now);
    }

    fn trim(&mut self, processed: u64, now: u64) {
        self.processed = self.processed.max(processed);
        self.retain(now);
    }

    fn place(&self, from: StartFrom, now: u64) -> Result<u64, StoreError> {
        Depot::place(self, from, now)
    }

    fn changed(&self) -> bool {
        let stored = self.stored.as_ref();
        stored.is_some_and(|stored| {
            let moved = stored.end < self.log.end() || stored.first < self.first;
            moved || stored.backlog || self.consumers.changed()
        })
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let PartitionInfo { start, end } = Depot::info(self);
        if !self.changed() {
            return Ok(());
        }
        let Some(stored) = &mut self.stored else { return Ok(()) };
        stored.store(&self.log, (start, end), self.times.last(), &self.consumers, changes)?;
        self.consumers.stored();
        // Those that are in the store say there when they came.
        self.times.forget_below(stored.archived);
        self.forget();
        Ok(())
    }

    fn load(&mut self, entries: &mut Entries<'_>) -> Result<(), StoreError> {
        let (Some(codec), Some(cold)) = (self.codec, entries.stays_cold()) else {
            return Ok(());
        };
        let header = entries.here()?.map(|header| Header::decode(&header)).transpose()?;
        let Header {
            first,
            end,
            millis,
            consumers,
        } = header.unwrap_or_default();
        self.log.begin_at(end);
        (self.first, self.consumers) = (first, consumers);
        self.times = Times::starting_at(end, millis);
        self.stored = Some(Box::new(Stored::new(codec, cold, first, end)));
        Ok(())
    }
}

impl<R> Depot<R> {
    /// Records leave memory that nobody keeps, or that the store has and everyone has processed.
    pub(super) fn forget(&mut self) {
        let stored = self.stored.as_ref().map_or(0, |stored| stored.archived);
        self.log.trim(self.first.max(self.processed.min(stored)));
    }
}
