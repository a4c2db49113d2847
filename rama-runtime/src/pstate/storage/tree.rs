//! Entries one by one, in key order.

use super::spill::Spill;
use super::{ENTRY, Storage, put_len};
use crate::exec::discard;
use crate::group::{Changes, Cold, Evicting, StoreError};
use crate::pstate::edit::{After, Edit};
use crate::pstate::lookup::{HeldKey, Lookup};
use crate::pstate::schema::{Key, Schema, remove_nested, store_nested};
use crate::pstate::window::Window;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::mem;
use std::ops::Bound;

/// Entries in key order: a point read or write, `first`, `last` and the start of a range cost O(log n) each.
///
/// Some of them may be in the store only (`spill.rs`), and come and go; so undo records name keys, not places in memory.
pub struct Tree<K: Key, S: Schema> {
    map: BTreeMap<K, S::Node>,
    /// Keys whose entries have come, changed or gone since it was stored, some more than once; `None` before it first is: then it
    /// is all to be written.
    changed: Option<Vec<K>>,
    /// Of entries that are in the store only, if there may be any.
    spill: Option<Box<Spill<Tree<K, S>>>>,
    /// Where entries may leave memory: the last cut with which each one was stored, if the store did not have it then.
    recent: BTreeMap<K, u32>,
    /// An entry's bytes in the store, about.
    bytes: usize,
    /// The last key that was looked at in search of entries that may leave memory.
    hand: Option<K>,
}

impl<K: Key, S: Schema> std::fmt::Debug for Tree<K, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("in_memory", &self.map.len())
            .finish_non_exhaustive()
    }
}

impl<K: Key, S: Schema> Default for Tree<K, S> {
    fn default() -> Self {
        Tree {
            map: BTreeMap::new(),
            changed: None,
            spill: None,
            recent: BTreeMap::new(),
            bytes: 0,
            hand: None,
        }
    }
}

/// Takes back a write to a [`Tree`].
pub enum TreeUndo<K: Key, S: Schema> {
    /// The entry of this key was added.
    Added(K),
    /// What this key holds was changed.
    At(K, S::Undo),
    /// This entry was removed.
    Removed(K, S::Node),
    /// All entries were replaced.
    Replaced(Tree<K, S>),
}

impl<K: Key, S: Schema> std::fmt::Debug for TreeUndo<K, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TreeUndo::Added(_) => "Added",
            TreeUndo::At(..) => "At",
            TreeUndo::Removed(..) => "Removed",
            TreeUndo::Replaced(_) => "Replaced",
        })
    }
}

impl<K: Key, S: Schema> Tree<K, S> {
    /// Puts an entry that is in the store only into memory.
    #[cold]
    fn fetch<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) {
        if let Some((key, node)) = self.spill.as_mut().and_then(|spill| spill.take(key)) {
            self.map.insert(key, node);
        }
    }

    /// What an entry in memory takes, in bytes, without what is nested in it.
    fn entry_weight(&self) -> usize {
        let read = self.spill.as_ref().map_or(0, |spill| spill.bytes());
        size_of::<(K, S::Node)>() + self.bytes.max(read) + ENTRY
    }

    #[inline]
    fn note(&mut self, key: &K) {
        if let Some(changed) = &mut self.changed
            && changed.last() != Some(key)
        {
            changed.push(key.clone());
        }
    }
}

impl<K: Key, S: Schema> Storage for Tree<K, S> {
    type Key = K;
    type Item = S;
    type Undo = TreeUndo<K, S>;

    fn len(&self) -> usize {
        self.map.len() + self.spill.as_ref().map_or(0, |spill| spill.count())
    }

    #[inline]
    fn find<H: HeldKey<K>>(&self, key: &H) -> Option<&S::Node> {
        match key.form().find(&self.map) {
            Some(node) => Some(node),
            None => self.spill.as_ref()?.find(key.form()),
        }
    }

    #[inline]
    fn edit<H: HeldKey<K>, E: Edit<S>>(&mut self, key: H, edit: E) -> (E::Out, After<Self::Undo>) {
        if self.spill.is_some() && key.form().find(&self.map).is_none() {
            self.fetch(key.form());
        }
        match key.form().find_mut(&mut self.map) {
            Some(node) => {
                // Before the change: a key's `Clone` may panic.
                let kept = key.form().to_owned();
                let (out, after) = edit.present(node);
                let after = match after {
                    After::Same => After::Same,
                    After::Changed(undo) => {
                        self.note(&kept);
                        After::Changed(TreeUndo::At(kept, undo))
                    }
                    After::Remove => match key.form().take(&mut self.map) {
                        Some((key, node)) => {
                            self.note(&key);
                            if let Some(spill) = &mut self.spill {
                                spill.removed(key.clone());
                            }
                            After::Changed(TreeUndo::Removed(key, node))
                        }
                        None => After::Same,
                    },
                };
                (out, after)
            }
            None => {
                let (node, out) = edit.missing();
                let Some(node) = node else { return (out, After::Same) };
                let key = key.into_key();
                self.map.insert(key.clone(), node);
                self.note(&key);
                (out, After::Changed(TreeUndo::Added(key)))
            }
        }
    }

    fn add(&mut self, key: K, node: S::Node) {
        self.map.insert(key, node);
    }

    fn replaced(old: Self) -> Self::Undo {
        TreeUndo::Replaced(old)
    }

