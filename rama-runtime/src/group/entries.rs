//! Reading back what [`Changes`](super::Changes) wrote: the entries of the store, in the order of their keys.

use super::cold::Cold;
use super::order;
use super::store::{Store, StoreError};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// An entry of the store.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// The entries below a place: all of them, each read once, in order; or those that are asked for.
pub struct Entries<'a> {
    source: Source<'a>,
    /// Where the reader is: the key of the place that it reads.
    place: Vec<u8>,
    /// How many bytes of values were read, where only what is asked for is.
    bytes: usize,
}

enum Source<'a> {
    All {
        source: &'a mut dyn Iterator<Item = Result<Entry, StoreError>>,
        next: Option<Entry>,
    },
    /// Only what is asked for: collections that are stored element by element stay in the store.
    Cold(&'a Arc<dyn Store>),
}

/// How long the place's key was before a step.
#[derive(Debug, Clone, Copy)]
#[must_use = "without `back`, what follows is read below the step"]
pub struct Place(usize);

impl<'a> Entries<'a> {
    /// Those of `source`, all of which begin with `prefix`.
    ///
    /// # Errors
    /// Those of the source.
    pub(crate) fn new(
        prefix: &[u8],
        source: &'a mut dyn Iterator<Item = Result<Entry, StoreError>>,
    ) -> Result<Self, StoreError> {
        let next = source.next().transpose()?;
        Ok(Entries {
            source: Source::All { source, next },
            place: prefix.to_vec(),
            bytes: 0,
        })
    }

    /// What is at that place of a store, as far as it is asked for.
    pub(crate) fn cold(store: &'a Arc<dyn Store>, place: &[u8]) -> Self {
        Entries {
            source: Source::Cold(store),
            place: place.to_vec(),
            bytes: 0,
        }
    }

    /// How many bytes of values were read, where only what is asked for is.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The place, if what stands below it is not read now, but when it is asked for.
    pub(crate) fn stays_cold(&self) -> Option<Cold> {
        match &self.source {
            Source::All { .. } => None,
            Source::Cold(store) => Some(Cold::new(store, &self.place)),
        }
    }

    /// Everything below the place, after all.
    pub(crate) fn all<T>(
        &mut self,
        read: impl FnOnce(&mut Entries<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.source {
            Source::All { .. } => read(self),
            Source::Cold(store) => {
                let mut source = store.below(&self.place);
                let mut entries = Entries::new(&self.place, &mut source)?;
                let result = read(&mut entries)?;
                entries.finish()?;
                Ok(result)
            }
        }
    }

    /// What the place itself holds, if anything. It stands before whatever is below it.
    ///
    /// # Errors
    /// Those of the source.
    pub fn here(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match &mut self.source {
            Source::All { source, next } => {
                if next.as_ref().is_none_or(|(key, _)| *key != self.place) {
                    return Ok(None);
                }
                let following = source.next().transpose()?;
                Ok(std::mem::replace(next, following).map(|(_, value)| value))
            }
            Source::Cold(store) => {
                let value = store.get(&self.place)?;
                self.bytes += value.as_ref().map_or(0, Vec::len);
                Ok(value)
            }
        }
    }

    fn next(&self) -> Option<&Entry> {
        match &self.source {
            Source::All { next, .. } => next.as_ref(),
            Source::Cold(_) => None,
        }
    }

    /// Steps down to the next entry below the place, if there is one.
    ///
    /// # Errors
    /// When its key is no `K`.
    pub fn step<K: DeserializeOwned>(&mut self) -> Result<Option<(K, Place)>, StoreError> {
        let place = Place(self.place.len());
        let Some(mut below) = self.below() else { return Ok(None) };
        let all = below.len();
        let key = order::decode(&mut below).map_err(|error| StoreError::Damaged {
            reason: format!("a key cannot be read: {error}"),
        })?;
        let read = all - below.len();
        // See `Changes::step`.
        self.go_down(read.max(1));
        Ok(Some((key, place)))
    }

    /// Steps down to field number `field`, if the next entry is there or below.
    pub fn step_to_field(&mut self, field: u8) -> Option<Place> {
        let place = Place(self.place.len());
        match &self.source {
            Source::All { .. } if self.below()?.first() != Some(&field) => return None,
            Source::All { .. } | Source::Cold(_) => self.place.push(field),
        }
        Some(place)
    }

    fn below(&self) -> Option<&[u8]> {
        let (key, _) = self.next()?;
        key.strip_prefix(self.place.as_slice())
            .filter(|below| !below.is_empty())
    }

    fn go_down(&mut self, bytes: usize) {
        if let Some((key, _)) = self.next() {
            let at = self.place.len();
            let step = key[at..at + bytes].to_vec();
            self.place.extend_from_slice(&step);
        }
    }

    /// Back up.
    ///
    /// # Errors
    /// When something below was not read: nothing of the store is overlooked.
    pub fn back(&mut self, place: Place) -> Result<(), StoreError> {
        if let Some((key, _)) = self.next()
            && key.starts_with(&self.place)
        {
            return Err(StoreError::Damaged {
                reason: "an entry stands where its schema has none".to_owned(),
            });
        }
        self.place.truncate(place.0);
        Ok(())
    }

    /// Everything has been read.
    ///
    /// # Errors
    /// When it has not.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        match self.next() {
            None => Ok(()),
            Some(_) => Err(StoreError::Damaged {
                reason: "an entry stands where its schema has none".to_owned(),
            }),
        }
    }
}
