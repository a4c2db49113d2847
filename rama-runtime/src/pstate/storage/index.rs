//! Numbers, found by hash.

use crate::prefetch::prefetch;

/// A hash table of numbers below 2^32 - 1, by open addressing with linear probing.
///
/// A slot is four bytes, so that of a large table as much as possible is in the processor's caches: the number, and in the bits that it
/// does not need as many bits of its hash, so one look at one cache line mostly finds the only candidate. The address of a slot
/// is known before anything is read, so a lookup that comes can be prepared. What is needed of the hashes to grow stands beside, in
/// order of the numbers, and is read for nothing else but removals.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// None or a power of two of them; 0 is an empty one. The lower bits, as many as give the place of a slot, are the number plus 1.
    slots: Vec<u32>,
    len: usize,
    /// The upper half of each number's hash.
    hashes: Vec<u32>,
}

/// With fewer entries than this the table would be too small to be worth it.
const LEAST: usize = 16;

/// The upper half.
fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Index {
    /// Where a slot of that hash would like to stand (the hash's highest bits), and what else of the hash it holds (the next ones).
    #[inline]
    fn home(&self, half: u32) -> (usize, u32) {
        // There are at most 2^32 slots, a power of two: so this shifts.
        let product = u64::from(half) * self.slots.len() as u64;
        ((product >> 32) as usize, product as u32)
    }

    /// The bits of a slot that are its number, plus 1.
    #[inline]
    fn mask(&self) -> u32 {
        // As above.
        self.slots.len().wrapping_sub(1) as u32
    }

    /// The number in a slot that is taken.
    #[inline]
    fn number(&self, slot: u32) -> u32 {
        (slot & self.mask()).wrapping_sub(1)
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    /// The slot of that hash whose number is the one.
    #[inline]
    fn find_slot(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        let (mut at, tag) = self.home(half(hash));
        loop {
            // There are always empty slots, so this ends.
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot & !self.mask() == tag && is_it(self.number(slot)) {
                return Some((at, self.number(slot)));
            }
            at = self.next(at);
        }
    }

    /// The number with that hash that is the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.find_slot(hash, is_it).map(|(_, number)| number)
    }

    /// The first number with that hash, most probably the only one.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Prepares a lookup of that hash.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.home(half(hash)).0) {
            prefetch(slot);
        }
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        self.make_room(self.len + 1, number);
        self.remember(hash, number);
        self.put(half(hash), number);
    }

    /// For so many numbers, up to that one.
    fn make_room(&mut self, len: usize, number: u32) {
        while len * 8 > self.slots.len() * 5 || number as usize + 1 >= self.slots.len() {
            self.grow();
        }
    }

    /// Twice as many slots.
    fn grow(&mut self) {
        let numbers: Vec<u32> = self.numbers().collect();
        self.slots = vec![0; (self.slots.len() * 2).max(LEAST)];
        self.len = 0;
        for number in numbers {
            self.put(self.hashes[number as usize], number);
        }
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        let taken = self.slots.iter().filter(|slot| **slot != 0);
        taken.map(|slot| self.number(*slot))
    }

    fn remember(&mut self, hash: u64, number: u32) {
        let number = number as usize;
        if self.hashes.len() <= number {
            self.hashes.resize(number + 1, 0);
        }
        self.hashes[number] = half(hash);
    }

    fn put(&mut self, half: u32, number: u32) {
        let (mut at, tag) = self.home(half);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        // Numbers are less than slots are, so it leaves the tag as it is.
        self.slots[at] = tag | (number + 1);
        self.len += 1;
    }

    /// Removes a number.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let Some((mut hole, _)) = self.find_slot(hash, |other| other == number) else {
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
            let (home, _) = self.home(self.hashes[self.number(slot) as usize]);
            let from_home = at.wrapping_sub(home) & mask;
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
        // A table so small that it has no index stays without.
        if self.len == 0 {
            return;
        }
        self.make_room(self.len, to);
        if let Some((at, _)) = self.find_slot(hash, |other| other == from) {
            self.slots[at] = self.slots[at] & !self.mask() | (to + 1);
            self.remember(hash, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn without_numbers_it_takes_no_memory() {
        let mut index = Index::default();
        index.renumber(1, 7, 3);
        index.remove(1, 3);
        assert_eq!(index.slots.capacity() + index.hashes.capacity(), 0);
    }

    proptest! {
        /// Few different hashes, so that there are long runs, equal hashes, hashes with equal homes, and runs over the end of the table.
        #[test]
        fn it_finds_what_was_inserted_and_not_removed(
            steps in proptest::collection::vec((any::<bool>(), 0u32..60, 0u64..8), 1..300)
        ) {
            let mut index = Index::default();
            let mut model: BTreeMap<u32, u64> = BTreeMap::new();
            for (insert, number, hash) in steps {
                // Homes at the very end and at the beginning.
                let hash = hash.wrapping_sub(4) << 60 | u64::from(number % 3) << 33;
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
                    // With another hash it may be found or not: whoever asks compares keys.
                    let of = |hash: u64| index.find(hash, |other| other == number);
                    prop_assert_eq!(hash.and_then(of), hash.map(|_| number));
                    let anywhere = (0..8u64)
                        .map(|hash| hash.wrapping_sub(4) << 60 | u64::from(number % 3) << 33)
                        .any(|hash| of(hash).is_some());
                    prop_assert_eq!(anywhere, hash.is_some());
                }
            }
        }
    }
}
