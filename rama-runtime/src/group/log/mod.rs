//! The log of a task group: a dense sequence of commits, of which each is there as a whole or not at all.
//!
//! ```text
//!   LogEngine ◄── local.rs    segments in a directory
//!                   ├─ recover.rs   what a crash has left: checked, and cut to the commits that are whole
//!                   ├─ segment.rs   reads records out of a segment
//!                   ├─ chain.rs     whether a record follows from the ones before it
//!                   └─ record.rs    the format of a record
//! ```
//!
//! *Architecture Invariant:* what the log hands out is a prefix of what was appended. A gap, or damage to what once was durable,
//! is an error, never a shorter log.

mod chain;
mod local;
mod record;
mod recover;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use local::{LocalLog, LogOptions};

use std::io;
use std::path::Path;

/// A totally ordered, durable log. Its methods block: one thread calls them, the one that commits.
pub(crate) trait LogEngine: Send {
    /// Appends a commit behind `expected`, the number of the last one, and makes it durable if `sync`. Returns its number.
    ///
    /// After a failure nothing is known of the commit, and the log refuses everything else. A failed sync must not be tried
    /// again: the kernel may have dropped what it should have written, so that the next one would succeed for nothing.
    fn append(&mut self, expected: u64, payload: &[u8], sync: bool) -> Result<u64, AppendError>;

    /// Makes durable what was appended without a sync.
    fn sync(&mut self) -> Result<(), AppendError>;

    /// The number of the last commit, 0 if there was none.
    fn tail(&self) -> u64;

    /// Hands each commit behind `after` to `each`, in order, with its number. A gap is an error, never a skip.
    fn read(&self, after: u64, each: &mut EachCommit<'_>) -> Result<(), LogError>;

    /// Everything up to that commit may be forgotten. Only whole segments are, and never the last one.
    fn trim(&mut self, up_to: u64) -> Result<(), LogError>;
}

/// Takes a commit's number and payload.
pub(crate) type EachCommit<'a> = dyn FnMut(u64, &[u8]) -> Result<(), LogError> + 'a;

/// Why a commit is not known to be in the log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum AppendError {
    /// Somebody else has appended, or the caller has lost count. Nothing was written.
    #[error("the log ends with commit {tail}, which is not the one that the new commit should follow")]
    Conflict {
        /// The number of the last commit.
        tail: u64,
    },
    /// The log could not be written, and takes nothing more until it is opened again.
    #[error(transparent)]
    Failed(#[from] LogError),
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum LogError {
    /// The disk has failed.
    #[error("{path}: {message}")]
    Io {
        /// What was accessed.
        path: String,
        /// The kind of error.
        kind: io::ErrorKind,
        /// The operating system's words.
        message: String,
    },
    /// What once was durable is damaged, or was never written by this log.
    #[error("{file}: damaged at byte {offset}: {reason}")]
    Corrupt {
        /// The segment.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// Written by another version of this program.
    #[error("{file}: the record at byte {offset} has format version {version}, which this program does not know")]
    Version {
        /// The segment.
        file: String,
        /// Where in it.
        offset: u64,
        /// The version.
        version: u32,
    },
    /// Commits are missing.
    #[error("the log has no commit {expected}: it goes on with {found}")]
    Gap {
        /// The first commit that is missing.
        expected: u64,
        /// The one that follows.
        found: u64,
    },
    /// The log ends before a commit that its reader already has: durable commits were lost.
    #[error("the log ends with commit {last}, but commit {applied} was already taken from it")]
    Short {
        /// The last commit in the log.
        last: u64,
        /// The last commit that its reader has.
        applied: u64,
    },
    /// A newer owner has written to the log.
    #[error("the log was written in epoch {seen}, so it cannot be opened for epoch {given}")]
    Fenced {
        /// The epoch to be opened for.
        given: u64,
        /// The epoch of the last commit.
        seen: u64,
    },
    /// The commit would need more records than can be numbered.
    #[error("a commit of {bytes} bytes is too large for the log")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The reader cannot use a commit, which is as it was written.
    #[error("commit {commit}: {reason}")]
    Payload {
        /// Its number.
        commit: u64,
        /// The reader's words.
        reason: String,
    },
}

impl LogError {
    /// The disk's error on that path.
    fn io(path: &Path, error: &io::Error) -> Self {
        LogError::Io {
            path: path.display().to_string(),
            kind: error.kind(),
            message: error.to_string(),
        }
    }

    fn corrupt(path: &Path, offset: u64, reason: &'static str) -> Self {
        LogError::Corrupt {
            file: path.display().to_string(),
            offset,
            reason,
        }
    }
}
