//! Numbers, found by hash.

use super::prefetch::prefetch;

/// A hash table of numbers below 2^32 - 1, by open addressing with linear probing.
///
/// A slot holds the upper half of the number's hash and the number itself, so one look at one cache line mostly finds the
/// only candidate. The place of a slot is given by the same upper bits: the table grows without asking for any hash, in one pass
/// over both. The address of a slot is known before anything is read, so a lookup that comes can be prepared.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// None or a power of two of them; 0 is an empty one.
    slots: Vec<u64>,
    len: usize,
}

/// With fewer entries than this the table would be too small to be worth it.
const LEAST: usize = 16;

fn slot(hash: u64, number: u32) -> u64 {
    (hash & !0xFFFF_FFFF) | (u64::from(number) + 1)
}

fn number(slot: u64) -> u32 {
    // The lower half; never 0 in a slot that is taken.
    (slot as u32).wrapping_sub(1)
}

impl Index {
    /// Where a slot of that hash (or a slot itself) would like to stand.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        // The upper half of the hash, scaled to the number of slots, which is at most 2^32.
        (((hash >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    /// The slot of that hash whose number is the one.
    #[inline]
    fn find_slot(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        loop {
            // There are always empty slots, so this ends.
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot >> 32 == hash >> 32 && is_it(number(slot)) {
                return Some(at);
            }
            at = self.next(at);
        }
    }

    /// The number with that hash that is the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.find_slot(hash, is_it).map(|at| number(self.slots[at]))
    }

    /// The first number with that hash, most probably the only one.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Prepares a lookup of that hash.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.home(hash)) {
            prefetch(slot);
        }
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        if (self.len + 1) * 8 > self.slots.len() * 5 {
            let grown = Index {
                slots: vec![0; (self.slots.len() * 2).max(LEAST)],
                len: 0,
            };
            let old = std::mem::replace(self, grown);
            old.slots
                .into_iter()
                .filter(|slot| *slot != 0)
                .for_each(|slot| self.put(slot));
        }
        self.put(slot(hash, number));
    }

    fn put(&mut self, slot: u64) {
        let mut at = self.home(slot);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        self.slots[at] = slot;
        self.len += 1;
    }

    /// Removes a number.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let Some(mut hole) = self.find_slot(hash, |other| other == number) else {
            return;
        };
        let mut at = hole;
        loop {
            at = self.next(at);
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            // It moves into the hole unless its home lies behind the hole.
            let mask = self.slots.len() - 1;
            let from_home = at.wrapping_sub(self.home(slot)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = 0;
        self.len -= 1;
    }

    /// Gives a number another one's place.
    pub(super) fn renumber(&mut self, hash: u64, from: u32, to: u32) {
        if let Some(at) = self.find_slot(hash, |other| other == from) {
            self.slots[at] = slot(hash, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Few different hashes, so that there are long runs, equal hashes, and runs over the end of the table.
        #[test]
        fn it_finds_what_was_inserted_and_not_removed(
            steps in proptest::collection::vec((any::<bool>(), 0u32..60, 0u64..8), 1..300)
        ) {
            let mut index = Index::default();
            let mut model: BTreeMap<u32, u64> = BTreeMap::new();
            for (insert, number, hash) in steps {
                // Homes at the very end and at the beginning.
                let hash = hash.wrapping_sub(4) << 60;
                match (insert, model.get(&number)) {
                    (true, None) => {
                        index.insert(hash, number);
                        model.insert(number, hash);
                    }
                    (false, Some(&hash)) => {
                        index.remove(hash, number);
                        model.remove(&number);
                    }
                    (true, Some(&hash)) => {
                        index.renumber(hash, number, number + 100);
                        prop_assert_eq!(index.find(hash, |other| other == number), None);
                        index.renumber(hash, number + 100, number);
                    }
                    (false, None) => {}
                }
                prop_assert_eq!(index.len, model.len());
                for number in 0..60 {
                    let hash = model.get(&number).copied();
                    let found = (0..8u64)
                        .map(|hash| hash.wrapping_sub(4) << 60)
                        .find(|&hash| index.find(hash, |other| other == number).is_some());
                    prop_assert_eq!(found, hash);
                }
            }
        }
    }
}
