//! A hash table whose entries have numbers.

use super::index::Index;
use crate::prefetch::prefetch;
use crate::pstate::lookup::Lookup;
use crate::pstate::schema::Key;
use foldhash::fast::RandomState;
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::hash::{BuildHasher, Hash};

/// Entries in a dense array, in the order in which they came, and a hash table of their numbers.
///
/// An entry's number stays while none is removed, so an undo record can name an entry without its key. Numbers and what is kept of
/// hashes have 32 bits together in what a lookup reads, so that is small; and as frequent keys mostly come early, they stand close
/// together: both keep a large table's hot part in the processor's caches. (`indexmap` has 64-bit numbers beside 64-bit hashes, and its
/// addresses cannot be known ahead.)
///
/// A few entries have no hash table: they are looked through.
#[derive(Debug)]
pub(super) struct Dense<K, N> {
    entries: Vec<(K, N)>,
    /// Of all entries since they were more than [`FEW`] at once, otherwise empty.
    numbers: Index,
    /// Whether they have been. It stays so when entries go: then undoing never has to ask for a hash.
    indexed: bool,
    /// The number of the entry that is probably looked up next, or [`NONE`].
    expected: Cell<u32>,
    hasher: RandomState,
}

/// So many entries are looked through rather than hashed: most nested maps and sets are small.
const FEW: usize = 8;

/// No table has more entries, so that its index has at most 2^32 slots.
const MOST: u32 = 5 << 29;

/// No entry has this number.
const NONE: u32 = u32::MAX;

/// The steps of preparing a lookup. Each reads what the one before has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Where the key's number stands.
    Index,
    /// The entry.
    Entry,
    /// The key's text, if it is one; the end of what the entry holds, if it is a list.
    Inside,
    /// Right before the lookup: it finds the entry without a hash, if it is still the same.
    Expect,
}

impl<K, N> Default for Dense<K, N> {
    fn default() -> Self {
        Dense {
            entries: Vec::new(),
            numbers: Index::default(),
            indexed: false,
            expected: Cell::new(NONE),
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

    /// All entries, in order of their numbers. (Keys do not change.)
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (&K, &mut N)> {
        self.entries.iter_mut().map(|(key, node)| (&*key, node))
    }

    /// The entry of that number.
    pub(super) fn entry_mut(&mut self, number: usize) -> Option<(&K, &mut N)> {
        self.entries.get_mut(number).map(|(key, node)| (&*key, node))
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
        if !self.indexed {
            return self.entries.iter().position(|(other, _)| Q::of(other) == key);
        }
        let is_it = |number| {
            self.entries
                .get(number as usize)
                .is_some_and(|(other, _)| Q::of(other) == key)
        };
        let expected = self.expected.replace(NONE);
        if expected != NONE && is_it(expected) {
            return Some(expected as usize);
        }
        self.numbers
            .find(self.hasher.hash_one(key), is_it)
            .map(|number| number as usize)
    }

    /// Prepares a lookup of that key, or of what it borrows as; called with each [`Step`] in order, with other keys in between. `found` is what the
    /// steps of one key hand on.
    #[inline(always)]
    pub(super) fn prepare<Q: Hash + ?Sized>(&self, key: &Q, step: Step, found: &mut u64, inside: Option<fn(&N)>) {
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
            // Numbers fit 32 bits; what is none of them is none here, too.
            Step::Expect => self.expected.set(*found as u32),
        }
    }

    /// Adds an entry whose key is not there yet. Its number is the last one. Returns the key's hash.
    ///
    /// # Panics
    /// When there are [`MOST`] entries; so the event fails. When the key's `Hash` does: then nothing is added.
    pub(super) fn push(&mut self, key: K, node: N) -> u64 {
        let number = u32::try_from(self.entries.len()).ok().filter(|number| *number < MOST);
        let Some(number) = number else {
            panic!("a map or a set has at most {MOST} entries on a task; give it more tasks, or use `Subindexed`")
        };
        // First the hashes: where a key's `Hash` panics, nothing has changed.
        let hash = self.hasher.hash_one(&key);
        if !self.indexed && self.entries.len() == FEW {
            let hashes: Vec<u64> = (0..FEW).map(|number| self.hash_at(number)).collect();
            for (number, hash) in (0..).zip(hashes) {
                self.numbers.insert(hash, number);
            }
            self.indexed = true;
        }
        if self.indexed {
            self.numbers.insert(hash, number);
        }
        self.entries.push((key, node));
        hash
    }

    /// Takes back [`push`](Self::push), which gave that hash.
    pub(super) fn pop(&mut self, hash: u64) {
        if let Some(last) = self.entries.len().checked_sub(1) {
            // Numbers fit 32 bits.
            self.numbers.remove(hash, last as u32);
            self.entries.pop();
        }
    }

    /// Forgets the last entry. Returns its key.
    pub(super) fn pop_last(&mut self) -> Option<K> {
        let last = self.entries.len().checked_sub(1)?;
        let hash = self.hash_at(last);
        self.numbers.remove(hash, last as u32);
        self.entries.pop().map(|(key, _)| key)
    }

    /// Removes an entry. The last one gets its number.
    pub(super) fn swap_remove(&mut self, number: usize) -> Option<Removed<K, N>> {
        let last = self.entries.len().checked_sub(1)?;
        if number > last {
            return None;
        }
        // First the hashes, as above.
        let (hash, hash_of_last) = (self.hash_at(number), self.hash_at(last));
        // Numbers fit 32 bits.
        self.numbers.remove(hash, number as u32);
        if number != last {
            self.numbers.renumber(hash_of_last, last as u32, number as u32);
        }
        let (key, node) = self.entries.swap_remove(number);
        Some(Removed {
            number,
            last,
            key,
            node,
            hash,
            hash_of_last,
        })
    }

    /// Takes back [`swap_remove`](Self::swap_remove): the entry gets its number again, and the one that has it now becomes the last.
    pub(super) fn restore(&mut self, removed: Removed<K, N>) {
        let Removed {
            number,
            last: _,
            key,
            node,
            hash,
            hash_of_last,
        } = removed;
        let last = self.entries.len();
        self.entries.push((key, node));
        if number < last {
            self.entries.swap(number, last);
        }
        if self.indexed {
            if number < last {
                self.numbers.renumber(hash_of_last, number as u32, last as u32);
            }
            self.numbers.insert(hash, number as u32);
        }
    }

    fn hash_at(&self, number: usize) -> u64 {
        self.hasher.hash_one(&self.entries[number].0)
    }
}

/// An entry that was removed, and how it is put back.
#[derive(Debug)]
pub struct Removed<K, N> {
    number: usize,
    /// The last one's number, then: so many entries there are behind the removal.
    last: usize,
    key: K,
    node: N,
    hash: u64,
    /// Of the entry that got its number.
    hash_of_last: u64,
}

impl<K, N> Removed<K, N> {
    /// The entry's key.
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    /// How many entries there were without it.
    pub(super) fn others(&self) -> usize {
        self.last
    }

    /// Takes it apart.
    pub(super) fn into_entry(self) -> (K, N) {
        (self.key, self.node)
    }

    /// The number that it had.
    pub(super) fn number(&self) -> usize {
        self.number
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
