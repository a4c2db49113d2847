//! The hash that every contender but rama routes and counts with: Fx, which costs next to nothing.

use std::hash::{BuildHasher, Hash};

/// The hash map of every contender but rama.
pub type FxMap<K, V> = hashbrown::HashMap<K, V, rustc_hash::FxBuildHasher>;

/// The hash of `item`.
#[inline]
pub fn fx<T: Hash + ?Sized>(item: &T) -> u64 {
    rustc_hash::FxBuildHasher.hash_one(item)
}

/// The worker, among two, that owns what has this hash. A bit that the hash map uses neither for its buckets nor for its
/// tags: it would be the same for all that a worker owns.
#[inline]
pub fn owner(hash: u64) -> usize {
    (hash >> 40) as usize & 1
}
