//! How far one source has come in one partition.

use crate::group::{StoreError, value};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What is known of a record that was started, and before which not everything is finished. Flags, and how many attempts
/// failed: of neighbours, many are looked at at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Entry(u32);

impl Entry {
    const DONE: u32 = 1;
    /// An attempt is in flight.
    const RUNNING: u32 = 2;
    /// The depot's slots know that this source is done with it. (`all_after` may run it again afterwards.)
    const TOLD: u32 = 4;
    /// It failed for good. (`all_after` may run it again afterwards.)
    const GIVEN_UP: u32 = 8;
    const FAILED_ONCE: u32 = 16;

    /// A record of which nothing is known but that it runs.
    const PLAIN: Entry = Entry(Entry::RUNNING);

    fn is(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    /// Sets the flag; says whether it was set.
    fn set(&mut self, flag: u32) -> bool {
        let was = self.is(flag);
        self.0 |= flag;
        was
    }

    /// Takes the flag away; says whether it was set.
    fn unset(&mut self, flag: u32) -> bool {
        let was = self.is(flag);
        self.0 &= !flag;
        was
    }

    /// One more attempt failed. Returns how many that makes.
    fn fail(&mut self) -> u32 {
        self.0 = self.0.checked_add(Entry::FAILED_ONCE).unwrap_or(self.0);
        self.0 / Entry::FAILED_ONCE
    }
}

/// Why a source stopped.
#[derive(Debug, Clone)]
pub(crate) struct Halt {
    pub(crate) at: u64,
    pub(crate) error: String,
}

/// One source on one task.
pub(crate) struct Source {
    /// Which source: index into the layout's kinds.
    pub(crate) kind: usize,
    /// The task's place on its thread.
    pub(crate) task: u32,
    /// Everything below is finished.
    committed: u64,
    /// The next record to start.
    next: u64,
    /// Behind the last record known.
    pub(crate) end: u64,
    window: VecDeque<Entry>,
    pub(crate) in_flight: u32,
    /// Failed records to start again, each by itself.
    retries: VecDeque<u64>,
    /// `all_after`: begin again there when nothing is in flight any more.
    rewind: Option<u64>,
    pub(crate) halted: Option<Halt>,
    /// How many hops a record sends when it starts, as far as is known.
    pub(crate) hops_a_record: u64,
    /// How long the event takes that starts a record, as far as is known.
    pub(crate) nanos_a_record: u64,
    /// Whether it is in the thread's list of sources that may start records.
    pub(crate) listed: bool,
    /// Whether it has moved since it was stored.
    changed: bool,
}

/// How far a source has come, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    committed: u64,
    next: u64,
    /// Entries, and how many of each follow each other.
    window: Vec<(u32, u32)>,
    retries: Vec<u64>,
    rewind: Option<u64>,
    halted: Option<(u64, String)>,
}

impl Source {
    /// A source that begins at `start`, of a partition that ends at `end`.
    pub(crate) fn starting_at(kind: usize, task: u32, start: u64, end: u64) -> Self {
        Source {
            end,
            ..Source::new(kind, task, start)
        }
    }

    fn new(kind: usize, task: u32, start: u64) -> Self {
        Source {
            kind,
            task,
            committed: start,
            next: start,
            end: start,
            window: VecDeque::new(),
            in_flight: 0,
            retries: VecDeque::new(),
            rewind: None,
            halted: None,
            hops_a_record: 0,
            nanos_a_record: 0,
            listed: false,
            changed: true,
        }
    }

