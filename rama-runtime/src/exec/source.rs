//! How far one source has come in one partition.

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
}

impl Source {
    /// A source that begins at `start`.
    pub(crate) fn new(kind: usize, task: u32, start: u64) -> Self {
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
            self.run(offset);
            self.in_flight += 1;
            return Some((offset, 1));
        }
        let (first, known) = (self.next, self.committed + self.window.len() as u64);
        let count = u32::try_from(self.end - first).unwrap_or(u32::MAX).min(limit);
        if count == 0 {
            return None;
        }
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
        self.entry(offset).map_or(1, |entry| {
            entry.unset(Entry::RUNNING);
            entry.fail()
        })
    }

    /// The record failed for good. Returns whether that is news.
    pub(crate) fn give_up(&mut self, offset: u64) -> bool {
        self.entry(offset).is_none_or(|entry| !entry.set(Entry::GIVEN_UP))
    }

    /// The record will not be run again here, but is not finished either. Returns whether the depot's slots have to be
    /// told.
    pub(crate) fn leave(&mut self, offset: u64) -> bool {
        self.entry(offset).is_some_and(|entry| !entry.set(Entry::TOLD))
    }

    /// Starts that record again, by itself.
    pub(crate) fn retry(&mut self, offset: u64) {
        self.retries.push_back(offset);
    }

    /// Starts that record and all later ones again, when nothing is in flight.
    pub(crate) fn retry_all_after(&mut self, offset: u64) {
        self.rewind = Some(self.rewind.map_or(offset, |known| known.min(offset)));
    }

    /// Goes back, if it has to and nothing is in flight. Returns how many finished records are unfinished again.
    pub(crate) fn rewind(&mut self) -> u64 {
        let Some(offset) = self.rewind.take_if(|_| self.in_flight == 0) else {
            return 0;
        };
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
