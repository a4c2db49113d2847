//! A disk in memory that is as bad as a disk may be.

use super::disk::{Disk, Faults, Inode, Renaming, at, key};
use super::{File, Files, parent};
use crate::env::Rng;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file system in memory, with the semantics of a hostile but legal POSIX disk: what was not synced is seen by reads, and
/// lost by a crash, or kept, or kept in part. Clones are the same disk.
#[derive(Clone, Default)]
pub struct SimulatedDisk {
    disk: Arc<Mutex<Disk>>,
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine loses its power, and comes back. Of what was not synced, each write and each change of a name is lost or kept by
    /// itself, a write in part, too. Locks are released, and handles that were open fail from now on.
    pub fn crash(&self, rng: &mut Rng) {
        self.disk().crash(rng);
    }

    /// Files may grow by that many bytes in all; a write beyond them is applied as far as it fits. What is removed makes room.
    pub fn fill_up(&self, bytes_left: u64) {
        self.disk().faults.bytes_left = Some(bytes_left);
    }

    /// Nothing can be changed any more.
    pub fn make_read_only(&self) {
        self.disk().faults.read_only = true;
    }

    /// The next sync fails. What it should have made durable of a file is no longer waiting: a second sync succeeds without making it
    /// durable, and the next crash decides. (Names of files stay waiting.)
    pub fn fail_next_sync(&self) {
        self.disk().faults.fail_sync = true;
    }

    /// The power goes after so many more changes: everything fails until [`SimulatedDisk::crash`].
    pub fn stop_after(&self, changes: u64) {
        self.disk().faults.changes_left = Some(changes);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.disk().faults = Faults::default();
    }

    /// Damages one bit of a file, on the disk and as it is seen.
    pub fn flip_bit(&self, path: &Path, byte: u64, bit: u8) -> io::Result<()> {
        let byte = at(byte)?;
        if self.disk().named(path)?.content.flip(byte, 1 << (bit % 8)) {
            return Ok(());
        }
        Err(ErrorKind::InvalidInput.into())
    }

    /// Loses the end of a file, on the disk and as it is seen. What it keeps is durable.
    pub fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let len = at(len)?;
        self.disk().named(path)?.content.truncate(len);
        Ok(())
    }

    fn handle(&self, disk: &mut Disk, file: u64) -> Box<dyn File> {
        if let Some(inode) = disk.files.get_mut(&file) {
            inode.handles += 1;
        }
        Box::new(Handle {
            disk: self.clone(),
            life: disk.life,
            file,
        })
    }
}

