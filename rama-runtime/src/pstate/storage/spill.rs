//! Entries of a collection that are in the store only.
//!
//! A collection whose entries are stored one by one may have some of them in memory and the rest in the store. What is in memory counts:
//! the store may lag behind it. So an entry leaves memory only when the store has its last change, and of a key that was removed it
//! is known that it is, until the store knows it, too.

use super::NodeOf;
use super::Storage;
use crate::exec::discard;
use crate::group::{Changes, Cold, Evicting, Stamp, StoreError};
use crate::pstate::lookup::Lookup;
use crate::pstate::schema::{Schema, load_nested};
use crate::pstate::window::Window;
use crate::topology::EventError;
use elsa::FrozenVec;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a collection knows of its entries that are not in memory.
pub(super) struct Spill<T: Storage> {
    /// Where the others are. `None`: there are none.
    cold: Option<Cold>,
    /// How many they are.
    count: usize,
    /// Those that were read since the last cut.
    found: FrozenVec<Box<(T::Key, NodeOf<T>)>>,
    places: RefCell<BTreeMap<T::Key, usize>>,
    /// Removed keys, and the cut with which that was stored; the store may not have heard of it.
    gone: BTreeMap<T::Key, Option<u32>>,
    /// What was known of the keys that were removed since the last cut, before each removal: it may be taken back.
    before: Vec<Option<Option<u32>>>,
    /// The last cut that is known to be in the store.
    archived: u32,
    /// An entry's bytes in the store, about: the mean of those that were read lately. And all that were read since the last cut.
    bytes: Cell<usize>,
    read: Cell<usize>,
}

impl<T: Storage> Default for Spill<T> {
    fn default() -> Self {
        Spill {
            cold: None,
            count: 0,
            found: FrozenVec::new(),
            places: RefCell::default(),
            gone: BTreeMap::new(),
            before: Vec::new(),
            archived: 0,
            bytes: Cell::new(0),
            read: Cell::new(0),
        }
    }
}

impl<T: Storage> std::fmt::Debug for Spill<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spill")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// The store has failed an event. It unwinds as a panic does, but no hook runs.
#[cold]
fn fail(error: StoreError) -> ! {
    std::panic::resume_unwind(Box::new(EventError::of_store(error)))
}

/// What the store said; where it failed, the event fails.
fn insist<R>(result: Result<R, StoreError>) -> R {
    result.unwrap_or_else(|error| fail(error))
}

impl<T: Storage> Spill<T> {
    /// Of a collection of which nothing is in memory.
    pub(super) fn all_cold(cold: Cold, count: usize) -> Self {
        Spill {
            cold: Some(cold),
            count,
            ..Spill::default()
        }
    }

