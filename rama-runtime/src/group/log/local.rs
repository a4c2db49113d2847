//! A log in a directory of this machine.
//!
//! Its segments are named by their first commits. A new one is begun only when all before it is durable, so only the last one can have
//! anything to lose.

use super::chain::Chain;
use super::record::{self, Header};
use super::recover::{Extent, Recovered, recover};
use super::segment::{Segment, path_of};
use super::{AppendError, EachCommit, LogEngine, LogError};
use crate::env::{File, Files};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// What a log is opened with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogOptions {
    /// Tells this log's records from those of all others.
    pub(crate) id: u64,
    /// A segment that has more bytes than this gets no further commits.
    pub(crate) segment_bytes: u64,
    /// The most bytes of payload in a record; a commit of more is written in parts.
    pub(crate) most_record: u32,
    /// A segment grows by so much at once: a write that does not change a file's length costs less to sync.
    pub(crate) room: u64,
}

impl LogOptions {
    /// The usual ones, for the log of that id.
    pub(crate) fn new(id: u64) -> Self {
        LogOptions {
            id,
            segment_bytes: 64 << 20,
            most_record: 8 << 20,
            room: 4 << 20,
        }
    }
}

/// The buffer is kept from commit to commit, but not more of it than this.
const BUFFER: usize = 1 << 20;

/// See the [module](self).
pub(crate) struct LocalLog {
    files: Arc<dyn Files>,
    dir: PathBuf,
    options: LogOptions,
    epoch: u64,
    /// At least one. The last is the one that is written.
    segments: VecDeque<Extent>,
    file: Box<dyn File>,
    path: PathBuf,
    /// How long that file is: beyond its records it is filled with zeros.
    room: u64,
    tail: u64,
    /// The last commit that is known to be durable.
    durable: u64,
    /// The hash of the last record.
    previous: u64,
    buffer: Vec<u8>,
    /// Why nothing more is taken.
    broken: Option<LogError>,
}

impl LocalLog {
    /// Opens the log of that directory, which nobody else may have open, or begins it. All that it then has is durable.
    ///
    /// `applied` is the last commit that the caller has: those up to it may have been trimmed. Unless the caller says in which epoch it
    /// writes, it is one more than the log's last one.
    pub(crate) fn open(
        files: Arc<dyn Files>,
        dir: PathBuf,
        options: LogOptions,
        applied: u64,
        epoch: Option<u64>,
    ) -> Result<(LocalLog, Recovered), LogError> {
        let created = files.create_dir_all(&dir);
        created.map_err(|error| LogError::io(&dir, &error))?;
        let Some(mut found) = recover(&*files, &dir, options.id, applied)? else {
            return LocalLog::begin(files, dir, options, applied, epoch.unwrap_or(1));
        };
        let seen = found.chain.epoch;
        let epoch = epoch.unwrap_or(seen.saturating_add(1));
        if epoch < seen {
            return Err(LogError::Fenced { given: epoch, seen });
        }
        let (tail, cut) = (found.chain.last(), found.torn()?);
        found.repair(&*files, &dir)?;
        let log = LocalLog {
            files,
            dir,
            options,
            epoch,
            file: found.last.file,
            path: found.last.path,
            room: found.end,
            tail,
            durable: tail,
            previous: found.chain.previous(),
            buffer: Vec::new(),
            broken: None,
            segments: found.segments,
        };
        let recovered = log.recovered(cut);
        Ok((log, recovered))
    }

    /// A log without commits, whose first one is to follow `applied`.
    fn begin(
        files: Arc<dyn Files>,
        dir: PathBuf,
        options: LogOptions,
        applied: u64,
        epoch: u64,
    ) -> Result<(LocalLog, Recovered), LogError> {
        let first = applied.saturating_add(1);
        let path = path_of(&dir, first);
        let file = files.create(&path).map_err(|error| LogError::io(&path, &error))?;
        let synced = files.sync_dir(&dir);
        synced.map_err(|error| LogError::io(&dir, &error))?;
        let log = LocalLog {
            files,
            dir,
            options,
            epoch,
            segments: VecDeque::from([Extent { first, len: 0 }]),
            file,
            path,
            room: 0,
            tail: applied,
            durable: applied,
            previous: 0,
            buffer: Vec::new(),
            broken: None,
        };
        let recovered = log.recovered(0);
        Ok((log, recovered))
    }

    fn recovered(&self, cut: u64) -> Recovered {
        Recovered {
            first: self.first(),
            last: self.tail,
            cut,
            epoch: self.epoch,
        }
    }

    /// The first commit that is still there, or would be.
    fn first(&self) -> u64 {
        self.segments.front().map_or(self.tail + 1, |segment| segment.first)
    }

