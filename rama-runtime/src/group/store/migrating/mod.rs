//! A store in which values of some PStates are still those of an earlier version of the module.
//!
//! ```text
//!   1  old number  task  path   what the earlier version has stored           ─┐ mover.rs, one way only,
//!   1  new number  task  path   what has been moved, or written since         ◄┘ in the background
//! ```
//!
//! Whoever reads the new number sees both, as of this version: what stands under the old one is converted when it is read. At a
//! moment, a key stands under one of the two, as the mover puts and removes in one step, and whatever is written under the new number
//! removes its counterpart under the old one with it. So no value is converted twice, and none that was written or removed since
//! comes back.

mod merged;
mod mover;
#[cfg(test)]
mod tests;

pub(crate) use mover::Mover;

use super::{Coalesced, EntryIter, Store, StoreError};
use crate::group::keys::{self, Declared};
use crate::group::order;
use crate::pstate::Migration;
use merged::Merged;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// A PState whose values move from one number to another.
#[derive(Debug)]
pub(crate) struct Move {
    /// The PState's name.
    name: String,
    /// All that stands under its two numbers begins with these.
    old: [u8; 3],
    new: [u8; 3],
    number: u16,
    migration: Migration,
    /// Nothing is left under the old number, durably.
    over: AtomicBool,
    /// Nothing is left under the old number up to that key: so nobody goes through all that was removed there.
    moved_to: RwLock<Vec<u8>>,
}

impl Move {
    /// The PState of that name, from one number to another.
    pub(crate) fn new(name: String, from: u16, to: u16, migration: Migration) -> Self {
        Move {
            name,
            old: keys::all_partitions(Declared::PState, from),
            new: keys::all_partitions(Declared::PState, to),
            number: to,
            migration,
            over: AtomicBool::new(false),
            moved_to: RwLock::default(),
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Where an entry under the new number stood, or stands, under the old one.
    fn counterpart(&self, key: &[u8]) -> Option<Vec<u8>> {
        key.strip_prefix(&self.new).map(|below| [&self.old[..], below].concat())
    }

    /// The same, if it may still stand there.
    fn left_counterpart(&self, key: &[u8]) -> Option<Vec<u8>> {
        let old = self.counterpart(key)?;
        (old > *self.moved_to()).then_some(old)
    }

    fn moved_to(&self) -> RwLockReadGuard<'_, Vec<u8>> {
        self.moved_to.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is left under the old number up to `key`.
    fn has_moved_to(&self, key: &[u8]) {
        key.clone_into(&mut self.moved_to.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// An entry under the old number, as it is under the new one.
    fn converted(&self, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let below = key.get(self.old.len()..).unwrap_or_default();
        if keys::is_value(below, self.migration.is_map) {
            self.migration.convert(&value).map_err(|error| StoreError::Migration {
                pstate: self.name.clone(),
                reason: match error {
                    StoreError::Value { reason } | StoreError::Damaged { reason } => reason,
                    other => other.to_string(),
                },
            })
        } else {
            Ok(value)
        }
    }

    /// What is left of these bounds under the old number, if anything is.
    fn left_within(&self, (from, to): Bounds) -> Option<Bounds> {
        let moved_to = self.moved_to();
        match &to {
            Bound::Included(key) | Bound::Excluded(key) if *key <= *moved_to => return None,
            _ => {}
        }
        let from = match from {
            Bound::Included(key) | Bound::Excluded(key) if key <= *moved_to => Bound::Excluded(moved_to.clone()),
            Bound::Unbounded => Bound::Excluded(moved_to.clone()),
            from => from,
        };
        Some((from, to))
    }

    /// What these bounds take in of the new number, as bounds under the old one; `None`: nothing.
    fn counterparts(&self, from: &Bound<Vec<u8>>, to: &Bound<Vec<u8>>) -> Option<Bounds> {
        let translated = |key: &Vec<u8>| self.counterpart(key);
        let is_before = |key: &Vec<u8>| key[..] < self.new[..];
        let from = match from {
            Bound::Included(key) if !is_before(key) => Bound::Included(translated(key)?),
            Bound::Excluded(key) if !is_before(key) => Bound::Excluded(translated(key)?),
            Bound::Included(_) | Bound::Excluded(_) | Bound::Unbounded => Bound::Included(self.old.to_vec()),
        };
        let behind = || order::behind(&self.old).map_or(Bound::Unbounded, Bound::Excluded);
        let to = match to {
            Bound::Included(key) | Bound::Excluded(key) if is_before(key) => return None,
            Bound::Included(key) => translated(key).map_or_else(behind, Bound::Included),
            Bound::Excluded(key) => translated(key).map_or_else(behind, Bound::Excluded),
            Bound::Unbounded => behind(),
        };
        Some((from, to))
    }
}

/// The store, as if all values were those of this version.
pub(crate) struct Migrating {
    inner: Arc<dyn Store>,
    moves: Vec<Move>,
}

impl Migrating {
    /// What `inner` holds, of which these PStates move.
    pub(crate) fn new(inner: Arc<dyn Store>, moves: Vec<Move>) -> Self {
        Migrating { inner, moves }
    }

    /// The PStates of which values of the old type may be stored, by their (new) numbers.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = u16> {
        self.moves.iter().filter(|it| !it.is_over()).map(|it| it.number)
    }

    /// What moves them.
    pub(crate) fn mover(self: &Arc<Self>, at_once: usize) -> Mover {
        Mover::new(Arc::clone(self), at_once)
    }
}

impl Store for Migrating {
    fn applied(&self) -> Result<u64, StoreError> {
        self.inner.applied()
    }

    fn apply(&self, mut changes: Coalesced, up_to: u64) -> Result<(), StoreError> {
        for it in self.moves.iter().filter(|it| !it.is_over()) {
            let cleared: Vec<_> = changes.clears.iter().filter_map(|key| it.counterpart(key)).collect();
            let below = changes.entries.range(it.new.to_vec()..);
            let mut written: Vec<_> = below.map_while(|(key, _)| it.counterpart(key)).collect();
            written.retain(|old| *old > *it.moved_to());
            changes.clears.extend(cleared);
            changes.entries.extend(written.into_iter().map(|key| (key, None)));
        }
        self.inner.apply(changes, up_to)
    }

    fn persist(&self) -> Result<(), StoreError> {
        self.inner.persist()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        // Before the first look: what is over then has moved everything.
        let under_way = self.moves.iter().filter(|it| !it.is_over());
        let mut old = under_way.filter_map(|it| Some((it, it.left_counterpart(key)?)));
        let (old, found) = (old.next(), self.inner.get(key)?);
        let (Some((it, old)), None) = (old, &found) else {
            return Ok(found);
        };
        match self.inner.get(&old)? {
            Some(value) => it.converted(&old, value).map(Some),
            // It may have been moved between the two looks. Entries move one way only, so it is found now if it is anywhere.
            None => self.inner.get(key),
        }
    }

    fn range<'s>(&'s self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> EntryIter<'s> {
        // The old ones first: what is moved between the two openings is then seen twice, and never missed.
        let mut old = Vec::new();
        for it in self.moves.iter().filter(|it| !it.is_over()) {
            let bounds = it.counterparts(&from, &to);
            if let Some((from, to)) = bounds.and_then(|bounds| it.left_within(bounds)) {
                old.push((it, self.inner.range(from, to, backwards)));
            }
        }
        let mut entries = self.inner.range(from, to, backwards);
        for (it, old) in old {
            entries = Box::new(Merged::new(it, old, entries, backwards));
        }
        entries
    }
}