    /// Whether it has moved since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Appends how far it has come.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let mut window: Vec<(u32, u32)> = Vec::new();
        for entry in &self.window {
            match window.last_mut() {
                Some((last, count)) if *last == entry.0 => *count += 1,
                _ => window.push((entry.0, 1)),
            }
        }
        let stored = Stored {
            committed: self.committed,
            next: self.next,
            window,
            retries: self.retries.iter().copied().collect(),
            rewind: self.rewind,
            halted: self.halted.as_ref().map(|halt| (halt.at, halt.error.clone())),
        };
        value::encode(&stored, out)
    }

    /// A source that had come so far. Its records that were in flight are in flight again, as soon as their trees stand.
    pub(crate) fn restored(kind: usize, task: u32, end: u64, bytes: &[u8]) -> Result<Self, StoreError> {
        let stored: Stored = value::decode(&mut { bytes })?;
        let mut source = Source::new(kind, task, stored.committed);
        (source.next, source.end) = (stored.next, end);
        for (entry, count) in stored.window {
            let entries = std::iter::repeat_n(Entry(entry), count as usize);
            source.window.extend(entries);
        }
        if source.next > end || source.committed + source.window.len() as u64 > end {
            return Err(StoreError::Damaged {
                reason: "a source has come further than its depot".to_owned(),
            });
        }
        source.retries = stored.retries.into();
        source.rewind = stored.rewind;
        source.halted = stored.halted.map(|(at, error)| Halt { at, error });
        source.changed = false;
        Ok(source)
    }

    /// Whether the depot's slots need not be told of that record (any more).
    pub(crate) fn has_told(&self, offset: u64) -> bool {
        let Some(place) = offset.checked_sub(self.committed) else {
            return true;
        };
        match usize::try_from(place).ok().and_then(|place| self.window.get(place)) {
            Some(entry) => entry.is(Entry::TOLD),
            // Where it has stopped, it has said so of everything that it knew.
            None => self.halted.is_some(),
        }
    }

    /// Its records of that flight do not go on: they begin again. `in_order`: and all behind them.
    pub(crate) fn restart(&mut self, first: u64, count: u32, in_order: bool) {
        self.changed = true;
        for offset in first..first + u64::from(count) {
            let again = self.entry(offset).is_some_and(|entry| {
                entry.unset(Entry::RUNNING);
                !entry.is(Entry::DONE)
            });
            if again && self.halted.is_none() {
                if in_order {
                    self.retry_all_after(offset);
                } else {
                    self.retry(offset);
                }
            }
        }
    }

    /// Whether a record may be started now.
    pub(crate) fn may_start(&self, max_unfinished: u32) -> bool {
        self.halted.is_none()
            && self.rewind.is_none()
            && self.in_flight < max_unfinished
            && (self.next < self.end || !self.retries.is_empty())
    }

    /// Takes the next records to start, at most `limit` of them: a flight. Returns the first one's offset, and their number.
    /// A record that is started again flies alone.
    pub(crate) fn start(&mut self, limit: u32) -> Option<(u64, u32)> {
        if let Some(offset) = self.retries.pop_front() {
            self.changed = true;
            self.run(offset);
            self.in_flight += 1;
            return Some((offset, 1));
        }
        let (first, known) = (self.next, self.committed + self.window.len() as u64);
        let count = u32::try_from(self.end - first).unwrap_or(u32::MAX).min(limit);
        if count == 0 {
            return None;
        }
        self.changed = true;
        self.next += u64::from(count);
        self.in_flight += count;
        // Behind a rewind, the entries exist already.
        (first..self.next.min(known)).for_each(|offset| self.run(offset));
        let new = usize::try_from(self.next.saturating_sub(known.max(first))).unwrap_or(usize::MAX);
        self.window.resize(self.window.len() + new, Entry::PLAIN);
        Some((first, count))
    }

    fn run(&mut self, offset: u64) {
        if let Some(entry) = self.entry(offset) {
            entry.set(Entry::RUNNING);
        }
    }

    fn entry(&mut self, offset: u64) -> Option<&mut Entry> {
        self.window
            .get_mut(usize::try_from(offset.checked_sub(self.committed)?).ok()?)
    }

    /// The record is finished. Returns whether the depot's slots have to be told.
    pub(crate) fn finish(&mut self, offset: u64) -> bool {
        self.changed = true;
        let Some(entry) = self.entry(offset) else { return false };
        entry.set(Entry::DONE);
        entry.unset(Entry::RUNNING);
        let tell = !entry.set(Entry::TOLD);
        self.forget_done();
        tell
    }

    fn forget_done(&mut self) {
        // Behind a rewind everything is run again, so progress stops there.
        while self.committed < self.rewind.unwrap_or(u64::MAX)
            && self.window.front().is_some_and(|entry| entry.is(Entry::DONE))
        {
            self.window.pop_front();
            self.committed += 1;
        }
    }

    /// The records are finished. Where that says all there is to say of them, they are forgotten at once, and the depot's
    /// slots have to be told of all of them: then it returns true, otherwise nothing is done yet.
    pub(crate) fn finish_first(&mut self, first: u64, count: u32) -> bool {
        let plain = first == self.committed && self.rewind.is_none() && self.are_plain(count as usize);
        if plain {
            self.changed = true;
            self.window.drain(..count as usize);
            self.committed += u64::from(count);
            self.forget_done();
        }
        plain
    }

    /// Whether the first records are plain ones.
    fn are_plain(&self, count: usize) -> bool {
        if self.window.len() < count {
            return false;
        }
        let (front, back) = self.window.as_slices();
        let front = &front[..count.min(front.len())];
        let back = &back[..count - front.len()];
        // Without an early end, it is done many at a time.
        let others = |slice: &[Entry]| {
            slice
                .iter()
                .fold(0, |others, entry| others | (entry.0 ^ Entry::PLAIN.0))
        };
        others(front) | others(back) == 0
    }

    /// One more attempt at the record failed. Returns how many that makes.
    pub(crate) fn failed(&mut self, offset: u64) -> u32 {
        self.changed = true;
        self.entry(offset).map_or(1, |entry| {
            entry.unset(Entry::RUNNING);
            entry.fail()
        })
    }

    /// The record failed for good. Returns whether that is news.
    pub(crate) fn give_up(&mut self, offset: u64) -> bool {
        self.changed = true;
        self.entry(offset).is_none_or(|entry| !entry.set(Entry::GIVEN_UP))
    }

    /// The record will not be run again here, but is not finished either. Returns whether the depot's slots have to be
    /// told.
    pub(crate) fn leave(&mut self, offset: u64) -> bool {
        self.changed = true;
        self.entry(offset).is_some_and(|entry| !entry.set(Entry::TOLD))
    }

    /// Starts that record again, by itself.
    pub(crate) fn retry(&mut self, offset: u64) {
        self.changed = true;
        self.retries.push_back(offset);
    }

    /// Starts that record and all later ones again, when nothing is in flight.
    pub(crate) fn retry_all_after(&mut self, offset: u64) {
        self.changed = true;
        self.rewind = Some(self.rewind.map_or(offset, |known| known.min(offset)));
    }

    /// Goes back, if it has to and nothing is in flight. Returns how many finished records are unfinished again.
    pub(crate) fn rewind(&mut self) -> u64 {
        let Some(offset) = self.rewind.take_if(|_| self.in_flight == 0) else {
            return 0;
        };
        self.changed = true;
        self.next = offset;
        let from = usize::try_from(offset.saturating_sub(self.committed)).unwrap_or(usize::MAX);
        let mut again = 0;
        for entry in self.window.iter_mut().skip(from) {
            again += u64::from(entry.unset(Entry::DONE));
        }
        again
    }

    /// Stops here: what is in flight still finishes, nothing more is started. Returns the records known that are left
    /// behind and of which the depot's slots have to be told.
    pub(crate) fn halt(&mut self, halt: Halt) -> Vec<u64> {
        self.changed = true;
        self.halted = Some(halt);
        self.retries.clear();
        self.rewind = None;
        let mut left = Vec::new();
        for (offset, entry) in (self.committed..).zip(&mut self.window) {
            if !entry.is(Entry::RUNNING | Entry::DONE) && !entry.set(Entry::TOLD) {
                left.push(offset);
            }
        }
        left.extend(self.committed + self.window.len() as u64..self.end);
        left
    }

    /// Everything below is finished here.
    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    /// Records known that are not finished.
    pub(crate) fn unfinished(&self) -> u64 {
        let done = self.window.iter().filter(|entry| entry.is(Entry::DONE)).count() as u64;
        self.end - self.committed - done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_position_are_what_they_were() {
        let mut source = Source::starting_at(0, 0, 300, 400);
        source.start(5);
        source.finish(301);
        source.failed(302);
        source.retry(302);
        source.retry_all_after(303);
        let mut bytes = Vec::new();
        source.encode(&mut bytes).unwrap();
        let expected = vec![
            0xac, 2, // all below 300 are finished
            0xb1, 2, // the next one is 305
            4, // runs of entries: flags, and how many are alike
            2, 1, // running
            5, 1, // done, and its slots know
            16, 1, // failed once
            2, 2, // running, two of them
            1, 0xae, 2, // to be tried again: 302
            1, 0xaf, 2, // goes back to 303
            0, // has not halted
        ];
        assert_eq!(bytes, expected);
        let restored = Source::restored(0, 0, 400, &bytes).unwrap();
        let mut again = Vec::new();
        restored.encode(&mut again).unwrap();
        assert_eq!(again, expected);
        source.halt(Halt {
            at: 304,
            error: "no".to_owned(),
        });
        bytes.clear();
        source.encode(&mut bytes).unwrap();
        // Nothing is tried again; the halt, and why.
        assert_eq!(bytes[bytes.len() - 8..], [0, 0, 1, 0xb0, 2, 2, b'n', b'o']);
    }
}