    /// How many entries are in the store only.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn is_gone<Q: Lookup<T::Key> + ?Sized>(&self, key: &Q) -> bool {
        key.find(&self.gone).is_some()
    }

    /// Where the entry of `key` is to be looked for, if it may be there.
    fn cold_for<Q: Lookup<T::Key> + ?Sized>(&self, key: &Q) -> Option<&Cold> {
        self.cold.as_ref().filter(|_| self.count > 0 && !self.is_gone(key))
    }

    fn read(&self, cold: &Cold, key: &T::Key) -> Option<NodeOf<T>> {
        let (node, bytes) = insist(cold.get(key, load_nested::<T::Item>));
        let mean = self.bytes.get();
        self.bytes.set(mean - mean / 16 + bytes / 16 + 1);
        self.read.set(self.read.get() + bytes);
        node
    }

    /// About how many bytes an entry takes in the store, by those that were read.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// The entry of `key`, which is not in memory.
    #[cold]
    pub(super) fn find<Q: Lookup<T::Key> + ?Sized>(&self, key: &Q) -> Option<&NodeOf<T>> {
        let cold = self.cold_for(key)?;
        if let Some(place) = key.find(&self.places.borrow()) {
            return self.found.get(*place).map(|(_, node)| node);
        }
        let key = key.to_owned();
        let node = self.read(cold, &key)?;
        Some(&self.keep(key, node).1)
    }

    fn keep(&self, key: T::Key, node: NodeOf<T>) -> &(T::Key, NodeOf<T>) {
        let place = self.found.len();
        self.places.borrow_mut().insert(key.clone(), place);
        self.found.push_get(Box::new((key, node)))
    }

    /// Takes the entry of `key`, which is not in memory, to be put there.
    #[cold]
    pub(super) fn take<Q: Lookup<T::Key> + ?Sized>(&mut self, key: &Q) -> Option<(T::Key, NodeOf<T>)> {
        let cold = self.cold_for(key)?;
        let key = key.to_owned();
        let node = self.read(cold, &key)?;
        self.count -= 1;
        // What reads have found of it will not be looked at any more: what is in memory counts.
        Some((key, node))
    }

    /// An entry has left memory, which is in the store.
    pub(super) fn left(&mut self, place: &[u8], evicting: &Evicting) {
        self.cold.get_or_insert_with(|| evicting.cold(place));
        self.count += 1;
    }

    /// An entry that had come back to memory is in the store only, again.
    pub(super) fn back_again(&mut self) {
        self.count += 1;
    }

    /// How many entries reads have brought in since the last cut.
    pub(super) fn found(&self) -> usize {
        self.found.len()
    }

    /// Forgets them.
    pub(super) fn forget_found(&mut self) {
        self.places.borrow_mut().clear();
        for entry in std::mem::take(&mut self.found).into_vec() {
            discard(entry);
        }
    }

    /// That key was removed, in an event that is under way.
    pub(super) fn removed(&mut self, key: T::Key) {
        let before = self.gone.insert(key, None);
        self.before.push(before);
    }

    /// The last removal is taken back.
    pub(super) fn not_removed(&mut self, key: &T::Key) {
        match self.before.pop().flatten() {
            Some(before) => drop(self.gone.insert(key.clone(), before)),
            None => drop(self.gone.remove(key)),
        }
    }

    /// What has changed is stored with that cut, the removal of `removed` included. Hands back what was read since the last one: it may
    /// stay in memory.
    pub(super) fn stored(
        &mut self,
        stamp: Stamp,
        removed: Vec<T::Key>,
        changes: &mut Changes,
    ) -> Vec<(T::Key, NodeOf<T>)> {
        changes.note_read(self.read.take());
        self.archived = stamp.archived;
        self.before.clear();
        for key in removed {
            self.gone.insert(key, None);
        }
        for cut in self.gone.values_mut() {
            cut.get_or_insert(stamp.cut);
        }
        self.places.borrow_mut().clear();
        let found = std::mem::take(&mut self.found).into_vec().into_iter();
        // What was read, and then removed, does not come back.
        let found = found
            .map(|entry| *entry)
            .filter(|(key, _)| !self.gone.contains_key(key))
            .collect();
        self.prune(stamp);
        found
    }

    /// Forgets removed keys of which the store has heard. Before entries leave memory: of what leaves, the store is believed.
    pub(super) fn prune(&mut self, stamp: Stamp) {
        self.gone.retain(|_, cut| cut.is_none_or(|cut| !stamp.has(cut)));
    }

    /// So many of these are in memory now.
    pub(super) fn came(&mut self, entries: usize) {
        self.count = self.count.saturating_sub(entries);
    }

    /// The last cut that is known to be in the store.
    pub(super) fn archived(&self) -> u32 {
        self.archived
    }

    /// The entries within `window`, of which `resident` are those in memory, in the window's order; and `is_resident` says which are.
    pub(super) fn collect<'r, R, C: FromIterator<R>>(
        &self,
        window: &Window<T::Key>,
        resident: impl Iterator<Item = (&'r T::Key, &'r NodeOf<T>)>,
        is_resident: impl Fn(&T::Key) -> bool,
        mut each: impl FnMut(&T::Key, &NodeOf<T>) -> R,
    ) -> C
    where
        NodeOf<T>: 'r,
        T::Key: 'r,
    {
        let (Some(cold), Some(bounds)) = (&self.cold, window.proper()) else {
            return resident
                .map(|(key, node)| each(key, node))
                .take(window.most())
                .collect();
        };
        let backwards = window.is_backwards();
        let cold = insist(cold.range(bounds, backwards, T::Item::FLAT, load_nested::<T::Item>));
        let mut cold = cold
            .map(insist)
            .filter(|(key, _)| !is_resident(key) && !self.is_gone(key))
            .peekable();
        let mut resident = resident.peekable();
        let merged = std::iter::from_fn(|| {
            let first = match (resident.peek(), cold.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((here, _)), Some((there, _))) if backwards => there.cmp(here),
                (Some((here, _)), Some((there, _))) => (*here).cmp(there),
            };
            if first == Ordering::Greater {
                cold.next().map(|(key, node)| each(&key, &node))
            } else {
                resident.next().map(|(key, node)| each(key, node))
            }
        });
        merged.take(window.most()).collect()
    }

    /// The entry at one end, of which `resident` is the one in memory.
    pub(super) fn end<'s>(
        &'s self,
        backwards: bool,
        resident: Option<(&'s T::Key, &'s NodeOf<T>)>,
        is_resident: impl Fn(&T::Key) -> bool,
    ) -> Option<(&'s T::Key, &'s NodeOf<T>)> {
        let Some(cold) = self.cold.as_ref().filter(|_| self.count > 0) else {
            return resident;
        };
        let all = (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
        let range = insist(cold.range(all, backwards, T::Item::FLAT, load_nested::<T::Item>));
        let there = range
            .map(insist)
            .find(|(key, _): &(T::Key, _)| !is_resident(key) && !self.is_gone(key));
        match (resident, there) {
            (Some((here, node)), Some((there, _))) if (*here < there) != backwards => Some((here, node)),
            (_, Some((key, node))) => {
                let (key, node) = self.keep(key, node);
                Some((key, node))
            }
            (resident, None) => resident,
        }
    }
}