    fn usable(&self) -> Result<(), LogError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Passes the result on; if it is a failure, the log is not used any more.
    fn judge<T>(&mut self, result: Result<T, LogError>) -> Result<T, LogError> {
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn write(&mut self, payload: &[u8], parts: u32, sync: bool) -> Result<(), LogError> {
        let full = |segment: &Extent| segment.len > self.options.segment_bytes;
        if self.segments.back().is_none_or(full) {
            self.rotate()?;
        }
        let commit = self.tail.saturating_add(1);
        let mut chunks = payload.chunks(self.options.most_record.max(1) as usize);
        for part in 0..parts {
            let payload = chunks.next().unwrap_or_default();
            let header = Header {
                log: self.options.id,
                epoch: self.epoch,
                commit,
                durable: self.durable,
                previous: self.previous,
                part,
                parts,
                // No chunk is longer than `most_record`.
                length: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            };
            self.previous = record::encode(&header, payload, &mut self.buffer);
            self.put()?;
        }
        self.tail = commit;
        if self.buffer.capacity() > BUFFER {
            self.buffer.clear();
            self.buffer.shrink_to(BUFFER);
        }
        if sync { self.make_durable() } else { Ok(()) }
    }

    /// Writes the buffer behind the last record.
    fn put(&mut self) -> Result<(), LogError> {
        if let Some(segment) = self.segments.back_mut() {
            let end = segment.len + self.buffer.len() as u64;
            if end > self.room {
                // Where there is no room for that, there may be for the record.
                let room = end + self.options.room;
                let grown = room > end && self.file.set_len(room).is_ok();
                self.room = if grown { room } else { end };
            }
            let written = self.file.write_at(segment.len, &self.buffer);
            written.map_err(|error| LogError::io(&self.path, &error))?;
            segment.len = end;
        }
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), LogError> {
        if self.durable < self.tail {
            let synced = self.file.sync_data();
            synced.map_err(|error| LogError::io(&self.path, &error))?;
            self.durable = self.tail;
        }
        Ok(())
    }

    /// Begins a new segment.
    fn rotate(&mut self) -> Result<(), LogError> {
        self.make_durable()?;
        if let Some(segment) = self.segments.back() {
            // A segment that is not the last one ends with its last record, durably.
            let cut = self.file.set_len(segment.len).and_then(|()| self.file.sync_data());
            cut.map_err(|error| LogError::io(&self.path, &error))?;
        }
        let first = self.tail.saturating_add(1);
        let path = path_of(&self.dir, first);
        let file = self.files.create(&path);
        self.file = file.map_err(|error| LogError::io(&path, &error))?;
        (self.path, self.room) = (path, 0);
        let synced = self.files.sync_dir(&self.dir);
        synced.map_err(|error| LogError::io(&self.dir, &error))?;
        self.segments.push_back(Extent { first, len: 0 });
        Ok(())
    }

    /// Hands on the commits of one segment behind `after`.
    fn read_segment(
        &self,
        extent: Extent,
        chain: &mut Chain,
        after: u64,
        each: &mut EachCommit<'_>,
    ) -> Result<(), LogError> {
        let mut segment = Segment::open(&*self.files, &self.dir, extent.first)?;
        let path = segment.path.clone();
        let mut whole = Vec::new();
        let mut offset = 0;
        while offset < extent.len {
            let damaged = |reason| LogError::corrupt(&path, offset, reason);
            let record = segment.record(offset)?.map_err(|invalid| damaged(invalid.reason()))?;
            let commit = chain.commit;
            let complete = chain.follow(&record.header, record.hash).map_err(damaged)?;
            let wanted = commit > after;
            if wanted && record.header.parts == 1 {
                each(commit, record.payload)?;
            } else if wanted {
                whole.extend_from_slice(record.payload);
                if complete {
                    each(commit, &whole)?;
                    whole.clear();
                }
            }
            offset += record.len();
        }
        if chain.at_boundary() {
            return Ok(());
        }
        Err(LogError::corrupt(&path, offset, "a commit without its last part"))
    }
}

#[cfg(test)]
impl LocalLog {
    /// How many bytes it takes on the disk.
    pub(super) fn size(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len).sum()
    }
}

impl LogEngine for LocalLog {
    fn append(&mut self, expected: u64, payload: &[u8], sync: bool) -> Result<u64, AppendError> {
        self.usable()?;
        if expected != self.tail {
            return Err(AppendError::Conflict { tail: self.tail });
        }
        let parts = payload.len().div_ceil(self.options.most_record.max(1) as usize).max(1);
        let parts = u32::try_from(parts).map_err(|_| LogError::TooLarge {
            bytes: payload.len() as u64,
        })?;
        let written = self.write(payload, parts, sync);
        self.judge(written)?;
        Ok(self.tail)
    }

    fn sync(&mut self) -> Result<(), AppendError> {
        self.usable()?;
        let synced = self.make_durable();
        Ok(self.judge(synced)?)
    }

    fn tail(&self) -> u64 {
        self.tail
    }

    fn read(&self, after: u64, each: &mut EachCommit<'_>) -> Result<(), LogError> {
        self.usable()?;
        if after >= self.tail {
            return Ok(());
        }
        let (expected, found) = (after + 1, self.first());
        if expected < found {
            return Err(LogError::Gap { expected, found });
        }
        let behind = self.segments.partition_point(|segment| segment.first <= expected);
        let mut segments = self.segments.range(behind.saturating_sub(1)..).copied().peekable();
        let first = segments.peek().map_or(expected, |segment| segment.first);
        let mut chain = Chain::before(self.options.id, first);
        for segment in segments {
            let (expected, found) = (chain.commit, segment.first);
            if expected != found {
                return Err(LogError::Gap { expected, found });
            }
            self.read_segment(segment, &mut chain, after, each)?;
        }
        Ok(())
    }

    fn trim(&mut self, up_to: u64) -> Result<(), LogError> {
        self.usable()?;
        while self.segments.get(1).is_some_and(|next| next.first - 1 <= up_to) {
            let path = path_of(&self.dir, self.first());
            self.files.remove(&path).map_err(|error| LogError::io(&path, &error))?;
            self.segments.pop_front();
            // One by one: else a crash could leave an older one without the one behind it, which is a gap.
            let synced = self.files.sync_dir(&self.dir);
            let synced = synced.map_err(|error| LogError::io(&self.dir, &error));
            self.judge(synced)?;
        }
        Ok(())
    }
}
