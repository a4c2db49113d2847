//! What stands under both numbers of a PState, in one order.

use super::Move;
use crate::group::entries::Entry;
use crate::group::store::{EntryIter, StoreError};
use std::cmp::Ordering;
use std::iter::Peekable;

/// Entries under the new number, and those under the old one as they will be there. Where both hold a key, the new one counts.
pub(super) struct Merged<'s> {
    it: &'s Move,
    old: Peekable<EntryIter<'s>>,
    new: Peekable<EntryIter<'s>>,
    backwards: bool,
}

impl<'s> Merged<'s> {
    pub(super) fn new(it: &'s Move, old: EntryIter<'s>, new: EntryIter<'s>, backwards: bool) -> Self {
        Merged {
            it,
            old: old.peekable(),
            new: new.peekable(),
            backwards,
        }
    }

    /// Whether the next entry is that under the new number (less), that under the old one, or both.
    fn next_is(&mut self) -> Ordering {
        let (old, new) = match (self.old.peek(), self.new.peek()) {
            (Some(Ok((old, _))), Some(Ok((new, _)))) => (old, new),
            (None, _) | (_, Some(Err(_))) => return Ordering::Less,
            (Some(_), _) => return Ordering::Greater,
        };
        // Of another PState, the new ones are compared by their numbers.
        let [old_below, new_below] = [old, new].map(|key| key.get(self.it.old.len()..).unwrap_or_default());
        let number = new.get(..self.it.new.len()).unwrap_or_default();
        let order = number.cmp(&self.it.new[..]).then_with(|| new_below.cmp(old_below));
        if self.backwards { order.reverse() } else { order }
    }

    fn next_old(&mut self) -> Option<Result<Entry, StoreError>> {
        let (key, value) = match self.old.next()? {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        let value = self.it.converted(&key, value);
        let below = key.get(self.it.old.len()..).unwrap_or_default();
        Some(value.map(|value| ([&self.it.new[..], below].concat(), value)))
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_is() {
            Ordering::Less => self.new.next(),
            Ordering::Equal => {
                self.old.next();
                self.new.next()
            }
            Ordering::Greater => self.next_old(),
        }
    }
}
