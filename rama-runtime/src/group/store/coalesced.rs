//! The changes of many commits, of which only the last one to a key counts.

use super::StoreError;
use crate::group::changes::{self, Change};
use crate::group::order;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// What is to be done to the store: first the clears, then the rest.
#[derive(Debug, Default)]
pub(crate) struct Coalesced {
    /// Prefixes of which nothing is left.
    pub(crate) clears: BTreeSet<Vec<u8>>,
    /// What stands at a key afterwards, if anything.
    pub(crate) entries: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// About how much memory it takes.
    bytes: usize,
}

impl Coalesced {
    /// Adds the changes of the next commit.
    pub(crate) fn add(&mut self, commit: &[u8]) -> Result<(), StoreError> {
        changes::read(commit, |change| {
            match change {
                Change::Put(key, value) => self.set(key, Some(value)),
                Change::Remove(key) => self.set(key, None),
                Change::Clear(prefix) => self.clear(prefix),
            }
            Ok(())
        })
    }

    /// What stands at a key afterwards.
    pub(crate) fn set(&mut self, key: &[u8], value: Option<&[u8]>) {
        match self.entries.get_mut(key) {
            // Most are written again and again: their memory, too.
            Some(Some(old)) if value.is_some() => {
                old.clear();
                old.extend_from_slice(value.unwrap_or_default());
            }
            Some(old) => *old = value.map(<[u8]>::to_vec),
            None => {
                self.bytes += key.len() + value.map_or(0, <[u8]>::len) + 64;
                self.entries.insert(key.to_vec(), value.map(<[u8]>::to_vec));
            }
        }
    }

    fn clear(&mut self, prefix: &[u8]) {
        let behind = order::behind(prefix);
        let end = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let range = (Bound::Included(prefix.to_vec()), end);
        let gone: Vec<Vec<u8>> = self.entries.range(range).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.entries.remove(&key);
        }
        self.bytes += prefix.len() + 32;
        self.clears.insert(prefix.to_vec());
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
