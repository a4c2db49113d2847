//! The records of a partition that are stored.
//!
//! Records that came in one epoch are stored together, as a *chunk*, by the first one's offset:
//!
//! ```text
//!   count     u64, little endian
//!   millis    when the last of them came, since 1970: u64, little endian
//!   records   one after the other
//! ```
//!
//! A record leaves memory when the store has
//! it and every topology has processed it, and is read back, with its chunk, when somebody asks for it.

use super::codec::Codec;
use super::consumers::Consumers;
use super::log::Log;
use crate::group::{Changes, Cold, StoreError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

/// What is stored of a partition.
pub(super) struct Stored<R> {
    codec: Codec<R>,
    cold: Cold,
    /// Where it begins, and ends.
    pub(super) first: u64,
    pub(super) end: u64,
    /// Records below are in the store, not just in the log.
    pub(super) archived: u64,
    /// Chunks that the store may not have: first offset, end, and the cut with which they were stored.
    recent: VecDeque<(u64, u64, u32)>,
    /// Chunks that begin below are removed, though the store may not know yet.
    removed: u64,
    /// There may be more to remove.
    pub(super) backlog: bool,
    /// Chunks that were read lately.
    read: RefCell<VecDeque<Chunk<R>>>,
    /// The one that `keep` looked at last.
    oldest: Option<ChunkInfo>,
}

/// A chunk, without its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkInfo {
    first: u64,
    /// Behind its last record.
    pub(super) end: u64,
    /// When its last record came: milliseconds since 1970.
    pub(super) millis: u64,
    /// How long it is.
    pub(super) bytes: usize,
}

/// Neighbouring records.
struct Chunk<R> {
    first: u64,
    records: Vec<R>,
}

/// So many chunks that were read are kept: as many sources may be behind.
const READ: usize = 4;

/// So many chunks that are gone are removed from the store at a time.
const GONE: usize = 64;

impl<R> fmt::Debug for Stored<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("first", &self.first)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

fn damaged(reason: &str) -> StoreError {
    StoreError::Damaged {
        reason: reason.to_owned(),
    }
}

fn missing() -> StoreError {
    damaged("a record of a depot is missing")
}

const NO_HEAD: &str = "records do not say how many they are, and when they came";

/// What a partition says of itself.
///
/// ```text
///   first, end   offsets: u64, little endian
///   millis       when the last record came: u64, little endian
///   consumers    their positions by name
/// ```
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) millis: u64,
    pub(super) consumers: Consumers,
}

/// The number at the front.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

impl Header {
    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let mut number = || number(&mut bytes);
        match (number(), number(), number()) {
            (Some(first), Some(end), Some(millis)) if first <= end => Ok(Header {
                first,
                end,
                millis,
                consumers: Consumers::decode(bytes)?,
            }),
            _ => Err(damaged("a depot partition does not say where it begins and ends")),
        }
    }
}

impl<R> Stored<R> {
    pub(super) fn new(codec: Codec<R>, cold: Cold, first: u64, end: u64) -> Self {
        Stored {
            codec,
            cold,
            first,
            end,
            archived: end,
            recent: VecDeque::new(),
            removed: 0,
            // An earlier process may have left some.
            backlog: first > 0,
            read: RefCell::default(),
            oldest: None,
        }
    }

