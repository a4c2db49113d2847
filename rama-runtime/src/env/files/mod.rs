//! The door to the disk: everything durable is written through here, so that a simulated disk can lose it.

mod content;
mod disk;
mod real;
mod simulated;
#[cfg(test)]
mod tests;

pub use real::RealFiles;
pub use simulated::SimulatedDisk;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The files of one world. Paths are relative to nothing: they are used as they are given.
pub trait Files: Send + Sync + 'static {
    /// Creates the directory, and those that it stands in, unless they exist. Unlike files, they are durable when this returns.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// The names (not paths) of what is in the directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Whether there is a file or a directory of that path.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// A new file, for reading and writing. One that exists is emptied.
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// A file that exists, for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn File>>;

    /// All of a file's content.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another path; a file that has it already is replaced, in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals in the directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Locks a lock file, which is created if need be. [`io::ErrorKind::WouldBlock`] if another process holds the lock, or
    /// another holder in this one. It is released when the result is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// One open file.
// The length is the result of a system call, not of a collection's field.
#[allow(clippy::len_without_is_empty)]
pub trait File: Send {
    /// Reads from `offset` on. Fewer bytes than the buffer holds are read at the end of the file only.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all the bytes, or fails, and then any part of them may have been written. Durable after [`File::sync_data`] only.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the content durable. Where this fails, what was written since the last time may be lost although later calls
    /// succeed: whoever needs it writes it again.
    fn sync_data(&mut self) -> io::Result<()>;

    /// How many bytes it has.
    fn len(&self) -> io::Result<u64>;

    /// Cuts it off, or fills it with zeros, at that length. Durable after [`File::sync_data`] only.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

/// The directory that a path stands in; of a bare name, the current one.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent().unwrap_or(path) {
        bare if bare.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    }
}

/// Replaces the file, durably: whatever happens, it has its old content or the new one, never a part.
pub(crate) fn write_atomically(files: &dyn Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = OsString::from(path);
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let written = write_temporary(files, &temporary, bytes).and_then(|()| files.rename(&temporary, path));
    if let Err(error) = written {
        // A file that is left over does no harm, and the first error says more than a second one would.
        _ = files.remove(&temporary);
        return Err(error);
    }
    files.sync_dir(parent(path))
}

/// The content must be durable before the name is: else the name could survive a crash that the content does not.
fn write_temporary(files: &dyn Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = files.create(path)?;
    file.write_at(0, bytes)?;
    file.sync_data()
}
