//! Metadata: a few small values by name, each replaced as a whole, and only by who knows what it replaces.
//!
//! ```text
//!   MetaStore ◄── local.rs    one file a key, in the module's folder
//! ```
//!
//! Beside [`LogEngine`](super::log::LogEngine), this is what a replicated engine has to offer in place of the local one.

mod local;
#[cfg(test)]
mod tests;

pub(crate) use local::LocalMeta;

use std::fmt;
use std::io;
use std::path::Path;

/// Which of the values that a key has ever had. A later one is greater, also over a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Revision(u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Values by key. Keys are of lower case letters, digits, `-`, `_` and `.`, begin with a letter or digit, and have at most 100 bytes.
///
/// What was read is a hint: only a put or a removal decides. Where one fails with anything but a conflict, the key holds what it
/// held or what it should: whoever has to know reads it again.
///
/// Nobody is told of changes. Embedded, there is nobody else to make any, as the folder is locked; a replicated engine will need a
/// `watch` here.
pub(crate) trait MetaStore: Send + Sync {
    /// What the key holds, and its revision.
    fn get(&self, key: &str) -> Result<Option<(Revision, Vec<u8>)>, MetaError>;

    /// The key holds `value` from now on, durably, if it is at revision `expected`, or if it holds nothing and that is `None`. Returns the
    /// new revision.
    fn put_if(&self, key: &str, expected: Option<Revision>, value: &[u8]) -> Result<Revision, MetaError>;

    /// The key holds nothing from now on, durably, if it is at revision `expected`.
    #[allow(dead_code, reason = "the embedded engine never removes its only key")]
    fn delete_if(&self, key: &str, expected: Revision) -> Result<(), MetaError>;

    /// The keys that begin with `prefix` and hold something, with their revisions, in order.
    #[allow(dead_code, reason = "the embedded engine knows its only key")]
    fn list(&self, prefix: &str) -> Result<Vec<(String, Revision)>, MetaError>;

    /// Where the key's value stands: for messages.
    fn place(&self, key: &str) -> String;
}

/// Why metadata could not be read, or is not known to be changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum MetaError {
    /// Somebody else has changed it, or the caller never knew it. Nothing was changed.
    #[error(
        "`{key}` is {}, which is not what was to be replaced: read it again",
        present.map_or_else(|| "not there".to_owned(), |revision| format!("at revision {revision}"))
    )]
    Conflict {
        key: String,
        /// At which revision the key is.
        present: Option<Revision>,
    },
    /// No key may be called that.
    #[error(
        "`{key}` is no key: it must be of lower case letters, digits, `-`, `_` and `.`, and begin with a letter or digit"
    )]
    Key { key: String },
    /// What stands there is not what was written.
    #[error("{path}: damaged: {reason}; restore it from a backup")]
    Damaged { path: String, reason: &'static str },
    /// The disk refused something.
    #[error("{path}: {message}")]
    Io {
        path: String,
        kind: io::ErrorKind,
        message: String,
    },
}

impl MetaError {
    fn io(path: &Path, error: &io::Error) -> Self {
        MetaError::Io {
            path: path.display().to_string(),
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}
