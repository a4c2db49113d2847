//! A cluster's folder, and in it one of each durable module.
//!
//! ```text
//!   folder/lock                  held while a cluster has the folder open
//!   folder/MODULE/manifest.json  what it is, and what the store calls its parts
//!   folder/MODULE/log/           what was committed, in order
//!   folder/MODULE/store/         the same by key, as far as the log has been brought there
//! ```

use super::error::StorageError;
use super::keys::{self, Declared};
use super::log::{LocalLog, LogEngine, LogError, LogOptions};
use super::manifest::{Changeover, Declaration, Manifest, Numbers};
use super::meta::{LocalMeta, MetaStore, Revision};
use super::store::{Coalesced, LsmStore, Migrating, Store, StoreError};
use crate::env::{Env, Files};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A folder that is open, and locked.
pub(crate) struct Folder {
    path: PathBuf,
    env: Env,
    /// Given back when nobody has the folder any more.
    _lock: Box<dyn Send + Sync>,
}

/// A module's task group, as it was found.
pub(crate) struct Group {
    pub(crate) log: Box<dyn LogEngine>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) numbers: Arc<Numbers>,
    pub(crate) recovery: Recovery,
    /// The same as `store`, where values of PStates migrate.
    pub(crate) migrating: Option<Arc<Migrating>>,
    /// To be done when the module has read what it needs.
    pub(crate) adoption: Adoption,
}

/// What the opening of a module's folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// How often the folder was opened, this time included.
    pub opened: u64,
    /// Commits that were brought from the log to the store.
    pub commits: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes at the log's end that were no whole commit: a crash had interrupted it, so nobody had been told of it. Where there was no
    /// crash, the disk has lost something.
    pub torn_bytes: u64,
    /// Flights of records that went on where they were.
    pub unfinished: u64,
    /// How long it took until the module ran.
    pub took: Duration,
}

/// So many bytes of commits are brought to the store at once.
pub(crate) const AT_ONCE: usize = 32 << 20;

/// How often, and how long apart, a lock is tried: an earlier cluster of this process may be about to let go of it.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

impl Folder {
    /// Opens the folder, or makes a new one. Nothing is read yet.
    pub(crate) fn open(env: &Env, path: &Path) -> Result<Self, StorageError> {
        let files = env.files();
        files
            .create_dir_all(path)
            .map_err(|error| StorageError::io(path, &error))?;
        let file = path.join("lock");
        let mut tries = 0;
        loop {
            match files.lock(&file) {
                Ok(lock) => {
                    return Ok(Folder {
                        path: path.to_owned(),
                        env: env.clone(),
                        _lock: lock,
                    });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    tries += 1;
                    if tries > TRIES || !env.pause(PAUSE) {
                        return Err(StorageError::Locked {
                            path: path.display().to_string(),
                        });
                    }
                }
                Err(error) => return Err(StorageError::io(&file, &error)),
            }
        }
    }

    /// Opens a module's task group, or makes a new one: reads its manifest, checks that the module fits it, checks the log, and brings
    /// it to the store.
    pub(crate) fn open_group(
        &self,
        module: &str,
        tasks: u32,
        declared: Declaration,
        removed: &[String],
    ) -> Result<Group, StorageError> {
        let files = Arc::clone(self.env.files());
        let folder = self.path.join(module);
        files
            .create_dir_all(&folder)
            .map_err(|error| StorageError::io(&folder, &error))?;
        let meta = LocalMeta::new(Arc::clone(&files), folder.clone());
        let (known, manifest) = Manifest::read(&meta)?.unzip();
        let mut manifest = manifest.unwrap_or_else(|| Manifest::new(module, tasks, self.env.rng().next_u64()));
        if manifest.module != module {
            return Err(StorageError::OtherModule {
                path: folder.display().to_string(),
                stored: manifest.module,
                asked: module.to_owned(),
            });
        }
        if manifest.tasks != tasks {
            return Err(StorageError::OtherTasks {
                stored: manifest.tasks,
                asked: tasks,
            });
        }
        let store: Arc<dyn Store> = match self.env.simulated_store() {
            Some(store) => Arc::new(store.clone()),
            None => Arc::new(LsmStore::open(&folder.join("store"))?),
        };
        // What is in the log adds nothing to them.
        manifest.drop_migrated(|number| {
            let left = store.below(&keys::all_partitions(Declared::PState, number)).next();
            Ok(left.transpose()?.is_none())
        })?;
        let (numbers, Changeover { gone, moves }) = manifest.adopt(declared, removed)?;
        manifest.opened += 1;
        let migrating = (!moves.is_empty()).then(|| Arc::new(Migrating::new(Arc::clone(&store), moves)));
        let store = migrating.clone().map_or(store, |migrating| migrating as Arc<dyn Store>);
        let applied = store.applied()?;
        let mut options = LogOptions::new(manifest.id);
        if self.env.simulated_store().is_some() {
            // What happens rarely must happen often there.
            (options.segment_bytes, options.room) = (4096, 512);
        }
        let log_folder = folder.join("log");
        if known.is_some() {
            check_log(&*files, &log_folder)?;
        }
        let (mut log, recovered) =
            LocalLog::open(Arc::clone(&files), log_folder, options, applied, Some(manifest.opened))?;
        let mut recovery = Recovery {
            opened: manifest.opened,
            torn_bytes: recovered.cut,
            ..Recovery::default()
        };
        bring_all(&log, &*store, applied, &mut recovery)?;
        log.trim(log.tail())?;
        let adoption = Adoption {
            manifest,
            known,
            meta: Box::new(meta),
            store: Arc::clone(&store),
            applied: log.tail(),
            gone,
        };
        Ok(Group {
            log: Box::new(log),
            store,
            numbers: Arc::new(numbers),
            recovery,
            migrating,
            adoption,
        })
    }
}