    fn undo(&mut self, undo: Self::Undo) {
        match undo {
            TreeUndo::Added(key) => drop(self.map.remove(&key)),
            TreeUndo::At(key, undo) => {
                if let Some(node) = self.map.get_mut(&key) {
                    S::undo(node, undo);
                }
            }
            TreeUndo::Removed(key, node) => {
                if let Some(spill) = &mut self.spill {
                    spill.not_removed(&key);
                }
                drop(self.map.insert(key, node));
            }
            TreeUndo::Replaced(old) => drop(mem::replace(self, old)),
        }
    }

    fn collect<T, C: FromIterator<T>>(&self, window: &Window<K>, mut each: impl FnMut(&K, &S::Node) -> T) -> C {
        if let (Some(spill), Some(bounds)) = (&self.spill, window.proper()) {
            let here = window.in_order(self.map.range(bounds));
            return spill.collect(window, here, |key| self.map.contains_key(key), each);
        }
        match window.proper() {
            Some(bounds) => window.walk(self.map.range(bounds).map(|(key, node)| each(key, node))),
            None => std::iter::empty().collect(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = (&K, &S::Node)> {
        self.map.iter()
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let stamp = changes.stamp();
        if stamp.is_some() {
            // What is removed from now on is remembered.
            self.spill.get_or_insert_default();
        }
        let mut gone = Vec::new();
        let changed = match &mut self.changed {
            None => {
                changes.clear();
                // Whatever is not in memory is of what stood there before.
                self.spill = stamp.map(|_| Box::default());
                put_len(self.map.len(), changes)?;
                self.changed = Some(Vec::new());
                self.map.keys().cloned().collect()
            }
            Some(changed) => {
                let mut changed = std::mem::take(changed);
                changed.sort_unstable();
                changed.dedup();
                if !changed.is_empty() {
                    put_len(self.len(), changes)?;
                }
                changed
            }
        };
        for key in changed {
            let before = changes.len();
            let mark = changes.step(&key)?;
            let there = match self.map.get_mut(&key) {
                Some(node) => {
                    store_nested::<S>(node, changes)?;
                    true
                }
                None => {
                    remove_nested::<S>(changes);
                    false
                }
            };
            changes.back(mark);
            let bytes = changes.len() - before;
            self.bytes = self.bytes - self.bytes / 16 + bytes / 16 + 1;
            match stamp {
                Some(stamp) if there => drop(self.recent.insert(key, stamp.cut)),
                Some(_) => gone.push(key),
                None => {}
            }
        }
        self.settle(gone, changes);
        Ok(())
    }

    fn settle(&mut self, gone: Vec<K>, changes: &mut Changes) {
        let (Some(stamp), Some(spill)) = (changes.stamp(), &mut self.spill) else {
            return;
        };
        self.recent.retain(|_, cut| !stamp.has(*cut));
        let mut came = 0;
        for (key, node) in spill.stored(stamp, gone, changes) {
            if let Entry::Vacant(place) = self.map.entry(key) {
                place.insert(node);
                came += 1;
            }
        }
        spill.came(came);
    }

    fn stored(&mut self) {
        self.changed = Some(Vec::new());
    }

    fn stays_cold(cold: Cold, len: usize) -> Self {
        Tree {
            changed: Some(Vec::new()),
            spill: Some(Box::new(Spill::all_cold(cold, len))),
            ..Tree::default()
        }
    }

    fn weight(&self) -> usize {
        if self.changed.is_none() {
            return 0;
        }
        let nested = if S::FLAT {
            0
        } else {
            self.map.values().map(S::weight).sum()
        };
        let found = self.spill.as_ref().map_or(0, |spill| spill.found());
        (self.map.len() + found) * self.entry_weight() + nested
    }

    fn evict(&mut self, evicting: &mut Evicting) {
        if self.changed.is_none() {
            return;
        }
        let entry = self.entry_weight();
        if let Some(spill) = &mut self.spill {
            evicting.freed(spill.found() * entry);
            spill.forget_found();
            spill.prune(evicting.stamp);
        }
        let mut left = self.map.len();
        while left > 0 && !evicting.enough() {
            let next = match &self.hand {
                Some(hand) => self.map.range((Bound::Excluded(hand), Bound::Unbounded)).next(),
                None => self.map.first_key_value(),
            };
            let Some((key, _)) = next else {
                if mem::take(&mut self.hand).is_none() {
                    break;
                }
                continue;
            };
            let key = key.clone();
            left -= 1;
            if self.recent.contains_key(&key) {
                if !S::FLAT
                    && let Some(node) = self.map.get_mut(&key)
                    && let Some(back) = evicting.step(&key)
                {
                    S::evict(node, evicting);
                    evicting.back(back);
                }
            } else if let Some(node) = self.map.remove(&key) {
                let nested = if S::FLAT { 0 } else { S::weight(&node) };
                discard(node);
                let spill = self.spill.get_or_insert_default();
                spill.left(evicting.place(), evicting);
                evicting.freed(entry + nested);
            }
            self.hand = Some(key);
        }
    }

    fn first(&self) -> Option<(&K, &S::Node)> {
        let here = self.map.first_key_value();
        match &self.spill {
            Some(spill) => spill.end(false, here, |key| self.map.contains_key(key)),
            None => here,
        }
    }

    fn last(&self) -> Option<(&K, &S::Node)> {
        let here = self.map.last_key_value();
        match &self.spill {
            Some(spill) => spill.end(true, here, |key| self.map.contains_key(key)),
            None => here,
        }
    }
}
