//! What is in the store only: a collection's entries, read when they are asked for.

use super::changes::Stamp;
use super::entries::Entries;
use super::order;
use super::store::{EntryIter, Store, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

/// Entries leave memory.
pub struct Evicting {
    store: Arc<dyn Store>,
    /// How far the store has come.
    pub(crate) stamp: Stamp,
    /// So many bytes are to leave.
    pub(crate) left: usize,
    /// The key of the place that is being looked at.
    place: Vec<u8>,
}

impl fmt::Debug for Evicting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evicting")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Evicting {
    /// So many bytes are to leave.
    pub(crate) fn new(store: &Arc<dyn Store>, stamp: Stamp, left: usize) -> Self {
        Evicting {
            store: Arc::clone(store),
            stamp,
            left,
            place: Vec::new(),
        }
    }

    /// Looks at what is below `place`.
    pub(crate) fn at(&mut self, place: &[u8]) {
        self.place.clear();
        self.place.extend_from_slice(place);
    }

    /// Where entries of the collection at the place will be found.
    pub(crate) fn cold(&self, place: &[u8]) -> Cold {
        Cold::new(&self.store, place)
    }

    /// The key of the place.
    pub(crate) fn place(&self) -> &[u8] {
        &self.place
    }

    /// Whether enough has left.
    pub(crate) fn enough(&self) -> bool {
        self.left == 0
    }

    /// So many bytes have left.
    pub(crate) fn freed(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// One step down, to the entry of `key`; nothing where it cannot be encoded (then it was never stored).
    pub(crate) fn step<K: Serialize>(&mut self, key: &K) -> Option<usize> {
        let before = self.place.len();
        order::encode(key, &mut self.place).ok()?;
        if self.place.len() == before {
            self.place.push(0);
        }
        Some(before)
    }

    /// One step down, to that field. (Called by generated code.)
    pub fn step_to_field(&mut self, field: u8) -> usize {
        self.place.push(field);
        self.place.len() - 1
    }

    /// Back up. (Called by generated code.)
    pub fn back(&mut self, to: usize) {
        self.place.truncate(to);
    }
}

/// A place of the store, and the store.
#[derive(Clone)]
pub struct Cold {
    store: Arc<dyn Store>,
    /// The collection's key.
    place: Vec<u8>,
}

impl fmt::Debug for Cold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cold")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Cold {
    /// That place.
    pub(crate) fn new(store: &Arc<dyn Store>, place: &[u8]) -> Self {
        Cold {
            store: Arc::clone(store),
            place: place.to_vec(),
        }
    }

    /// The place of an entry of the collection.
    fn entry<K: Serialize + ?Sized>(&self, key: &K) -> Result<Vec<u8>, StoreError> {
        let mut place = self.place.clone();
        order::encode(key, &mut place).map_err(|error| StoreError::Key {
            reason: error.to_string(),
        })?;
        if place.len() == self.place.len() {
            // See `Changes::step`.
            place.push(0);
        }
        Ok(place)
    }

    /// Reads the entry of `key` through `load`. Returns how many bytes it has, too.
    pub(crate) fn get<K, N>(
        &self,
        key: &K,
        load: impl FnOnce(&mut Entries<'_>) -> Result<Option<N>, StoreError>,
    ) -> Result<(Option<N>, usize), StoreError>
    where
        K: Serialize + ?Sized,
    {
        let place = self.entry(key)?;
        let mut entries = Entries::cold(&self.store, &place);
        let node = load(&mut entries)?;
        Ok((node, entries.bytes()))
    }

    /// The last entry whose key is not above `key`, with its value.
    pub(crate) fn at_or_before<K>(&self, key: &K) -> Result<Option<(K, Vec<u8>)>, StoreError>
    where
        K: Serialize + DeserializeOwned,
    {
        let to = Bound::Included(self.entry(key)?);
        let from = Bound::Excluded(self.place.clone());
        let entry = self.store.range(from, to, true).next().transpose()?;
        entry.map(|(place, value)| Ok((self.key(&place)?, value))).transpose()
    }

    /// The keys of entries from `first` on, at most so many, as far as they are below `end`.
    pub(crate) fn keys_between<K>(&self, first: &K, end: &K, most: usize) -> Result<Vec<K>, StoreError>
    where
        K: Serialize + DeserializeOwned,
    {
        let to = Bound::Excluded(self.entry(end)?);
        let from = Bound::Included(self.entry(first)?);
        let entries = self.store.range(from, to, false).take(most);
        entries.map(|entry| self.key(&entry?.0)).collect()
    }

    fn key<K: DeserializeOwned>(&self, place: &[u8]) -> Result<K, StoreError> {
        let mut below = place.get(self.place.len()..).unwrap_or_default();
        order::decode(&mut below).map_err(|error| StoreError::Damaged {
            reason: format!("a key cannot be read: {error}"),
        })
    }

    /// All entries within the bounds, in order, or the last first. `flat`: each is one entry of the store.
    pub(crate) fn range<'c, K, N>(
        &'c self,
        bounds: (Bound<&K>, Bound<&K>),
        backwards: bool,
        flat: bool,
        load: fn(&mut Entries<'_>) -> Result<Option<N>, StoreError>,
    ) -> Result<ColdRange<'c, K, N>, StoreError>
    where
        K: Serialize + DeserializeOwned,
    {
        let end = |place: &[u8]| order::behind(place).map_or(Bound::Unbounded, Bound::Excluded);
        let start = |place: &[u8]| order::behind(place).map_or(Bound::Excluded(place.to_vec()), Bound::Included);
        let from = match bounds.0 {
            // The collection's own place is before all of its entries.
            Bound::Unbounded => Bound::Excluded(self.place.clone()),
            Bound::Included(key) => Bound::Included(self.entry(key)?),
            Bound::Excluded(key) => start(&self.entry(key)?),
        };
        let to = match bounds.1 {
            Bound::Unbounded => end(&self.place),
            Bound::Included(key) => end(&self.entry(key)?),
            Bound::Excluded(key) => Bound::Excluded(self.entry(key)?),
        };
        Ok(ColdRange {
            cold: self,
            source: flat.then(|| self.store.range(from.clone(), to.clone(), backwards)),
            from,
            to,
            backwards,
            load,
            keys: std::marker::PhantomData,
        })
    }
}

/// Entries of a collection that is in the store, one after the other.
pub(crate) struct ColdRange<'c, K, N> {
    cold: &'c Cold,
    /// Where each entry is one of the store; otherwise the next one is looked for behind the last one.
    source: Option<EntryIter<'c>>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    backwards: bool,
    load: fn(&mut Entries<'_>) -> Result<Option<N>, StoreError>,
    keys: std::marker::PhantomData<fn() -> K>,
}

impl<K: DeserializeOwned, N> ColdRange<'_, K, N> {
    fn entry(&mut self) -> Result<Option<(K, N)>, StoreError> {
        let next = match &mut self.source {
            Some(source) => source.next(),
            None => self
                .cold
                .store
                .range(self.from.clone(), self.to.clone(), self.backwards)
                .next(),
        };
        let Some((place, value)) = next.transpose()? else {
            return Ok(None);
        };
        let damaged = |reason: String| StoreError::Damaged { reason };
        let mut below = place.get(self.cold.place.len()..).unwrap_or_default();
        let all = below.len();
        let key = order::decode(&mut below).map_err(|error| damaged(format!("a key cannot be read: {error}")))?;
        let node = if self.source.is_some() {
            let mut source = std::iter::once(Ok((place.clone(), value)));
            (self.load)(&mut Entries::new(&place, &mut source)?)?
        } else {
            let step = (all - below.len()).max(1);
            let entry = place.get(..self.cold.place.len() + step).unwrap_or(&place);
            if self.backwards {
                self.to = Bound::Excluded(entry.to_vec());
            } else {
                self.from = order::behind(entry).map_or(Bound::Excluded(place.clone()), Bound::Included);
            }
            (self.load)(&mut Entries::cold(&self.cold.store, entry))?
        };
        let node = node.ok_or_else(|| damaged("a key holds nothing".to_owned()))?;
        Ok(Some((key, node)))
    }
}

impl<K: DeserializeOwned, N> Iterator for ColdRange<'_, K, N> {
    type Item = Result<(K, N), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entry().transpose()
    }
}
