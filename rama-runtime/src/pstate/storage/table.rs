//! Entries in a hash table with numbered slots.

use super::dense::{Dense, Removed, Step};
use super::marks::Marks;
use super::spill::Spill;
use super::{ENTRY, Storage, put_len};
use crate::exec::discard;
use crate::group::{Changes, Cold, Evicting, StoreError};
use crate::pstate::edit::{After, Edit};
use crate::pstate::lookup::{HeldKey, Lookup};
use crate::pstate::schema::{Key, Schema, remove_nested, store_nested};
use crate::pstate::window::Window;
use std::cell::OnceCell;
use std::hash::Hash;
use std::mem;

/// Entries in a hash table: a point read or write costs one hash and one probe.
///
/// Every entry has a slot (its number in a dense array), which an undo record names instead of the key. Ordered reads go
/// through the slots sorted by key: sorted on the first such read after a key came or went, kept till the next comes or
/// goes. (A write to what a key already holds does not touch them.)
pub struct Table<K: Key, S: Schema> {
    map: Dense<K, S::Node>,
    sorted: OnceCell<Vec<usize>>,
    /// What has changed since it was stored; `None` before it first is: then it is all to be written.
    marks: Option<Box<Marks<K>>>,
    /// Of entries that are in the store only, if there may be any.
    spill: Option<Box<Spill<Table<K, S>>>>,
    /// Where the last search for entries that may leave memory ended.
    hand: usize,
}

impl<K: Key, S: Schema> std::fmt::Debug for Table<K, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("in_memory", &self.map.len())
            .finish_non_exhaustive()
    }
}

impl<K: Key, S: Schema> Default for Table<K, S> {
    fn default() -> Self {
        Table {
            map: Dense::default(),
            sorted: OnceCell::new(),
            marks: None,
            spill: None,
            hand: 0,
        }
    }
}

/// Takes back a write to a [`Table`].
pub enum TableUndo<K: Key, S: Schema> {
    /// An entry was added, whose key has this hash, behind so many others. It is the last one, as undo runs backwards.
    Added(u64, u32),
    /// What the entry in this slot holds was changed.
    At(usize, S::Undo),
    /// This entry was removed, and the last one moved into its slot.
    Removed(Removed<K, S::Node>),
    /// All entries were replaced. (Rare and large: boxed, so that the other records stay small.)
    Replaced(Box<Table<K, S>>),
}

impl<K: Key, S: Schema> std::fmt::Debug for TableUndo<K, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TableUndo::Added(..) => "Added",
            TableUndo::At(..) => "At",
            TableUndo::Removed(_) => "Removed",
            TableUndo::Replaced(_) => "Replaced",
        })
    }
}

impl<K: Key, S: Schema> Table<K, S> {
    /// The slots in key order.
    fn sorted(&self) -> &[usize] {
        self.sorted.get_or_init(|| {
            let mut slots: Vec<usize> = (0..self.map.len()).collect();
            slots.sort_unstable_by_key(|&slot| self.key_at(slot));
            slots
        })
    }

    fn key_at(&self, slot: usize) -> Option<&K> {
        self.map.get(slot).map(|(key, _)| key)
    }

    fn entry_at(&self, slot: usize) -> Option<(&K, &S::Node)> {
        self.map.get(slot).map(|(key, node)| (key, node))
    }

    /// The entries in the order of their slots, for tests.
    #[cfg(test)]
    pub(in crate::pstate) fn in_slots(&self) -> String
    where
        K: std::fmt::Debug,
        S::Node: std::fmt::Debug,
    {
        format!("{:?}", self.map.entries())
    }

    /// Puts an entry that is in the store only into memory. Returns its slot.
    #[cold]
    fn fetch<Q: Lookup<K> + ?Sized>(&mut self, key: &Q) -> Option<usize> {
        let spill = self.spill.as_mut()?;
        let (key, node) = spill.take(key)?;
        let archived = spill.archived();
        Some(self.put_back(key, node, archived))
    }

    /// An entry is in memory again, as the store has it.
    fn put_back(&mut self, key: K, node: S::Node, archived: u32) -> usize {
        self.keys_changed();
        self.map.push(key, node);
        let slot = self.map.len() - 1;
        if let Some(marks) = &mut self.marks {
            marks.came(slot, archived);
        }
        slot
    }

    /// Lets go of the entries behind the first `len`, which have come from the store since something was done that is now undone.
    fn let_go(&mut self, len: usize) {
        let Some(spill) = &mut self.spill else { return };
        while self.map.len() > len && self.map.pop_last().is_some() {
            spill.back_again();
            if let Some(marks) = &mut self.marks {
                marks.popped(self.map.len());
            }
        }
    }

    /// The keys changed: the sorted slots hold no longer.
    fn keys_changed(&mut self) {
        self.sorted.take();
    }
}

impl<K: Key, S: Schema> Storage for Table<K, S> {
    type Key = K;
    type Item = S;
    type Undo = TableUndo<K, S>;