    /// Writes what has come, and what the partition says of itself now. `millis`: when the last record came.
    pub(super) fn store(
        &mut self,
        log: &Log<R>,
        (first, end): (u64, u64),
        millis: u64,
        consumers: &Consumers,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let cut = changes.cut();
        let from = self.end.max(first);
        if from < end {
            let mark = changes.step(&from)?;
            changes.put(|out| {
                out.extend_from_slice(&(end - from).to_le_bytes());
                out.extend_from_slice(&millis.to_le_bytes());
                (from..end)
                    .filter_map(|offset| log.get(offset))
                    .try_for_each(|record| (self.codec.encode)(record, out))
            })?;
            changes.back(mark);
            self.recent.push_back((from, end, cut.cut));
        }
        if self.first < first || self.backlog {
            self.remove_below(first, changes)?;
        }
        while let Some(&(_, end, _)) = self.recent.front().filter(|(_, _, stored)| cut.has(*stored)) {
            self.archived = end;
            self.recent.pop_front();
        }
        (self.first, self.end) = (first, end);
        changes.put(|out| {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&end.to_le_bytes());
            out.extend_from_slice(&millis.to_le_bytes());
            consumers.encode(out)
        })
    }

    /// The chunk of that record, which is in the store.
    pub(super) fn info(&self, offset: u64) -> Result<ChunkInfo, StoreError> {
        let found = self.cold.at_or_before::<u64>(&offset)?;
        let (first, value) = found.ok_or_else(missing)?;
        let mut bytes = &value[..];
        let (Some(count), Some(millis)) = (number(&mut bytes), number(&mut bytes)) else {
            return Err(damaged(NO_HEAD));
        };
        let end = first.saturating_add(count);
        if end <= offset {
            return Err(missing());
        }
        Ok(ChunkInfo {
            first,
            end,
            millis,
            bytes: value.len(),
        })
    }

    /// The same, of the record that `keep` will take next.
    pub(super) fn oldest(&mut self, offset: u64) -> Result<ChunkInfo, StoreError> {
        match self.oldest {
            Some(chunk) if (chunk.first..chunk.end).contains(&offset) => Ok(chunk),
            _ => {
                let chunk = self.info(offset)?;
                Ok(*self.oldest.insert(chunk))
            }
        }
    }

    /// The first of those records, all of them in the store, that came at that time or later; or their end.
    pub(super) fn first_at(&self, millis: u64, records: Range<u64>) -> Result<u64, StoreError> {
        self.first_where(records, |chunk| chunk.millis >= millis)
    }

    /// The first of those records that came at that time or before, where those in front of it came later.
    pub(super) fn first_below(&self, millis: u64, records: Range<u64>) -> Result<u64, StoreError> {
        self.first_where(records, |chunk| chunk.millis <= millis)
    }

    /// The first of those records, all of them in the store, whose chunk is such; or their end. All behind one that is such are, too.
    /// Costs a chunk for each time that their number can be halved.
    fn first_where(&self, records: Range<u64>, is_such: impl Fn(ChunkInfo) -> bool) -> Result<u64, StoreError> {
        let Range { mut start, mut end } = records;
        while start < end {
            let chunk = self.info(start + (end - start) / 2)?;
            if !is_such(chunk) {
                start = chunk.end.min(end);
            } else {
                end = chunk.first.max(start);
            }
        }
        Ok(start)
    }

    /// Removes some chunks all of whose records are below `first`: what was stored together goes together.
    fn remove_below(&mut self, first: u64, changes: &mut Changes) -> Result<(), StoreError> {
        let mut remove = |chunk: u64| {
            let mark = changes.step(&chunk)?;
            changes.remove();
            changes.back(mark);
            Ok::<(), StoreError>(())
        };
        // A chunk ends where the next one begins. (One that the store gets later is removed later.)
        let chunks: Vec<u64> = self.cold.keys_between(&self.removed, &first, GONE)?;
        for pair in chunks.windows(2) {
            remove(pair[0])?;
        }
        self.removed = chunks.last().copied().unwrap_or(self.removed);
        self.backlog = chunks.len() > 1;
        for (chunk, end, _) in &self.recent {
            // Others went when they were behind `first` for the first time.
            if (self.first + 1..=first).contains(end) {
                remove(*chunk)?;
            }
        }
        Ok(())
    }
}

impl<R: Clone> Stored<R> {
    /// The record at `offset`, which is within the bounds.
    pub(super) fn record(&self, offset: u64) -> Result<R, StoreError> {
        let mut read = self.read.borrow_mut();
        let within = |chunk: &Chunk<R>| offset.checked_sub(chunk.first);
        let found = |chunk: &Chunk<R>| chunk.records.get(usize::try_from(within(chunk)?).ok()?).cloned();
        if let Some(record) = read.iter().find_map(found) {
            return Ok(record);
        }
        let (first, bytes) = self.cold.at_or_before(&offset)?.ok_or_else(missing)?;
        let chunk = self.chunk(first, &bytes)?;
        let record = found(&chunk).ok_or_else(missing)?;
        if read.len() >= READ {
            read.pop_front();
        }
        read.push_back(chunk);
        Ok(record)
    }

    fn chunk(&self, first: u64, bytes: &[u8]) -> Result<Chunk<R>, StoreError> {
        let mut input = bytes;
        let (Some(count), Some(_)) = (number(&mut input), number(&mut input)) else {
            return Err(damaged(NO_HEAD));
        };
        let mut records = Vec::new();
        for _ in 0..count {
            records.push((self.codec.decode)(&mut input)?);
        }
        if input.is_empty() {
            Ok(Chunk { first, records })
        } else {
            Err(damaged("bytes stand behind a depot's records"))
        }
    }
}

#[cfg(test)]
mod tests;
