//! Which entries of a [`Table`](super::Table) have changed since it was stored.

/// The changed entries' numbers, and the keys that went.
#[derive(Debug)]
pub(super) struct Marks<K> {
    /// A bit a number: of entries that are among `numbers`. Beyond its end, they are not.
    bits: Vec<u64>,
    /// Each marked entry at least once; what is not marked any more is passed over.
    numbers: Vec<u32>,
    /// Keys that were removed, and may have come back.
    removed: Vec<K>,
    /// By number: the last cut with which the entry was stored. Only where entries may leave memory.
    stamps: Vec<u32>,
    /// An entry's bytes in the store, about: the mean of those that were written or read lately.
    bytes: u32,
}

/// Buffers that have grown beyond so many are not kept.
const KEPT: usize = 1 << 16;

impl<K> Default for Marks<K> {
    fn default() -> Self {
        Marks {
            bits: Vec::new(),
            numbers: Vec::new(),
            removed: Vec::new(),
            stamps: Vec::new(),
            bytes: 0,
        }
    }
}

impl<K> Marks<K> {
    /// Whether it has changed.
    pub(super) fn is_marked(&self, number: usize) -> bool {
        self.is(number)
    }

    fn is(&self, number: usize) -> bool {
        self.bits
            .get(number / 64)
            .is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// The entry has changed.
    #[inline]
    pub(super) fn mark(&mut self, number: usize) {
        let (word, bit) = (number / 64, 1 << (number % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            // Numbers fit 32 bits.
            self.numbers.push(number as u32);
        }
    }

    /// The entry is not there any more.
    fn unmark(&mut self, number: usize) {
        if let Some(word) = self.bits.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// Takes the mark off; says whether there was one.
    pub(super) fn take(&mut self, number: usize) -> bool {
        let was = self.is(number);
        self.unmark(number);
        was
    }

    /// The last entry, `last`, is gone, as if it had never been there.
    pub(super) fn popped(&mut self, last: usize) {
        self.unmark(last);
        self.stamps.truncate(last);
    }

    /// The entry was stored with that cut, and took so many bytes.
    pub(super) fn stamp(&mut self, number: usize, cut: Option<u32>, bytes: usize) {
        if let Some(cut) = cut {
            self.came(number, cut);
            // An entry has less than 4 GiB.
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            self.bytes = self.bytes - self.bytes / 16 + bytes / 16 + 1;
        }
    }

    /// The entry is in memory, and the store had it by that cut.
    pub(super) fn came(&mut self, number: usize, cut: u32) {
        if number >= self.stamps.len() {
            self.stamps.resize(number + 1, cut);
        }
        self.stamps[number] = cut;
    }

    /// The last cut with which the entry was stored.
    pub(super) fn stamp_of(&self, number: usize) -> Option<u32> {
        self.stamps.get(number).copied()
    }

    /// About how many bytes an entry takes in the store.
    pub(super) fn bytes(&self) -> usize {
        self.bytes as usize
    }

    fn moved(&mut self, from: usize, to: usize) {
        if let Some(&stamp) = self.stamps.get(from)
            && let Some(place) = self.stamps.get_mut(to)
        {
            *place = stamp;
        }
    }

    /// Entry `number` has left memory, and the last one got its number.
    pub(super) fn left(&mut self, number: usize, last: usize) {
        self.moved(last, number);
        self.stamps.truncate(last);
    }

    /// Entry `number`, of that key, was removed, and the last one got its number.
    pub(super) fn removed(&mut self, number: usize, last: usize, key: K) {
        self.moved(last, number);
        self.stamps.truncate(last);
        let moves = self.is(last);
        self.unmark(last);
        if number != last {
            self.unmark(number);
            if moves {
                self.mark(number);
            }
        }
        self.removed.push(key);
    }

    /// That has been taken back: entry `number` is there again, and the one that had its number is the last.
    pub(super) fn restored(&mut self, number: usize, last: usize) {
        if !self.stamps.is_empty() {
            // The one that is back is marked, so its stamp does not matter before it is stored again.
            let stamp = self.stamps.get(number).copied().unwrap_or_default();
            self.stamps.resize(last + 1, stamp);
            self.stamps[last] = stamp;
        }
        if number != last && self.is(number) {
            self.mark(last);
        }
        self.mark(number);
    }

    /// The last removal has been taken back: the key is no longer among those that went.
    pub(super) fn not_removed(&mut self) -> Option<K> {
        self.removed.pop()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.removed.is_empty()
    }

    /// The keys that went.
    pub(super) fn take_removed(&mut self) -> Vec<K> {
        std::mem::take(&mut self.removed)
    }

    /// The numbers of which some are marked.
    pub(super) fn take_numbers(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.numbers)
    }

    /// Takes the emptied list of numbers back, to fill it again.
    pub(super) fn give_back(&mut self, mut numbers: Vec<u32>) {
        numbers.clear();
        if numbers.capacity() <= KEPT {
            self.numbers = numbers;
        }
    }
}
