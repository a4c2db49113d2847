//! The storage seam: how the entries of a map or a set are kept.
//!
//! [`Table`] is for what is held as one piece: hashed, the fastest to reach. [`Tree`] is for what is `Subindexed`: entries
//! one by one in key order, with undo records that name keys. Either may have some of its entries in the store only (`spill.rs`).

mod dense;
mod index;
mod marks;
mod spill;
mod table;
mod tree;

pub use dense::Step;
pub use table::{Table, TableUndo};
pub use tree::{Tree, TreeUndo};

use super::edit::{After, Edit};
use super::lookup::HeldKey;
use super::schema::{Key, Schema, load_nested};
use super::window::Window;
use crate::group::{Changes, Cold, Entries, Evicting, StoreError, value};
use std::hash::Hash;

/// The entries of a map or a set, on one task.
pub trait Storage: Default + Send + Sized + 'static {
    /// What an entry is found by.
    type Key: Key;

    /// The schema of what an entry holds.
    type Item: Schema;

    /// How one write is taken back.
    type Undo: Send + 'static;

    /// The number of entries. Cost: constant.
    fn len(&self) -> usize;

    /// Whether there are no entries.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of `key`.
    fn find<H: HeldKey<Self::Key>>(&self, key: &H) -> Option<&NodeOf<Self>>;

    /// Whether nothing in the undo record needs to be dropped.
    #[inline]
    fn is_trivial(_undo: &Self::Undo) -> bool {
        !std::mem::needs_drop::<Self::Undo>()
    }

    /// Prepares a lookup of `key`, or of what it borrows as, if there are at least that many entries.
    #[inline]
    fn prepare<Q: Hash + ?Sized>(&self, _key: &Q, _least: usize, _step: Step, _found: &mut u64) {}

    /// Runs `edit` on the entry of `key`.
    fn edit<H, E>(&mut self, key: H, edit: E) -> (E::Out, After<Self::Undo>)
    where
        H: HeldKey<Self::Key>,
        E: Edit<Self::Item>;

    /// Adds an entry that is known to be new, without an undo record: for storages under construction.
    fn add(&mut self, key: Self::Key, node: NodeOf<Self>);

    /// The undo record of having put another storage in `old`'s place.
    fn replaced(old: Self) -> Self::Undo;

    /// Takes back the last write that was not yet taken back.
    fn undo(&mut self, undo: Self::Undo);

    /// The entries that `window` selects, collected through `each` in the window's order.
    fn collect<T, C: FromIterator<T>>(
        &self,
        window: &Window<Self::Key>,
        each: impl FnMut(&Self::Key, &NodeOf<Self>) -> T,
    ) -> C;

    /// All entries, in no order that means anything.
    fn entries(&self) -> impl Iterator<Item = (&Self::Key, &NodeOf<Self>)>;

    /// The entry with the smallest key.
    fn first(&self) -> Option<(&Self::Key, &NodeOf<Self>)>;

    /// The entry with the greatest key.
    fn last(&self) -> Option<(&Self::Key, &NodeOf<Self>)>;

    /// Writes what has changed since it was last stored, entry by entry; everything, if it never was.
    ///
    /// # Errors
    /// When a key's or a value's own `Serialize` fails.
    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError>;

    /// With a cut: what reads have brought into memory stays there, and what the store has heard of is forgotten. `gone`: keys whose
    /// removal is stored with it.
    fn settle(&mut self, gone: Vec<Self::Key>, changes: &mut Changes);

    /// What was stored is known: from now on, changes are noted.
    fn stored(&mut self);

    /// A collection of `len` entries, all of which are in the store only.
    fn stays_cold(cold: Cold, len: usize) -> Self;

    /// About how many bytes it takes in memory.
    fn weight(&self) -> usize;

    /// Entries leave memory that the store has: at its place, which is the one that `evicting` is at. Right behind [`store`](Self::store).
    fn evict(&mut self, evicting: &mut Evicting);
}

/// What an entry takes beside itself, in bytes: in the index, in the lists of what has changed, and as memory comes in pieces.
const ENTRY: usize = 40;

/// The place of the collection itself says that there is one, and how many entries it has.
pub(super) fn put_len(len: usize, changes: &mut Changes) -> Result<(), StoreError> {
    changes.put(|out| value::encode(&(len as u64), out))
}

/// Reads entries back, one by one.
pub(super) fn load<T: Storage>(entries: &mut Entries<'_>) -> Result<Option<T>, StoreError> {
    let Some(header) = entries.here()? else { return Ok(None) };
    let len: u64 = value::decode(&mut header.as_slice())?;
    if let Some(cold) = entries.stays_cold() {
        return Ok(Some(T::stays_cold(cold, usize::try_from(len).unwrap_or(usize::MAX))));
    }
    let mut storage = T::default();
    while let Some((key, place)) = entries.step::<T::Key>()? {
        let Some(node) = load_nested::<T::Item>(entries)? else {
            return Err(StoreError::Damaged {
                reason: "a key holds nothing".to_owned(),
            });
        };
        entries.back(place)?;
        storage.add(key, node);
    }
    if storage.len() as u64 != len {
        return Err(StoreError::Damaged {
            reason: format!("a collection of {len} entries has {}", storage.len()),
        });
    }
    storage.stored();
    Ok(Some(storage))
}

/// Appends all entries, as one value.
pub(super) fn encode<T: Storage>(storage: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
    value::encode(&storage.len(), out)?;
    for (key, node) in storage.entries() {
        value::encode(key, out)?;
        T::Item::encode(node, out)?;
    }
    Ok(())
}

/// Takes all entries off the front of a value.
pub(super) fn decode<T: Storage>(input: &mut &[u8]) -> Result<T, StoreError> {
    let len: usize = value::decode(input)?;
    let mut storage = T::default();
    for _ in 0..len {
        let key = value::decode(input)?;
        storage.add(key, T::Item::decode(input)?);
    }
    Ok(storage)
}

/// What an entry of a storage holds.
pub type NodeOf<T> = <<T as Storage>::Item as Schema>::Node;
