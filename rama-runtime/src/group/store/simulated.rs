//! A store in memory, for simulations: it forgets what is not durable when it crashes.

use super::{Coalesced, EntryIter, Store, StoreError};
use crate::env::Rng;
use crate::group::order;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store that outlives the cluster which uses it, as a disk does. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct SimulatedStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Clone, Default)]
struct Version {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    applied: u64,
}

#[derive(Debug, Default)]
struct Inner {
    now: Version,
    /// What a crash may go back to, the oldest first: the first one is durable.
    versions: Vec<Version>,
}

impl SimulatedStore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process dies: the store is what it was after some operation since it was last made durable.
    pub fn crash(&self, rng: &mut Rng) {
        let mut inner = self.lock();
        let mut versions = std::mem::take(&mut inner.versions);
        let now = std::mem::take(&mut inner.now);
        versions.push(now);
        // Less than the number of versions, which is a `usize`.
        let at = (rng.next_u64() % versions.len() as u64) as usize;
        let version = versions.swap_remove(at);
        inner.now = version.clone();
        inner.versions = vec![version];
    }
}

impl Store for SimulatedStore {
    fn applied(&self) -> Result<u64, StoreError> {
        Ok(self.lock().now.applied)
    }

    fn apply(&self, changes: Coalesced, up_to: u64) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.versions.is_empty() {
            inner.versions.push(Version::default());
        }
        for prefix in &changes.clears {
            let behind = order::behind(prefix);
            inner
                .now
                .entries
                .retain(|key, _| key < prefix || behind.as_ref().is_some_and(|behind| key >= behind));
        }
        // What a crash in the middle leaves.
        let half = inner.now.clone();
        inner.versions.push(half);
        for (key, value) in changes.entries {
            match value {
                Some(value) => inner.now.entries.insert(key, value),
                None => inner.now.entries.remove(&key),
            };
        }
        inner.now.applied = up_to;
        let whole = inner.now.clone();
        inner.versions.push(whole);
        Ok(())
    }

    fn persist(&self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.versions = vec![inner.now.clone()];
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().now.entries.get(key).cloned())
    }

    fn range<'s>(&'s self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> EntryIter<'s> {
        use Bound::{Excluded, Included, Unbounded};
        let nothing = match (&from, &to) {
            (Unbounded, _) | (_, Unbounded) => false,
            (Included(from), Included(to)) => from > to,
            (Included(from) | Excluded(from), Included(to) | Excluded(to)) => from >= to,
        };
        if nothing {
            return Box::new(std::iter::empty());
        }
        let inner = self.lock();
        let entries = inner.now.entries.range((from, to));
        let mut entries: Vec<_> = entries.map(|(key, value)| Ok((key.clone(), value.clone()))).collect();
        if backwards {
            entries.reverse();
        }
        Box::new(entries.into_iter())
    }
}
