//! A table of counts that is given the hash, and owns a word only from the first time it is seen.

use crate::kit::hash::fx;
use hashbrown::HashTable;

/// How often each word was seen.
#[derive(Default)]
pub(super) struct Table(HashTable<(String, u64)>);

impl Table {
    /// Counts the word of these bytes, which are UTF-8, and whose hash is `hash`.
    #[inline]
    pub(super) fn count(&mut self, hash: u64, word: &[u8]) {
        match self.0.find_mut(hash, |(known, _)| known.as_bytes() == word) {
            Some((_, count)) => *count += 1,
            None => {
                let word = String::from_utf8(word.to_vec()).expect("words are UTF-8");
                self.0.insert_unique(hash, (word, 1), |(known, _)| fx(known.as_str()));
            }
        }
    }
}

impl IntoIterator for Table {
    type Item = (String, u64);
    type IntoIter = hashbrown::hash_table::IntoIter<(String, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