    fn len(&self) -> usize {
        self.map.len() + self.spill.as_ref().map_or(0, |spill| spill.count())
    }

    #[inline]
    fn find<H: HeldKey<K>>(&self, key: &H) -> Option<&S::Node> {
        match self.map.find(key.form()) {
            Some(slot) => self.map.get(slot).map(|(_, node)| node),
            None => self.spill.as_ref()?.find(key.form()),
        }
    }

    #[inline]
    fn is_trivial(undo: &Self::Undo) -> bool {
        match undo {
            TableUndo::Added(..) => true,
            TableUndo::At(_, undo) => S::is_trivial(undo),
            TableUndo::Removed(_) | TableUndo::Replaced(_) => false,
        }
    }

    #[inline]
    fn prepare<Q: Hash + ?Sized>(&self, key: &Q, least: usize, step: Step, found: &mut u64) {
        if self.map.len() >= least {
            self.map.prepare(key, step, found, S::PREPARE_INSIDE);
        }
    }

    #[inline(always)]
    fn edit<H: HeldKey<K>, E: Edit<S>>(&mut self, key: H, edit: E) -> (E::Out, After<Self::Undo>) {
        let mut found = self.map.find(key.form());
        if found.is_none() && self.spill.is_some() {
            found = self.fetch(key.form());
        }
        match found.and_then(|slot| Some((slot, self.map.node_mut(slot)?))) {
            Some((slot, node)) => {
                let (out, after) = edit.present(node);
                let after = match after {
                    After::Same => After::Same,
                    After::Changed(undo) => {
                        if let Some(marks) = &mut self.marks {
                            marks.mark(slot);
                        }
                        After::Changed(TableUndo::At(slot, undo))
                    }
                    After::Remove => match self.map.swap_remove(slot) {
                        Some(removed) => {
                            self.keys_changed();
                            if let Some(spill) = &mut self.spill {
                                spill.removed(removed.key().clone());
                            }
                            if let Some(marks) = &mut self.marks {
                                marks.removed(slot, self.map.len(), removed.key().clone());
                            }
                            After::Changed(TableUndo::Removed(removed))
                        }
                        None => After::Same,
                    },
                };
                (out, after)
            }
            None => {
                let (node, out) = edit.missing();
                let Some(node) = node else { return (out, After::Same) };
                self.keys_changed();
                let slot = self.map.len();
                let hash = self.map.push(key.into_key(), node);
                if let Some(marks) = &mut self.marks {
                    marks.mark(slot);
                }
                // Numbers fit 32 bits.
                (out, After::Changed(TableUndo::Added(hash, slot as u32)))
            }
        }
    }

    fn add(&mut self, key: K, node: S::Node) {
        self.keys_changed();
        self.map.push(key, node);
    }

    fn replaced(old: Self) -> Self::Undo {
        TableUndo::Replaced(Box::new(old))
    }

    fn undo(&mut self, undo: Self::Undo) {
        match undo {
            TableUndo::Added(hash, slot) => {
                self.keys_changed();
                self.let_go(slot as usize + 1);
                self.map.pop(hash);
                if let Some(marks) = &mut self.marks {
                    marks.popped(self.map.len());
                }
            }
            TableUndo::At(slot, undo) => {
                if let Some(node) = self.map.node_mut(slot) {
                    S::undo(node, undo);
                }
            }
            TableUndo::Removed(removed) => {
                self.keys_changed();
                self.let_go(removed.others());
                if let Some(spill) = &mut self.spill {
                    spill.not_removed(removed.key());
                }
                let number = removed.number();
                self.map.restore(removed);
                if let Some(marks) = &mut self.marks {
                    marks.not_removed();
                    marks.restored(number, self.map.len() - 1);
                }
            }
            TableUndo::Replaced(old) => drop(mem::replace(self, *old)),
        }
    }

    fn collect<T, C: FromIterator<T>>(&self, window: &Window<K>, mut each: impl FnMut(&K, &S::Node) -> T) -> C {
        let slots = window.of_sorted(self.sorted(), |&slot| self.key_at(slot));
        if let Some(spill) = &self.spill {
            let here = window.in_order(slots.iter().filter_map(|&slot| self.entry_at(slot)));
            return spill.collect(window, here, |key| self.map.find(key).is_some(), each);
        }
        window.walk(
            slots
                .iter()
                .filter_map(|&slot| self.entry_at(slot))
                .map(|(key, node)| each(key, node)),
        )
    }

