//! When the records of a partition were appended.

use std::collections::VecDeque;

/// The times of the records that this process has appended, in order.
#[derive(Debug)]
pub(super) struct Times {
    /// Records below came before this process: the store knows when.
    since: u64,
    /// Of one period at most one. Periods are so many milliseconds long: the fewer the marks, the shorter.
    marks: VecDeque<Mark>,
    period: u64,
    /// The time of the last record of all.
    last: u64,
}

/// Records behind the mark before this one came at that time or somewhat before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// The offset behind the last of them.
    end: u64,
    /// Milliseconds since 1970.
    millis: u64,
}

/// There are no more marks than so many. So times are exact to about a 512th of the time between the first and the last record that
/// is kept and not in the store, or to a millisecond.
const MOST: usize = 1024;

/// If the clock goes back by more than this, it was wrong before, and not just set.
const WRONG: u64 = 3_600_000;

impl Default for Times {
    fn default() -> Self {
        Times::starting_at(0, 0)
    }
}

impl Times {
    /// What comes now has the offset `end`; what was there came at `last` or before.
    pub(super) fn starting_at(end: u64, last: u64) -> Self {
        Times {
            since: end,
            marks: VecDeque::new(),
            period: 1,
            last,
        }
    }

    /// Records below that offset were there before.
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    /// The time of the last record.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// All records below `end` are there now.
    pub(super) fn note(&mut self, end: u64, now: u64) {
        if self.last > now.saturating_add(WRONG) {
            self.set_right(now);
        }
        // A clock may be set back a little, but the order of times is that of offsets.
        self.last = self.last.max(now);
        let millis = self.last;
        match self.marks.back_mut() {
            Some(mark) if mark.end >= end => {}
            Some(mark) if mark.millis / self.period == millis / self.period => *mark = Mark { end, millis },
            _ => self.marks.push_back(Mark { end, millis }),
        }
        while self.marks.len() > MOST {
            self.thin();
        }
    }

    /// The clock was wrong, by more than an hour: what is there came now, or before.
    #[cold]
    fn set_right(&mut self, now: u64) {
        tracing::warn!(
            before = self.last,
            now,
            "the clock has gone back by more than an hour: times of records may be wrong"
        );
        self.last = now;
        for mark in &mut self.marks {
            mark.millis = mark.millis.min(now);
        }
    }

    /// Periods become twice as long. Of the marks of one, the last stays: `keep` must not take a record too early.
    fn thin(&mut self) {
        self.period = self.period.saturating_mul(2);
        let marks = std::mem::take(&mut self.marks);
        for mark in marks {
            match self.marks.back_mut() {
                Some(last) if last.millis / self.period == mark.millis / self.period => *last = mark,
                _ => self.marks.push_back(mark),
            }
        }
    }

    /// The first record that came at that time or later, of those that came in this process; the end if there is none.
    pub(super) fn first_at(&self, millis: u64) -> u64 {
        let earlier = self.marks.partition_point(|mark| mark.millis < millis);
        match earlier.checked_sub(1).and_then(|last| self.marks.get(last)) {
            Some(mark) => mark.end,
            None => self.since,
        }
    }

    /// Nobody asks for records below `first` any more.
    pub(super) fn forget_below(&mut self, first: u64) {
        while let Some(mark) = self.marks.front().filter(|mark| mark.end <= first) {
            self.since = self.since.max(mark.end);
            self.marks.pop_front();
        }
        // One step at a time: those of the marks that are there stay as long as they are.
        if self.period > 1 && self.marks.len() < MOST / 4 {
            self.period /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clock_that_is_set_back_does_not_change_the_order_of_times() {
        let mut times = Times::default();
        times.note(2, 1_000);
        times.note(4, 400);
        times.note(6, 1_001);
        assert_eq!(times.first_at(401), 0);
        assert_eq!(times.first_at(1_000), 0);
        assert_eq!(times.first_at(1_001), 4);
        assert_eq!(times.first_at(1_002), 6);
        assert_eq!(times.last(), 1_001);
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_make_everything_behind_it_late() {
        let mut times = Times::starting_at(0, 0);
        times.note(1, 1_000);
        times.note(2, 4_000_000_000);
        times.note(3, 2_000);
        times.note(4, 3_000);
        assert_eq!(times.first_at(1_001), 1);
        // It came before the clock was set right.
        assert_eq!(times.first_at(2_001), 3);
        assert_eq!(times.first_at(3_001), 4);
        // The same, if a process before had that clock.
        let mut times = Times::starting_at(2, 4_000_000_000);
        times.note(3, 2_000);
        assert_eq!((times.last(), times.first_at(2_001)), (2_000, 3));
    }

    #[test]
    fn what_came_before_this_process_is_not_answered_for() {
        let mut times = Times::starting_at(10, 500);
        assert_eq!(times.first_at(0), 10);
        assert_eq!(times.first_at(501), 10);
        times.note(12, 300);
        assert_eq!(times.first_at(500), 10);
        assert_eq!(times.first_at(501), 12);
    }

    proptest! {
        /// Against all times, one a record.
        #[test]
        fn the_first_record_of_a_time_is_found(
            appends in prop::collection::vec((1..4u64, 0..3u64), 0..200),
            forget in 0..300u64,
            asked in 0..400u64,
        ) {
            let (mut times, mut all, mut now) = (Times::default(), Vec::new(), 0);
            for (count, later) in appends {
                now += later;
                all.extend((0..count).map(|_| now));
                times.note(all.len() as u64, now);
            }
            let end = all.len() as u64;
            let expected = all.iter().position(|time| *time >= asked).map_or(end, |place| place as u64);
            prop_assert_eq!(times.first_at(asked), expected);
            let forget = forget.min(end);
            times.forget_below(forget);
            prop_assert_eq!(times.first_at(asked).max(forget), expected.max(forget));
        }

        /// However many there are: no record seems older than it is, nor much younger, and the marks stay few.
        #[test]
        fn marks_stay_few_and_make_no_record_older(step in 1..3u64, asked in 0..110_000u64, kept in 100..100_000u64) {
            let mut times = Times::default();
            for n in 1..=50_000u64 {
                times.note(n, n * step);
                times.forget_below(n.saturating_sub(kept));
            }
            prop_assert!(times.marks.len() <= MOST);
            // Record n - 1 came at n * step.
            let exact = asked.div_ceil(step).saturating_sub(1).min(50_000).max(50_000u64.saturating_sub(kept));
            let found = times.first_at(asked).max(50_000u64.saturating_sub(kept));
            prop_assert!(found <= exact);
            prop_assert!((exact - found) * step <= 1 + 4 * 100_000 / MOST as u64, "{} {}", exact, found);
        }
    }
}
