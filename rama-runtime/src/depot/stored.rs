//! The records of a partition that are stored.
//!
//! Records that came in one epoch are stored together, as a *chunk*, by the first one's offset. A record leaves memory when the store has
//! it and every topology has processed it, and is read back, with its chunk, when somebody asks for it.

use super::codec::Codec;
use super::log::Log;
use crate::group::{Changes, Cold, StoreError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

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
    /// Chunks that were read lately.
    read: RefCell<VecDeque<Chunk<R>>>,
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

/// Where a partition begins and ends.
pub(super) fn bounds(header: &[u8]) -> Result<(u64, u64), StoreError> {
    let number = |at: usize| {
        let bytes = header.get(at..at + 8)?.try_into().ok()?;
        Some(u64::from_le_bytes(bytes))
    };
    match (number(0), number(8)) {
        (Some(first), Some(end)) if first <= end => Ok((first, end)),
        _ => Err(damaged("a depot partition does not say where it begins and ends")),
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
            read: RefCell::default(),
        }
    }

    /// Writes what has come, and where the partition begins and ends now.
    pub(super) fn store(
        &mut self,
        log: &Log<R>,
        first: u64,
        end: u64,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let cut = changes.cut();
        let from = self.end.max(first);
        if from < end {
            let mark = changes.step(&from)?;
            changes.put(|out| {
                out.extend_from_slice(&(end - from).to_le_bytes());
                (from..end)
                    .filter_map(|offset| log.get(offset))
                    .try_for_each(|record| (self.codec.encode)(record, out))
            })?;
            changes.back(mark);
            self.recent.push_back((from, end, cut.cut));
        }
        if self.first < first {
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
            Ok(())
        })
    }

    /// Removes chunks all of whose records are below `first`: what was stored together goes together.
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
        for (chunk, end, _) in &self.recent {
            if *end <= first {
                remove(*chunk)?;
            }
        }
        Ok(())
    }
}

impl<R: Clone> Stored<R> {
    /// The record at `offset`, which is within the bounds.
    pub(super) fn record(&self, offset: u64) -> Result<R, StoreError> {
        let missing = || damaged("a record of a depot is missing");
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
        let Some((count, mut input)) = bytes.split_first_chunk::<8>() else {
            return Err(damaged("records do not say how many they are"));
        };
        let mut records = Vec::new();
        for _ in 0..u64::from_le_bytes(*count) {
            records.push((self.codec.decode)(&mut input)?);
        }
        if input.is_empty() {
            Ok(Chunk { first, records })
        } else {
            Err(damaged("bytes stand behind a depot's records"))
        }
    }
}