impl Files for SimulatedDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.looked_at()?;
        let path = key(path);
        if disk.names.contains_key(&path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if disk.directory(&path).is_err() {
            disk.writable()?;
            disk.dirs.extend(path.ancestors().map(key));
        }
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let disk = self.disk();
        disk.looked_at()?;
        let dir = disk.directory(dir)?;
        let paths = disk.names.keys().chain(&disk.dirs);
        let names = paths.filter(|path| **path != dir && key(parent(path)) == dir);
        let names = names.filter_map(|path| path.file_name());
        let names: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        Ok(names.into_iter().collect())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let disk = self.disk();
        disk.looked_at()?;
        Ok(disk.names.contains_key(&key(path)) || disk.directory(path).is_ok())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut disk = self.disk();
        disk.writable()?;
        disk.directory(parent(path))?;
        if disk.directory(path).is_ok() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if let Some(&file) = disk.names.get(&key(path)) {
            let inode = disk.named(path)?;
            let freed = inode.content.seen().len();
            inode.content.set_len(0);
            disk.make_room(freed);
            return Ok(self.handle(&mut disk, file));
        }
        disk.last_file += 1;
        let file = disk.last_file;
        disk.files.insert(file, Inode::default());
        disk.rename(parent(path), vec![(key(path), Some(file))]);
        Ok(self.handle(&mut disk, file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut disk = self.disk();
        disk.looked_at()?;
        match disk.names.get(&key(path)) {
            Some(&file) => Ok(self.handle(&mut disk, file)),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut disk = self.disk();
        disk.looked_at()?;
        Ok(disk.named(path)?.content.seen().to_vec())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.writable()?;
        let freed = disk.named(path)?.content.seen().len();
        disk.make_room(freed);
        disk.rename(parent(path), vec![(key(path), None)]);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.writable()?;
        let file = *disk.names.get(&key(from)).ok_or(ErrorKind::NotFound)?;
        disk.directory(parent(to))?;
        if disk.directory(to).is_ok() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let (gone, new) = ((key(from), None), (key(to), Some(file)));
        if key(parent(from)) == key(parent(to)) {
            disk.rename(parent(to), vec![gone, new]);
        } else {
            // Durable in each of both directories by itself.
            disk.rename(parent(to), vec![new]);
            disk.rename(parent(from), vec![gone]);
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.changed()?;
        let dir = disk.directory(dir)?;
        if disk.sync_fails() {
            return Err(io::Error::other("the sync failed"));
        }
        let (here, elsewhere) = std::mem::take(&mut disk.renamings)
            .into_iter()
            .partition(|renaming| renaming.dir == dir);
        disk.renamings = elsewhere;
        let here: Vec<Renaming> = here;
        here.into_iter().for_each(|renaming| disk.keep(renaming));
        disk.forget_unnamed();
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        if !self.exists(path)? {
            drop(self.create(path)?);
        }
        let mut disk = self.disk();
        if disk.locks.contains_key(&key(path)) {
            return Err(ErrorKind::WouldBlock.into());
        }
        disk.last_lock += 1;
        let lock = disk.last_lock;
        disk.locks.insert(key(path), lock);
        Ok(Box::new(Lock {
            disk: self.clone(),
            path: key(path),
            lock,
        }))
    }
}

struct Lock {
    disk: SimulatedDisk,
    path: PathBuf,
    lock: u64,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut disk = self.disk.disk();
        // After a crash the lock may be another's.
        if disk.locks.get(&self.path) == Some(&self.lock) {
            disk.locks.remove(&self.path);
        }
    }
}

/// One open file.
struct Handle {
    disk: SimulatedDisk,
    life: u64,
    file: u64,
}

impl Handle {
    /// The disk, if the handle is of this life of it.
    fn disk(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let disk = self.disk.disk();
        disk.looked_at()?;
        if disk.life == self.life {
            return Ok(disk);
        }
        Err(io::Error::other("the file was opened before the machine crashed"))
    }
}

impl File for Handle {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut disk = self.disk()?;
        let seen = disk.content(self.file)?.seen();
        let seen = seen.get(at(offset)?..).unwrap_or_default();
        let count = seen.len().min(buffer.len());
        buffer[..count].copy_from_slice(&seen[..count]);
        Ok(count)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk()?;
        disk.writable()?;
        let offset = at(offset)?;
        let len = disk.content(self.file)?.seen().len();
        let growth = (offset + bytes.len()).saturating_sub(len.max(offset));
        let short_by = growth - disk.take_room(growth);
        disk.content(self.file)?.write(offset, &bytes[..bytes.len() - short_by]);
        if short_by > 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let mut disk = self.disk()?;
        disk.changed()?;
        let (fails, read_only) = (disk.sync_fails(), disk.faults.read_only);
        let content = disk.content(self.file)?;
        if fails {
            content.fail_sync();
            return Err(io::Error::other("the sync failed"));
        }
        if read_only && content.waits() {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        content.sync();
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk()?.content(self.file)?.seen().len() as u64)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let mut disk = self.disk()?;
        disk.writable()?;
        let (len, old) = (at(len)?, disk.content(self.file)?.seen().len());
        let growth = len.saturating_sub(old);
        if disk.take_room(growth) < growth {
            return Err(ErrorKind::StorageFull.into());
        }
        disk.make_room(old.saturating_sub(len));
        disk.content(self.file)?.set_len(len);
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut disk = self.disk.disk();
        if disk.life == self.life
            && let Some(inode) = disk.files.get_mut(&self.file)
        {
            inode.handles = inode.handles.saturating_sub(1);
            if inode.handles == 0 {
                disk.forget_unnamed();
            }
        }
    }
}
