//! The store on disk: fjall, an LSM tree.

use super::verify::verify;
use super::{ATOMIC, Coalesced, EntryIter, Store, StoreError};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Where the number of the last commit stands: below every key of the group, as those begin with a space's number from 1 on.
const APPLIED: &[u8] = &[0];

/// So many operations go into one batch of fjall's, which is made all or not at all.
const BATCH: usize = 2 * ATOMIC;

/// fjall's own caches and buffers, in bytes: of this process, whatever the size of the data.
const CACHE: u64 = 32 << 20;

/// fjall's table of what is not in a file yet, in bytes. Some of them may be full and on their way to the disk.
const MEMTABLE: u64 = 32 << 20;

/// The store of one task group.
pub(crate) struct LsmStore {
    database: Database,
    state: Keyspace,
}

impl LsmStore {
    /// Opens the store in that folder, or makes a new one.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        verify(path)?;
        guarded(|| {
            // Every commit is in the log until what is here is synced; so nothing here is, but when it is asked for.
            let database = Database::builder(path)
                .cache_size(CACHE)
                .manual_journal_persist(true)
                .open()
                .map_err(failed)?;
            let state = database
                .keyspace("state", || {
                    KeyspaceCreateOptions::default()
                        .manual_journal_persist(true)
                        .max_memtable_size(MEMTABLE)
                })
                .map_err(failed)?;
            Ok(LsmStore { database, state })
        })
    }

    fn write(&self, changes: &Coalesced, up_to: u64) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        let flush = |batch: &mut fjall::OwnedWriteBatch, least: usize| {
            if batch.len() < least {
                return Ok(());
            }
            std::mem::replace(batch, self.database.batch()).commit().map_err(failed)
        };
        for prefix in &changes.clears {
            for entry in self.state.prefix(prefix) {
                batch.remove(&self.state, entry.key().map_err(failed)?);
                flush(&mut batch, BATCH)?;
            }
        }
        // All that is put goes first: a read of one key is of no moment, and sees a batch come in, operation by operation.
        for (key, value) in &changes.entries {
            if let Some(value) = value {
                batch.insert(&self.state, key.as_slice(), value.as_slice());
                flush(&mut batch, BATCH)?;
            }
        }
        for (key, _) in changes.entries.iter().filter(|(_, value)| value.is_none()) {
            batch.remove(&self.state, key.as_slice());
            flush(&mut batch, BATCH)?;
        }
        // Last: where a crash leaves a part of it, it is done again.
        batch.insert(&self.state, APPLIED, up_to.to_le_bytes());
        flush(&mut batch, 1)
    }
}

/// fjall asserts some of what it finds in its files; where they are damaged, that is an error as any other.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Err(StoreError::Failed {
            reason: text.unwrap_or("it panicked").to_owned(),
        })
    })
}

fn failed(error: fjall::Error) -> StoreError {
    StoreError::Failed {
        reason: error.to_string(),
    }
}

impl Store for LsmStore {
    fn applied(&self) -> Result<u64, StoreError> {
        let Some(value) = self.get(APPLIED)? else {
            return Ok(0);
        };
        let number = value.try_into().map_err(|_| StoreError::Damaged {
            reason: "the number of the last commit has not 8 bytes".to_owned(),
        })?;
        Ok(u64::from_le_bytes(number))
    }

    fn apply(&self, changes: Coalesced, up_to: u64) -> Result<(), StoreError> {
        guarded(|| self.write(&changes, up_to))
    }

    fn persist(&self) -> Result<(), StoreError> {
        guarded(|| self.database.persist(PersistMode::SyncAll).map_err(failed))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| Ok(self.state.get(key).map_err(failed)?.map(|value| value.to_vec())))
    }

    fn range<'s>(&'s self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> EntryIter<'s> {
        let entry = |entry: fjall::Guard| {
            let (key, value) = entry.into_inner().map_err(failed)?;
            Ok((key.to_vec(), value.to_vec()))
        };
        // fjall's own `Keyspace::range` would also see some of what is applied while it is read.
        let mut entries = match guarded(|| Ok(self.database.snapshot().range(&self.state, (from, to)))) {
            Ok(entries) => entries,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        Box::new(std::iter::from_fn(move || {
            let next = guarded(|| {
                let next = if backwards { entries.next_back() } else { entries.next() };
                next.map(entry).transpose()
            });
            next.transpose()
        }))
    }
}