    fn entries(&self) -> impl Iterator<Item = (&K, &S::Node)> {
        self.map.entries().iter().map(|(key, node)| (key, node))
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let stamp = changes.stamp();
        if stamp.is_some() {
            // What is removed from now on is remembered.
            self.spill.get_or_insert_default();
        }
        let cut = stamp.map(|stamp| stamp.cut);
        let Some(marks) = &mut self.marks else {
            changes.clear();
            put_len(self.map.len(), changes)?;
            let mut marks = Marks::default();
            for (number, (key, node)) in self.map.entries_mut().enumerate() {
                let before = changes.len();
                let mark = changes.step(key)?;
                store_nested::<S>(node, changes)?;
                changes.back(mark);
                marks.stamp(number, cut, changes.len() - before);
            }
            self.marks = Some(Box::new(marks));
            self.spill = stamp.map(|_| Box::default());
            return Ok(());
        };
        let mut gone = Vec::new();
        if !marks.is_empty() {
            let cold = self.spill.as_ref().map_or(0, |spill| spill.count());
            put_len(self.map.len() + cold, changes)?;
            // First those that went: what is written below cannot be taken for older than that.
            for key in marks.take_removed() {
                if self.map.find::<K>(&key).is_none() {
                    let mark = changes.step(&key)?;
                    remove_nested::<S>(changes);
                    changes.back(mark);
                    gone.push(key);
                }
            }
            let numbers = marks.take_numbers();
            for &number in &numbers {
                let number = number as usize;
                if marks.take(number)
                    && let Some((key, node)) = self.map.entry_mut(number)
                {
                    let before = changes.len();
                    let mark = changes.step(key)?;
                    store_nested::<S>(node, changes)?;
                    changes.back(mark);
                    marks.stamp(number, cut, changes.len() - before);
                }
            }
            marks.give_back(numbers);
        }
        self.settle(gone, changes);
        Ok(())
    }

    fn settle(&mut self, gone: Vec<K>, changes: &mut Changes) {
        let (Some(stamp), Some(spill)) = (changes.stamp(), &mut self.spill) else {
            return;
        };
        for (key, node) in spill.stored(stamp, gone, changes) {
            if self.map.find::<K>(&key).is_none() {
                if let Some(spill) = &mut self.spill {
                    spill.came(1);
                }
                self.put_back(key, node, stamp.archived);
            }
        }
    }

    fn stored(&mut self) {
        self.marks = Some(Box::default());
    }

    fn stays_cold(cold: Cold, len: usize) -> Self {
        Table {
            marks: Some(Box::default()),
            spill: Some(Box::new(Spill::all_cold(cold, len))),
            ..Table::default()
        }
    }

    fn weight(&self) -> usize {
        // One that is a part of a larger value leaves memory with it, or not at all.
        let Some(marks) = &self.marks else { return 0 };
        let read = self.spill.as_ref().map_or(0, |spill| spill.bytes());
        let entry = size_of::<(K, S::Node)>() + marks.bytes().max(read) + ENTRY;
        let nested = if S::FLAT {
            0
        } else {
            self.entries().map(|(_, node)| S::weight(node)).sum()
        };
        let found = self.spill.as_ref().map_or(0, |spill| spill.found());
        (self.map.len() + found) * entry + nested
    }

    fn evict(&mut self, evicting: &mut Evicting) {
        let Some(marks) = &mut self.marks else { return };
        let spill = self.spill.get_or_insert_default();
        let entry = size_of::<(K, S::Node)>() + marks.bytes().max(spill.bytes()) + ENTRY;
        evicting.freed(spill.found() * entry);
        spill.forget_found();
        spill.prune(evicting.stamp);
        let mut left = self.map.len();
        while left > 0 && !evicting.enough() {
            left -= 1;
            if self.hand >= self.map.len() {
                self.hand = 0;
            }
            let stored = marks.stamp_of(self.hand).is_some_and(|cut| evicting.stamp.has(cut));
            if stored && !marks.is_marked(self.hand) {
                let nested = match self.map.get(self.hand) {
                    Some((_, node)) if !S::FLAT => S::weight(node),
                    _ => 0,
                };
                self.sorted.take();
                // Its memory goes with it; a value's `Drop` that panics is logged.
                discard(self.map.swap_remove(self.hand).map(Removed::into_entry));
                marks.left(self.hand, self.map.len());
                spill.left(evicting.place(), evicting);
                evicting.freed(entry + nested);
            } else {
                if !S::FLAT
                    && let Some((key, node)) = self.map.entry_mut(self.hand)
                    && let Some(back) = evicting.step(key)
                {
                    S::evict(node, evicting);
                    evicting.back(back);
                }
                self.hand += 1;
            }
        }
    }

    fn first(&self) -> Option<(&K, &S::Node)> {
        let here = match self.sorted.get() {
            Some(slots) => slots.first().and_then(|&slot| self.entry_at(slot)),
            // One pass is cheaper than sorting for one entry, and the next write may add a key.
            None => self.entries().min_by(|a, b| a.0.cmp(b.0)),
        };
        match &self.spill {
            Some(spill) => spill.end(false, here, |key| self.map.find(key).is_some()),
            None => here,
        }
    }

    fn last(&self) -> Option<(&K, &S::Node)> {
        let here = match self.sorted.get() {
            Some(slots) => slots.last().and_then(|&slot| self.entry_at(slot)),
            None => self.entries().max_by(|a, b| a.0.cmp(b.0)),
        };
        match &self.spill {
            Some(spill) => spill.end(true, here, |key| self.map.find(key).is_some()),
            None => here,
        }
    }
}
