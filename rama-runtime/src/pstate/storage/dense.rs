//! A hash table whose entries have numbers.

use super::index::Index;
use super::prefetch::prefetch;
use crate::pstate::lookup::Lookup;
use crate::pstate::schema::Key;
use foldhash::fast::RandomState;
use std::any::{Any, TypeId};
use std::hash::BuildHasher;

/// Entries in a dense array, in the order in which they came, and a hash table of their numbers.
///
/// An entry's number stays while none is removed, so an undo record can name an entry without its key. Numbers have 32 bits
/// and hashes are not kept, so the table is small; and as frequent keys mostly come early, they stand close together: both keep
/// a large table's hot part in the processor's caches. (`indexmap` has 64-bit numbers and keeps hashes. Measured in bench
/// `exchange`, a million keys: see `docs/costs.md`.)
///
/// A few entries have no hash table: they are looked through.
#[derive(Debug)]
pub(super) struct Dense<K, N> {
    entries: Vec<(K, N)>,
    /// Of all entries if they are more than [`FEW`], otherwise empty.
    numbers: Index,
    hasher: RandomState,
}

/// So many entries are looked through rather than hashed: most nested maps and sets are small.
const FEW: usize = 8;

/// No table has more entries.
const MOST: u32 = u32::MAX - 2;

/// The steps of preparing a lookup. Each reads what the one before has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Where the key's number stands.
    Index,
    /// The entry.
    Entry,
    /// The key's text, if it is one; the end of what the entry holds, if it is a list.
    Inside,
}

impl<K, N> Default for Dense<K, N> {
    fn default() -> Self {
        Dense {
            entries: Vec::new(),
            numbers: Index::default(),
            hasher: RandomState::default(),
        }
    }
}

impl<K, N> Dense<K, N> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All entries, in order of their numbers.
    pub(super) fn entries(&self) -> &[(K, N)] {
        &self.entries
    }

    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<&(K, N)> {
        self.entries.get(number)
    }

    #[inline]
    pub(super) fn node_mut(&mut self, number: usize) -> Option<&mut N> {
        self.entries.get_mut(number).map(|(_, node)| node)
    }
}

impl<K: Key, N> Dense<K, N> {
    /// The number of the entry of that key.
    #[inline]
    pub(super) fn find<Q: Lookup<K> + ?Sized>(&self, key: &Q) -> Option<usize> {
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(other, _)| Q::of(other) == key);
        }
        let is_it = |number| {
            self.entries
                .get(number as usize)
                .is_some_and(|(other, _)| Q::of(other) == key)
        };
        self.numbers
            .find(self.hasher.hash_one(key), is_it)
            .map(|number| number as usize)
    }

    /// Prepares a lookup of that key; called with each [`Step`] in order, with other keys in between. `found` is what the
    /// steps of one key hand on.
    #[inline(always)]
    pub(super) fn prepare(&self, key: &K, step: Step, found: &mut u64, inside: Option<fn(&N)>) {
        match step {
            Step::Index => {
                *found = self.hasher.hash_one(key);
                self.numbers.prefetch(*found);
            }
            Step::Entry => {
                let number = self.numbers.candidate(*found);
                *found = number.map_or(u64::MAX, u64::from);
                if let Some(entry) = number.and_then(|number| self.get(number as usize)) {
                    prefetch(entry);
                }
            }
            Step::Inside if is_text::<K>() || inside.is_some() => {
                let entry = usize::try_from(*found).ok().and_then(|number| self.get(number));
                if let Some((key, node)) = entry {
                    if let Some(byte) = first_byte(key) {
                        prefetch(byte);
                    }
                    if let Some(inside) = inside {
                        inside(node);
                    }
                }
            }
            Step::Inside => {}
        }
    }

    /// Adds an entry whose key is not there yet. Its number is the last one.
    ///
    /// # Panics
    /// When there are [`MOST`] entries; so the event fails. When the key's `Hash` does: then nothing is added.
    pub(super) fn push(&mut self, key: K, node: N) {
        let number = u32::try_from(self.entries.len()).ok().filter(|number| *number < MOST);
        let Some(number) = number else {
            panic!("a map or a set has at most {MOST} entries on a task; give it more tasks, or use `Subindexed`")
        };
        // First the hashes: where a key's `Hash` panics, nothing has changed.
        let hash = self.hasher.hash_one(&key);
        match self.entries.len() {
            0..FEW => {}
            FEW => {
                let hashes: Vec<u64> = (0..FEW).map(|number| self.hash_at(number)).collect();
                for (number, hash) in (0..).zip(hashes) {
                    self.numbers.insert(hash, number);
                }
                self.numbers.insert(hash, number);
            }
            _ => self.numbers.insert(hash, number),
        }
        self.entries.push((key, node));
    }

    /// Removes an entry. The last one gets its number.
    pub(super) fn swap_remove(&mut self, number: usize) -> Option<(K, N)> {
        let last = self.entries.len().checked_sub(1)?;
        if number > last {
            return None;
        }
        if last == FEW {
            self.numbers = Index::default();
        } else if last > FEW {
            // First the hashes, as above.
            let hashes = (self.hash_at(number), self.hash_at(last));
            // Numbers fit 32 bits.
            self.numbers.remove(hashes.0, number as u32);
            if number != last {
                self.numbers.renumber(hashes.1, last as u32, number as u32);
            }
        }
        Some(self.entries.swap_remove(number))
    }

    /// Takes back [`swap_remove`](Self::swap_remove): the entry gets its number again, and the one that has it now becomes the last.
    pub(super) fn restore(&mut self, number: usize, key: K, node: N) {
        self.push(key, node);
        let last = self.entries.len() - 1;
        if number < last {
            if last >= FEW {
                let hashes = (self.hash_at(number), self.hash_at(last));
                // By way of a number that no entry has.
                self.numbers.renumber(hashes.0, number as u32, MOST);
                self.numbers.renumber(hashes.1, last as u32, number as u32);
                self.numbers.renumber(hashes.0, MOST, last as u32);
            }
            self.entries.swap(number, last);
        }
    }

    fn hash_at(&self, number: usize) -> u64 {
        self.hasher.hash_one(&self.entries[number].0)
    }
}

fn is_text<K: 'static>() -> bool {
    TypeId::of::<K>() == TypeId::of::<String>()
}

/// The first byte of a key that is a text (which it is, is known when this is compiled for a type).
#[inline]
fn first_byte<K: Key>(key: &K) -> Option<&u8> {
    let any: &dyn Any = key;
    any.downcast_ref::<String>()?.as_bytes().first()
}
