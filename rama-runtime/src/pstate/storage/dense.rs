//! A hash table whose entries have numbers.

use crate::pstate::lookup::Lookup;
use crate::pstate::schema::Key;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
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
    numbers: HashTable<u32>,
    hasher: RandomState,
}

/// So many entries are looked through rather than hashed: most nested maps and sets are small.
const FEW: usize = 8;

impl<K, N> Default for Dense<K, N> {
    fn default() -> Self {
        Dense {
            entries: Vec::new(),
            numbers: HashTable::new(),
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
        let hash = self.hasher.hash_one(key);
        let is_it = |number: &u32| {
            self.entries
                .get(*number as usize)
                .is_some_and(|(other, _)| Q::of(other) == key)
        };
        self.numbers.find(hash, is_it).map(|number| *number as usize)
    }

    /// Adds an entry whose key is not there yet. Its number is the last one.
    ///
    /// # Panics
    /// When there are 2^32 entries; so the event fails. When the key's `Hash` does: then nothing is added.
    pub(super) fn push(&mut self, key: K, node: N) {
        let Dense {
            entries,
            numbers,
            hasher,
        } = self;
        let hash = |number: &u32| hasher.hash_one(&entries[*number as usize].0);
        let Ok(number) = u32::try_from(entries.len()) else {
            panic!("a map or a set has at most 2^32 entries on a task; give it more tasks, or use `Subindexed`")
        };
        // First the table: where a key's `Hash` panics, the entries are still those that it names.
        match entries.len() {
            0..FEW => {}
            FEW => {
                let mut all = HashTable::with_capacity(2 * FEW);
                for old in 0..number {
                    all.insert_unique(hash(&old), old, hash);
                }
                all.insert_unique(hasher.hash_one(&key), number, hash);
                *numbers = all;
            }
            _ => {
                numbers.insert_unique(hasher.hash_one(&key), number, hash);
            }
        }
        entries.push((key, node));
    }

    /// Removes an entry. The last one gets its number.
    pub(super) fn swap_remove(&mut self, number: usize) -> Option<(K, N)> {
        let last = self.entries.len().checked_sub(1)?;
        if number > last {
            return None;
        }
        if last == FEW {
            self.numbers = HashTable::new();
        } else if last > FEW {
            let hashes = (self.hash_at(number), self.hash_at(last));
            self.forget(hashes.0, number);
            if number != last {
                self.renumber(hashes.1, last, number);
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
                self.renumber(hashes.0, number, usize::MAX);
                self.renumber(hashes.1, last, number);
                self.renumber(hashes.0, usize::MAX, last);
            }
            self.entries.swap(number, last);
        }
    }

    fn hash_at(&self, number: usize) -> u64 {
        self.hasher.hash_one(&self.entries[number].0)
    }

    fn forget(&mut self, hash: u64, number: usize) {
        if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number as u32) {
            entry.remove();
        }
    }

    fn renumber(&mut self, hash: u64, from: usize, to: usize) {
        if let Some(number) = self.numbers.find_mut(hash, |other| *other == from as u32) {
            *number = to as u32;
        }
    }
}