impl Group {
    /// The name of the topology of that number.
    pub(crate) fn topology(&self, number: u16) -> String {
        let part = self.adoption.manifest.topologies.iter().find(|it| it.number == number);
        part.map_or_else(|| "a topology that was removed".to_owned(), |part| part.name.clone())
    }
}

/// What is left to be done to a folder that fits its module.
pub(crate) struct Adoption {
    manifest: Manifest,
    /// Of the one that it replaces.
    known: Option<Revision>,
    meta: Box<dyn MetaStore>,
    store: Arc<dyn Store>,
    /// The last commit that the store has.
    applied: u64,
    gone: Vec<(Declared, u16)>,
}

impl Adoption {
    /// The module goes on with the folder: now its parts are written down. Before this, nothing of the module has changed; and nothing of
    /// it may be committed, or moved from one number to another, as only the manifest says what the numbers are.
    pub(crate) fn adopt(self) -> Result<(), StorageError> {
        self.manifest.write(&*self.meta, self.known)?;
        // Behind the manifest, which no longer names them: what a crash leaves of them is found by nobody.
        if self.gone.is_empty() {
            return Ok(());
        }
        let mut changes = Coalesced::default();
        for (of, number) in self.gone {
            changes.clears.insert(keys::all_partitions(of, number).to_vec());
        }
        let cleared = self
            .store
            .apply(changes, self.applied)
            .and_then(|()| self.store.persist());
        if let Err(error) = cleared {
            // It is decided: what is left only takes room.
            tracing::warn!(%error, "what was removed from a module could not be removed from its store");
        }
        Ok(())
    }
}

/// A folder with a manifest has a log: it was there first.
fn check_log(files: &dyn Files, log: &Path) -> Result<(), StorageError> {
    let names = match files.list(log) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StorageError::io(log, &error)),
    };
    if names.iter().any(|name| name.ends_with(".log")) {
        return Ok(());
    }
    Err(StorageError::Corrupt {
        file: log.display().to_string(),
        offset: 0,
        reason: "the log is gone".to_owned(),
    })
}

/// Brings everything behind commit `applied` to the store.
fn bring_all(log: &LocalLog, store: &dyn Store, applied: u64, recovery: &mut Recovery) -> Result<(), StorageError> {
    let mut changes = Coalesced::default();
    let mut last = applied;
    let payload = |commit: u64, error: &StoreError| LogError::Payload {
        commit,
        reason: error.to_string(),
    };
    log.read(applied, &mut |number, commit| {
        changes.add(commit).map_err(|error| payload(number, &error))?;
        last = number;
        recovery.commits += 1;
        recovery.bytes += commit.len() as u64;
        if changes.bytes() > AT_ONCE {
            store
                .apply(std::mem::take(&mut changes), last)
                .map_err(|error| payload(number, &error))?;
        }
        Ok(())
    })?;
    if last > applied {
        store.apply(changes, last)?;
    }
    // Also when there was nothing to bring: what the store has, an earlier process may not have made durable, and the log is
    // trimmed next.
    Ok(store.persist()?)
}
