//! Reading back what [`Changes`](super::Changes) wrote: the entries of the store, in the order of their keys.

use super::order;
use super::store::StoreError;
use serde::de::DeserializeOwned;

/// An entry of the store.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// The entries below a prefix, each read once, in order.
pub struct Entries<'a> {
    source: &'a mut dyn Iterator<Item = Result<Entry, StoreError>>,
    next: Option<Entry>,
    /// Where the reader is: the key of the place that it reads.
    place: Vec<u8>,
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
            source,
            next,
            place: prefix.to_vec(),
        })
    }

    /// What the place itself holds, if anything. It stands before whatever is below it.
    ///
    /// # Errors
    /// Those of the source.
    pub fn here(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.next.as_ref().is_none_or(|(key, _)| *key != self.place) {
            return Ok(None);
        }
        let following = self.source.next().transpose()?;
        Ok(std::mem::replace(&mut self.next, following).map(|(_, value)| value))
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
        if self.below()?.first() != Some(&field) {
            return None;
        }
        self.go_down(1);
        Some(place)
    }

    fn below(&self) -> Option<&[u8]> {
        let (key, _) = self.next.as_ref()?;
        key.strip_prefix(self.place.as_slice())
            .filter(|below| !below.is_empty())
    }

    fn go_down(&mut self, bytes: usize) {
        if let Some((key, _)) = &self.next {
            let at = self.place.len();
            self.place.extend_from_slice(&key[at..at + bytes]);
        }
    }

    /// Back up.
    ///
    /// # Errors
    /// When something below was not read: nothing of the store is overlooked.
    pub fn back(&mut self, place: Place) -> Result<(), StoreError> {
        if let Some((key, _)) = &self.next
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
        match self.next {
            None => Ok(()),
            Some(_) => Err(StoreError::Damaged {
                reason: "an entry stands where its schema has none".to_owned(),
            }),
        }
    }
}
