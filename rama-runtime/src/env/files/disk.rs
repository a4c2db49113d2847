//! What a simulated disk knows: files, their names, and what is to go wrong.

use super::content::{Content, Mood};
use crate::env::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

#[derive(Default)]
pub(super) struct Disk {
    /// How many crashes there were: what was opened before the last one is dead.
    pub(super) life: u64,
    pub(super) last_file: u64,
    pub(super) files: BTreeMap<u64, Inode>,
    pub(super) dirs: BTreeSet<PathBuf>,
    /// Which file a path names, as it is seen.
    pub(super) names: BTreeMap<PathBuf, u64>,
    /// The same, as it is durable.
    pub(super) durable: BTreeMap<PathBuf, u64>,
    /// What happened to `names` that is not in `durable` yet.
    pub(super) renamings: Vec<Renaming>,
    pub(super) locks: BTreeMap<PathBuf, u64>,
    pub(super) last_lock: u64,
    pub(super) faults: Faults,
}

#[derive(Default)]
pub(super) struct Inode {
    pub(super) content: Content,
    pub(super) handles: u64,
}

/// What changes names in one directory, all of it or nothing.
pub(super) struct Renaming {
    pub(super) dir: PathBuf,
    pub(super) names: Vec<(PathBuf, Option<u64>)>,
}

#[derive(Default)]
pub(super) struct Faults {
    pub(super) bytes_left: Option<u64>,
    pub(super) read_only: bool,
    pub(super) fail_sync: bool,
    pub(super) changes_left: Option<u64>,
}

/// One spelling of a path. The others are as components compare.
pub(super) fn key(path: &Path) -> PathBuf {
    let path = path.strip_prefix(".").unwrap_or(path);
    if path.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    path.to_path_buf()
}

pub(super) fn at(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge.into())
}

impl Disk {
    pub(super) fn keep(&mut self, renaming: Renaming) {
        for (path, file) in renaming.names {
            match file {
                Some(file) => _ = self.durable.insert(path, file),
                None => _ = self.durable.remove(&path),
            }
        }
    }

    pub(super) fn rename(&mut self, dir: &Path, names: Vec<(PathBuf, Option<u64>)>) {
        for (path, file) in &names {
            match file {
                Some(file) => _ = self.names.insert(path.clone(), *file),
                None => _ = self.names.remove(path),
            }
        }
        let dir = key(dir);
        self.renamings.push(Renaming { dir, names });
    }

    pub(super) fn named(&mut self, path: &Path) -> io::Result<&mut Inode> {
        let file = self.names.get(&key(path)).copied();
        let inode = file.and_then(|file| self.files.get_mut(&file));
        inode.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Drops files that no path leads to, and no handle.
    pub(super) fn forget_unnamed(&mut self) {
        let mut named: BTreeSet<u64> = self.names.values().chain(self.durable.values()).copied().collect();
        for renaming in &self.renamings {
            named.extend(renaming.names.iter().filter_map(|(_, file)| *file));
        }
        self.files
            .retain(|file, inode| inode.handles > 0 || named.contains(file));
    }

    pub(super) fn directory(&self, dir: &Path) -> io::Result<PathBuf> {
        let dir = key(dir);
        if dir == Path::new(".") || dir.parent().is_none() || self.dirs.contains(&dir) {
            return Ok(dir);
        }
        Err(ErrorKind::NotFound.into())
    }

    pub(super) fn looked_at(&self) -> io::Result<()> {
        match self.faults.changes_left {
            Some(0) => Err(io::Error::other("the machine has stopped")),
            _ => Ok(()),
        }
    }

    /// What every change and every sync begins with.
    pub(super) fn changed(&mut self) -> io::Result<()> {
        self.looked_at()?;
        if let Some(left) = &mut self.faults.changes_left {
            *left -= 1;
        }
        Ok(())
    }

    pub(super) fn writable(&mut self) -> io::Result<()> {
        self.changed()?;
        if self.faults.read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(())
    }

    pub(super) fn sync_fails(&mut self) -> bool {
        std::mem::take(&mut self.faults.fail_sync)
    }

    pub(super) fn make_room(&mut self, bytes: usize) {
        if let Some(left) = &mut self.faults.bytes_left {
            *left = left.saturating_add(bytes as u64);
        }
    }

    /// Takes room for a file to grow by so many bytes: by how many it may.
    pub(super) fn take_room(&mut self, bytes: usize) -> usize {
        let Some(left) = &mut self.faults.bytes_left else {
            return bytes;
        };
        let taken = (bytes as u64).min(*left);
        *left -= taken;
        usize::try_from(taken).unwrap_or(bytes)
    }

    pub(super) fn content(&mut self, file: u64) -> io::Result<&mut Content> {
        match self.files.get_mut(&file) {
            Some(inode) => Ok(&mut inode.content),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn crash(&mut self, rng: &mut Rng) {
        let mood = Mood::any(rng);
        for renaming in std::mem::take(&mut self.renamings) {
            if mood.keeps(rng) {
                self.keep(renaming);
            }
        }
        self.life += 1;
        self.names = self.durable.clone();
        self.locks.clear();
        (self.faults.fail_sync, self.faults.changes_left) = (false, None);
        for inode in self.files.values_mut() {
            inode.handles = 0;
            inode.content.crash(mood, rng);
        }
        self.forget_unnamed();
    }
}
