//! Metadata in a directory: each key has a file.
//!
//! ```text
//!   KEY.json   the value
//!              revision N             or, of a key that holds nothing any more: removed N
//!              xxh3-64 of the lines before this one, in 16 hexadecimal digits
//! ```
//!
//! So a value that people can read stays readable. A key that was removed keeps its file, as its next revision must be another. A
//! file without a line of revision is at revision 0.

use super::{MetaError, MetaStore, Revision};
use crate::env::{Files, write_atomically};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

const SUFFIX: &str = ".json";

/// The longest key, in bytes.
const MOST_KEY: usize = 100;

/// The metadata in one directory, of which nobody else changes anything.
pub(crate) struct LocalMeta {
    files: Arc<dyn Files>,
    dir: PathBuf,
    /// One looks and writes at a time.
    writing: Mutex<()>,
}

/// What a file says.
struct Found {
    revision: Revision,
    /// `None`: it was removed.
    value: Option<Vec<u8>>,
}

impl LocalMeta {
    /// That of a directory, which exists.
    pub(crate) fn new(files: Arc<dyn Files>, dir: PathBuf) -> Self {
        LocalMeta {
            files,
            dir,
            writing: Mutex::new(()),
        }
    }

    fn path(&self, key: &str) -> Result<PathBuf, MetaError> {
        let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins_fine = key.bytes().next().is_some_and(is_fine);
        let goes_on_fine = key.bytes().all(|byte| is_fine(byte) || b"-_.".contains(&byte));
        if !begins_fine || !goes_on_fine || key.len() > MOST_KEY {
            return Err(MetaError::Key { key: key.to_owned() });
        }
        Ok(self.dir.join(format!("{key}{SUFFIX}")))
    }

    fn read(&self, key: &str) -> Result<Option<Found>, MetaError> {
        let path = self.path(key)?;
        let bytes = match self.files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(MetaError::io(&path, &error)),
        };
        parse(&bytes).map(Some).map_err(|reason| MetaError::Damaged {
            path: path.display().to_string(),
            reason,
        })
    }

    /// Replaces what the file says, if it is at revision `expected`.
    fn replace(&self, key: &str, expected: Option<Revision>, value: Option<&[u8]>) -> Result<Revision, MetaError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(key)?;
        let found = self.read(key)?;
        let last = found.as_ref().map_or(0, |found| found.revision.0);
        let present = found.filter(|found| found.value.is_some()).map(|found| found.revision);
        if present != expected {
            return Err(MetaError::Conflict {
                key: key.to_owned(),
                present,
            });
        }
        let revision = last.checked_add(1).ok_or_else(|| MetaError::Damaged {
            path: path.display().to_string(),
            reason: "there is no revision behind its own",
        })?;
        let (word, value) = value.map_or(("removed", &[][..]), |value| ("revision", value));
        let mut bytes = value.to_vec();
        bytes.extend_from_slice(format!("\n{word} {revision}").as_bytes());
        let sum = xxh3_64(&bytes);
        bytes.extend_from_slice(format!("\n{sum:016x}\n").as_bytes());
        write_atomically(&*self.files, &path, &bytes).map_err(|error| MetaError::io(&path, &error))?;
        Ok(Revision(revision))
    }
}

/// What a file's content says; or what is wrong with it.
fn parse(bytes: &[u8]) -> Result<Found, &'static str> {
    const LAST_LINE: usize = 16;
    let bytes = bytes.strip_suffix(b"\n").ok_or("its end is missing")?;
    let (rest, sum) = bytes
        .len()
        .checked_sub(LAST_LINE)
        .and_then(|at| bytes.split_at_checked(at))
        .ok_or("its end is missing")?;
    let rest = rest.strip_suffix(b"\n").ok_or("its end is missing")?;
    if sum != format!("{:016x}", xxh3_64(rest)).as_bytes() {
        return Err("its checksum is wrong");
    }
    let (value, line) = match rest.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    let line = std::str::from_utf8(line).unwrap_or_default();
    let revision = |number: &str| number.parse().map(Revision).map_err(|_| "it has no revision");
    if let Some(number) = line.strip_prefix("revision ") {
        Ok(Found {
            revision: revision(number)?,
            value: Some(value.to_vec()),
        })
    } else if let Some(number) = line.strip_prefix("removed ") {
        Ok(Found {
            revision: revision(number)?,
            value: None,
        })
    } else {
        // So were manifests written when they had no revisions.
        Ok(Found {
            revision: Revision(0),
            value: Some(rest.to_vec()),
        })
    }
}

impl MetaStore for LocalMeta {
    fn get(&self, key: &str) -> Result<Option<(Revision, Vec<u8>)>, MetaError> {
        let found = self.read(key)?;
        Ok(found.and_then(|found| Some((found.revision, found.value?))))
    }

    fn put_if(&self, key: &str, expected: Option<Revision>, value: &[u8]) -> Result<Revision, MetaError> {
        self.replace(key, expected, Some(value))
    }

    fn delete_if(&self, key: &str, expected: Revision) -> Result<(), MetaError> {
        self.replace(key, Some(expected), None).map(|_| ())
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, Revision)>, MetaError> {
        let names = self.files.list(&self.dir);
        let names = names.map_err(|error| MetaError::io(&self.dir, &error))?;
        // What a crash has left of a write has another suffix, and so has all else that stands in the directory.
        let keys = names.iter().filter_map(|name| name.strip_suffix(SUFFIX));
        let mut keys: Vec<&str> = keys.filter(|key| key.starts_with(prefix)).collect();
        // The suffix has put them in another order.
        keys.sort_unstable();
        let mut found = Vec::new();
        for key in keys {
            if let Some((revision, _)) = self.get(key)? {
                found.push((key.to_owned(), revision));
            }
        }
        Ok(found)
    }

    fn place(&self, key: &str) -> String {
        self.dir.join(format!("{key}{SUFFIX}")).display().to_string()
    }
}
