//! Moving what is left under old numbers, some of it at a time.

use super::Migrating;
use crate::group::order;
use crate::group::store::{ATOMIC, Coalesced, StoreError};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// About so many bytes are moved at once.
const BYTES: usize = 1 << 20;

/// So many entries: each is a removal and a put.
const ENTRIES: usize = ATOMIC / 2;

/// Moves entries. Only what also applies commits may do so: the two must not come between each other.
///
/// It remembers nothing that a crash may not take: what has been moved is no longer there to be moved.
pub(crate) struct Mover {
    of: Arc<Migrating>,
    /// Which of the PStates.
    at: usize,
    /// The last key that was looked at. Entries that cannot be converted stay where they are, in front of it.
    last: Option<Vec<u8>>,
    /// How many those are, at least.
    left: u64,
    at_once: usize,
}

impl Mover {
    pub(super) fn new(of: Arc<Migrating>, at_once: usize) -> Self {
        Mover {
            of,
            at: 0,
            last: None,
            left: 0,
            at_once: at_once.min(ENTRIES),
        }
    }

    /// Moves some entries. Says whether there may be more to do.
    ///
    /// # Errors
    /// When the store takes nothing any more.
    pub(crate) fn step(&mut self) -> Result<bool, StoreError> {
        let Migrating { inner, moves } = &*self.of;
        let Some(it) = moves.get(self.at) else {
            return Ok(false);
        };
        let from = match &self.last {
            None => Bound::Included(it.old.to_vec()),
            Some(last) => Bound::Excluded(last.clone()),
        };
        let to = order::behind(&it.old).map_or(Bound::Unbounded, Bound::Excluded);
        let mut changes = Coalesced::default();
        let mut at_end = true;
        for entry in inner.range(from, to, false).take(self.at_once) {
            let (old, value) = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    // Nobody has asked for it: the module goes on.
                    tracing::error!(pstate = it.name, %error, "values that are to be migrated cannot be read");
                    self.left += 1;
                    at_end = true;
                    break;
                }
            };
            at_end = false;
            let below = old.get(it.old.len()..).unwrap_or_default();
            match it.converted(&old, value) {
                Ok(value) => {
                    changes.set(&[&it.new[..], below].concat(), Some(&value));
                    changes.set(&old, None);
                }
                Err(error) => {
                    // The first one only: it may be one of millions.
                    if self.left == 0 {
                        tracing::error!(pstate = it.name, %error, "a value cannot be migrated: it stays as it is");
                    }
                    self.left += 1;
                }
            }
            self.last = Some(old);
            if changes.bytes() > BYTES {
                break;
            }
        }
        if !changes.entries.is_empty() {
            inner.apply(changes, inner.applied()?)?;
        }
        // What cannot be moved stays where it is.
        if self.left == 0
            && let Some(last) = &self.last
        {
            it.has_moved_to(last);
        }
        if at_end {
            self.end()?;
        }
        Ok(self.at < self.of.moves.len())
    }

    /// A PState has been gone through.
    fn end(&mut self) -> Result<(), StoreError> {
        let it = &self.of.moves[self.at];
        if self.left == 0 {
            // In front of whatever is told: a later version may rely on it.
            self.of.inner.persist()?;
            it.over.store(true, Ordering::Release);
            tracing::info!(
                pstate = it.name,
                from = it.migration.from,
                "a PState has been migrated: nothing of its old type is stored any more"
            );
        } else {
            tracing::error!(
                pstate = it.name,
                values = self.left,
                "values of a PState could not be migrated: it is tried again when the module is launched the next time"
            );
        }
        self.at += 1;
        (self.last, self.left) = (None, 0);
        Ok(())
    }
}
