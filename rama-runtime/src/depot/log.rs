//! The records of one partition, in memory.

use crate::exec::discard;
use crate::prefetch::prefetch;
use std::collections::VecDeque;

/// So many records further on is what will be read by the time that it is here.
const AHEAD: usize = 32;

/// A log whose front may have been trimmed: offsets never change.
#[derive(Debug)]
pub(super) struct Log<R> {
    base: u64,
    records: VecDeque<R>,
}

impl<R> Log<R> {
    pub(super) fn new() -> Self {
        Log {
            base: 0,
            records: VecDeque::new(),
        }
    }

    /// The log is empty, and its first record will have that offset.
    pub(super) fn begin_at(&mut self, offset: u64) {
        self.base = offset;
    }

    /// The offset behind the last record.
    pub(super) fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// Appends behind the last record.
    pub(super) fn push(&mut self, record: R) {
        self.records.push_back(record);
    }

    /// Appends behind the last record, in order.
    pub(super) fn extend(&mut self, records: Vec<R>) {
        self.records.extend(records);
    }

    #[inline]
    pub(super) fn get(&self, offset: u64) -> Option<&R> {
        self.records.get(usize::try_from(offset.checked_sub(self.base)?).ok()?)
    }

    /// The record at `offset`, of several that are read in order: those behind it are asked for. The thread that made them is
    /// another one, and the processor does not foresee that the reading goes on after each event.
    #[inline]
    pub(super) fn read(&self, offset: u64) -> Option<&R> {
        let at = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        if let Some(ahead) = self.records.get(at + AHEAD) {
            prefetch(ahead);
        }
        self.records.get(at)
    }

    /// Forgets records below `offset`.
    pub(super) fn trim(&mut self, offset: u64) {
        if !std::mem::needs_drop::<R>() {
            let count = offset.saturating_sub(self.base).min(self.records.len() as u64);
            // Not more than there are, so it fits.
            self.records.drain(..count as usize);
            self.base += count;
            return;
        }
        while self.base < offset
            && let Some(record) = self.records.pop_front()
        {
            // Before the record is dropped: its `Drop` may panic, and the offsets of the others must not change.
            self.base += 1;
            drop(record);
        }
    }
}

impl<R> Drop for Log<R> {
    fn drop(&mut self) {
        // One by one: were two of them to panic when dropped together, the process would abort.
        while let Some(record) = self.records.pop_front() {
            discard(record);
        }
    }
}
