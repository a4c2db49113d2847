//! What a crash, or bad luck, has left of a log.
//!
//! Whatever was not synced may be missing, in any choice: so the log ends before the first commit that is not whole, and the rest of
//! the last segment is cut off. That is right only if none of it was durable. Two things prove that it was: a later segment,
//! as one is begun only when the one before it has been synced, and a record behind, as it says up to which commit the log
//! was durable when it was written. Then it is damage, and nothing is cut.

use super::LogError;
use super::chain::Chain;
use super::record::Invalid;
use super::segment::{Segment, first_of};
use crate::env::Files;
use std::collections::VecDeque;
use std::path::Path;

/// So much of a segment is looked at, or written again, at once.
const AT_ONCE: usize = 256 << 10;

/// What was found when a log was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recovered {
    /// The first commit that the log still has, or if it has none, the number that the next one gets.
    pub(crate) first: u64,
    /// The last commit.
    pub(crate) last: u64,
    /// How many bytes of commits that were not whole were cut off.
    pub(crate) cut: u64,
    /// The epoch that this opening writes in.
    pub(crate) epoch: u64,
}

/// A segment, as far as it is used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The commit that it begins with.
    pub(super) first: u64,
    /// Where its last whole commit ends.
    pub(super) len: u64,
}

/// A log that is all right but for its end.
pub(super) struct Found {
    /// At least one.
    pub(super) segments: VecDeque<Extent>,
    /// The last one.
    pub(super) last: Segment,
    /// Behind the last whole commit.
    pub(super) chain: Chain,
    /// Where in the last segment the commits begin that may not be durable.
    doubtful: u64,
    /// Where in it the last whole commit ends.
    pub(super) end: u64,
}

/// Checks all segments. Changes nothing. Nothing is found in a directory without any.
pub(super) fn recover(files: &dyn Files, dir: &Path, log: u64, applied: u64) -> Result<Option<Found>, LogError> {
    let mut firsts = Vec::new();
    for name in files.list(dir).map_err(|error| LogError::io(dir, &error))? {
        firsts.extend(first_of(dir, &name)?);
    }
    let (Some(&first), Some(&last)) = (firsts.first(), firsts.last()) else {
        return Ok(None);
    };
    let expected = applied.saturating_add(1);
    if first > expected {
        return Err(LogError::Gap { expected, found: first });
    }
    let mut chain = Chain::before(log, first);
    let mut segments = VecDeque::new();
    for &first in &firsts[..firsts.len() - 1] {
        let mut segment = enter(files, dir, first, &mut chain)?;
        let walked = walk(&mut segment, &mut chain)?;
        if walked.end < segment.len {
            return Err(walked.damage(&segment));
        }
        let len = segment.len;
        segments.push_back(Extent { first, len });
    }
    let mut segment = enter(files, dir, last, &mut chain)?;
    let walked = walk(&mut segment, &mut chain)?;
    let lost = chain.commit;
    if segment.holds(walked.stopped, |header| header.log == log && header.durable >= lost)? {
        return Err(walked.damage(&segment));
    }
    if chain.last() < applied {
        let last = chain.last();
        return Err(LogError::Short { last, applied });
    }
    segments.push_back(Extent {
        first: last,
        len: walked.end,
    });
    Ok(Some(Found {
        segments,
        last: segment,
        chain,
        doubtful: walked.doubtful,
        end: walked.end,
    }))
}

/// Opens the segment, if it is the next one.
fn enter(files: &dyn Files, dir: &Path, first: u64, chain: &mut Chain) -> Result<Segment, LogError> {
    let expected = chain.commit;
    if first > expected {
        return Err(LogError::Gap { expected, found: first });
    }
    let segment = Segment::open(files, dir, first)?;
    if first < expected {
        let reason = "the segment begins with a commit that an earlier one has";
        return Err(LogError::corrupt(&segment.path, 0, reason));
    }
    chain.durable = chain.durable.max(chain.last());
    Ok(segment)
}

/// How far the records of a segment follow each other.
struct Walked {
    /// Where the last whole commit ends.
    end: u64,
    /// Where the bytes begin that are no record; the end of the file if there are none.
    stopped: u64,
    why: Option<Invalid>,
    /// Where the commits begin of which no record says that they are durable.
    doubtful: u64,
}

impl Walked {
    fn damage(&self, segment: &Segment) -> LogError {
        let reason = self
            .why
            .map_or("a commit without its last part, followed by others", Invalid::reason);
        LogError::corrupt(&segment.path, self.stopped, reason)
    }
}

/// Follows the records to the last whole commit, where `chain` is left.
fn walk(segment: &mut Segment, chain: &mut Chain) -> Result<Walked, LogError> {
    let (mut end, mut whole) = (0, *chain);
    let (mut stopped, mut why) = (0, None);
    let mut undurable: VecDeque<(u64, u64)> = VecDeque::new();
    while stopped < segment.len {
        let (followed, len) = match segment.record(stopped)? {
            Ok(record) => {
                if chain.at_boundary() {
                    undurable.push_back((chain.commit, stopped));
                }
                (chain.follow(&record.header, record.hash), record.len())
            }
            Err(Invalid::Version(version)) => {
                let (file, offset) = (segment.path.display().to_string(), stopped);
                return Err(LogError::Version { file, offset, version });
            }
            Err(invalid) => {
                why = Some(invalid);
                break;
            }
        };
        // A crash leaves records out; it does not write ones that are well formed and wrong.
        let complete = followed.map_err(|reason| LogError::corrupt(&segment.path, stopped, reason))?;
        while undurable.front().is_some_and(|(commit, _)| *commit <= chain.durable) {
            undurable.pop_front();
        }
        stopped += len;
        if complete {
            (end, whole) = (stopped, *chain);
        }
    }
    *chain = whole;
    let doubtful = undurable.front().map_or(end, |(_, offset)| *offset).min(end);
    Ok(Walked {
        end,
        stopped,
        why,
        doubtful,
    })
}

impl Found {
    /// How many bytes there are of commits that are not whole: what is behind them is zeros, room for others.
    pub(super) fn torn(&mut self) -> Result<u64, LogError> {
        let (mut at, mut torn) = (self.end, 0);
        while at < self.last.len {
            let bytes = self.last.bytes(at, AT_ONCE)?;
            if bytes.is_empty() {
                break;
            }
            if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
                torn = at + last as u64 + 1 - self.end;
            }
            at += bytes.len() as u64;
        }
        Ok(torn)
    }

    /// Cuts off what is not whole, and makes durable what is. Whoever opened the log may show it to others.
    ///
    /// What may not be durable is written again, as a sync alone might do nothing: where a sync failed in the process before this one,
    /// the kernel takes what it still has in memory for written.
    pub(super) fn repair(&mut self, files: &dyn Files, dir: &Path) -> Result<(), LogError> {
        let path = self.last.path.clone();
        let failed = |error| LogError::io(&path, &error);
        let mut at = self.doubtful;
        while at < self.end {
            let count = usize::try_from((self.end - at).min(AT_ONCE as u64)).unwrap_or(0);
            let bytes = self.last.bytes(at, count)?.to_vec();
            if bytes.is_empty() {
                return Err(LogError::corrupt(&path, at, "the file shrinks while it is read"));
            }
            self.last.file.write_at(at, &bytes).map_err(failed)?;
            at += bytes.len() as u64;
        }
        if self.last.len > self.end {
            self.last.file.set_len(self.end).map_err(failed)?;
        }
        self.last.file.sync_data().map_err(failed)?;
        files.sync_dir(dir).map_err(|error| LogError::io(dir, &error))
    }
}
