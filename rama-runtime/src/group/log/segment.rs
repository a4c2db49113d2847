//! Reads records out of a segment.

use super::LogError;
use super::record::{self, HEADER, Header, Invalid, MAGIC};
use crate::env::{File, Files};
use std::path::{Path, PathBuf};

/// How much is read at once, unless a record is larger.
const WINDOW: usize = 256 << 10;

const SUFFIX: &str = ".log";

/// Where the segment is that begins with that commit. As many digits as the largest number has, so that names sort as numbers do.
pub(super) fn path_of(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}{SUFFIX}"))
}

/// The commit that a segment of that name begins with; nothing if it is another kind of file.
pub(super) fn first_of(dir: &Path, name: &str) -> Result<Option<u64>, LogError> {
    let Some(digits) = name.strip_suffix(SUFFIX) else {
        return Ok(None);
    };
    match digits.parse() {
        Ok(first) if first > 0 && path_of(dir, first) == dir.join(name) => Ok(Some(first)),
        _ => Err(LogError::corrupt(&dir.join(name), 0, "not the name of a segment")),
    }
}

/// A record that is as it was written.
pub(super) struct Record<'a> {
    pub(super) header: Header,
    pub(super) hash: u64,
    pub(super) payload: &'a [u8],
}

impl Record<'_> {
    /// How long it is in the file.
    pub(super) fn len(&self) -> u64 {
        (HEADER + self.payload.len()) as u64
    }
}

/// An open segment.
pub(super) struct Segment {
    pub(super) file: Box<dyn File>,
    pub(super) path: PathBuf,
    pub(super) len: u64,
    /// What was read, from `start` on.
    window: Vec<u8>,
    start: u64,
}

impl Segment {
    pub(super) fn open(files: &dyn Files, dir: &Path, first: u64) -> Result<Self, LogError> {
        let path = path_of(dir, first);
        let opened = files.open(&path).and_then(|file| Ok((file.len()?, file)));
        let (len, file) = opened.map_err(|error| LogError::io(&path, &error))?;
        Ok(Segment {
            file,
            path,
            len,
            window: Vec::new(),
            start: 0,
        })
    }

    /// Bytes from `offset` on: `count` of them, fewer only where the file ends.
    pub(super) fn bytes(&mut self, offset: u64, count: usize) -> Result<&[u8], LogError> {
        let there = self.len.saturating_sub(offset);
        // What does not fit into memory is not there either.
        let count = count.min(usize::try_from(there).unwrap_or(usize::MAX));
        let end = self.start + self.window.len() as u64;
        if offset < self.start || offset + count as u64 > end {
            self.fill(offset, count)?;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        let to = from.saturating_add(count).min(self.window.len());
        Ok(self.window.get(from..to).unwrap_or_default())
    }

    fn fill(&mut self, offset: u64, count: usize) -> Result<(), LogError> {
        let there = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.window.clear();
        self.window.resize(count.max(WINDOW.min(there)), 0);
        self.start = offset;
        let read = self.file.read_at(offset, &mut self.window);
        let read = read.map_err(|error| LogError::io(&self.path, &error))?;
        self.window.truncate(read);
        Ok(())
    }

    /// The record at `offset`, if the bytes there are one.
    pub(super) fn record(&mut self, offset: u64) -> Result<Result<Record<'_>, Invalid>, LogError> {
        let header = match record::decode(self.bytes(offset, HEADER)?) {
            Ok(header) => header,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let length = header.length as usize;
        if offset.saturating_add((HEADER + length) as u64) > self.len {
            return Ok(Err(Invalid::Short));
        }
        let bytes = self.bytes(offset, HEADER + length)?;
        let Some((head, payload)) = bytes.split_at_checked(HEADER) else {
            return Ok(Err(Invalid::Short));
        };
        Ok(record::hash(head, payload).map(|hash| Record { header, hash, payload }))
    }

    /// Whether from `offset` on a record stands anywhere that `proves` something, and is as it was written.
    pub(super) fn holds(&mut self, mut offset: u64, proves: impl Fn(&Header) -> bool) -> Result<bool, LogError> {
        let mut places = Vec::new();
        while offset < self.len {
            let bytes = self.bytes(offset, WINDOW)?;
            let read = bytes.len();
            let starts = bytes.windows(MAGIC.len()).zip(0u64..);
            places.extend(starts.filter_map(|(start, place)| (start == MAGIC).then_some(offset + place)));
            for place in places.drain(..) {
                // Most are sorted out by their header: hashing each would take a time that is the square of the length.
                let header = record::decode(self.bytes(place, HEADER)?);
                if header.is_ok_and(|header| proves(&header)) && self.record(place)?.is_ok() {
                    return Ok(true);
                }
            }
            if read < MAGIC.len() {
                break;
            }
            // A magic may stand across the end of what was looked at.
            offset += (read - (MAGIC.len() - 1)) as u64;
        }
        Ok(false)
    }
}
