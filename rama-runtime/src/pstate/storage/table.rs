//! Entries in a hash table with numbered slots.

use super::dense::{Dense, Removed, Step};
use super::marks::Marks;
use super::{Storage, put_len};
use crate::group::{Changes, StoreError};
use crate::pstate::edit::{After, Edit};
use crate::pstate::lookup::HeldKey;
use crate::pstate::schema::{Key, Schema, remove_nested, store_nested};
use crate::pstate::window::Window;
use std::cell::OnceCell;
use std::mem;

/// Entries in a hash table: a point read or write costs one hash and one probe.
///
/// Every entry has a slot (its number in a dense array), which an undo record names instead of the key. Ordered reads go
/// through the slots sorted by key: sorted on the first such read after a key came or went, kept till the next comes or
/// goes. (A write to what a key already holds does not touch them.)
#[derive(Debug)]
pub struct Table<K, S: Schema> {
    map: Dense<K, S::Node>,
    sorted: OnceCell<Vec<usize>>,
    /// What has changed since it was stored; `None` before it first is: then it is all to be written.
    marks: Option<Box<Marks<K>>>,
}

impl<K, S: Schema> Default for Table<K, S> {
    fn default() -> Self {
        Table {
            map: Dense::default(),
            sorted: OnceCell::new(),
            marks: None,
        }
    }
}

/// Takes back a write to a [`Table`].
#[derive(Debug)]
pub enum TableUndo<K, S: Schema> {
    /// An entry was added, whose key has this hash. It is the last one, as undo runs backwards.
    Added(u64),
    /// What the entry in this slot holds was changed.
    At(usize, S::Undo),
    /// This entry was removed, and the last one moved into its slot.
    Removed(Removed<K, S::Node>),
    /// All entries were replaced. (Rare and large: boxed, so that the other records stay small.)
    Replaced(Box<Table<K, S>>),
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
        self.map.len()
    }

    #[inline]
    fn find<H: HeldKey<K>>(&self, key: &H) -> Option<&S::Node> {
        let slot = self.map.find(key.form())?;
        self.map.get(slot).map(|(_, node)| node)
    }

    #[inline]
    fn is_trivial(undo: &Self::Undo) -> bool {
        match undo {
            TableUndo::Added(_) => true,
            TableUndo::At(_, undo) => S::is_trivial(undo),
            TableUndo::Removed(_) | TableUndo::Replaced(_) => false,
        }
    }

    #[inline]
    fn prepare(&self, key: &K, least: usize, step: Step, found: &mut u64) {
        if self.map.len() >= least {
            self.map.prepare(key, step, found, S::PREPARE_INSIDE);
        }
    }

    #[inline(always)]
    fn edit<H: HeldKey<K>, E: Edit<S>>(&mut self, key: H, edit: E) -> (E::Out, After<Self::Undo>) {
        let found = self.map.find(key.form());
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
                let hash = self.map.push(key.into_key(), node);
                if let Some(marks) = &mut self.marks {
                    marks.mark(self.map.len() - 1);
                }
                (out, After::Changed(TableUndo::Added(hash)))
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
            TableUndo::Added(hash) => {
                self.keys_changed();
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
                let number = removed.number();
                self.map.restore(removed);
                if let Some(marks) = &mut self.marks {
                    marks.restored(number, self.map.len() - 1);
                }
            }
            TableUndo::Replaced(old) => drop(mem::replace(self, *old)),
        }
    }

    fn collect<T, C: FromIterator<T>>(&self, window: &Window<K>, mut each: impl FnMut(&K, &S::Node) -> T) -> C {
        let slots = window.of_sorted(self.sorted(), |&slot| self.key_at(slot));
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
        let Some(marks) = &mut self.marks else {
            changes.clear();
            put_len(self.map.len(), changes)?;
            for (key, node) in self.map.entries_mut() {
                let mark = changes.step(key)?;
                store_nested::<S>(node, changes)?;
                changes.back(mark);
            }
            self.stored();
            return Ok(());
        };
        if marks.is_empty() {
            return Ok(());
        }
        put_len(self.map.len(), changes)?;
        // First those that went: what is written below cannot be taken for older than that.
        for key in marks.take_removed() {
            if self.map.find::<K>(&key).is_none() {
                let mark = changes.step(&key)?;
                remove_nested::<S>(changes);
                changes.back(mark);
            }
        }
        let numbers = marks.take_numbers();
        for &number in &numbers {
            let number = number as usize;
            if marks.take(number)
                && let Some((key, node)) = self.map.entry_mut(number)
            {
                let mark = changes.step(key)?;
                store_nested::<S>(node, changes)?;
                changes.back(mark);
            }
        }
        marks.give_back(numbers);
        Ok(())
    }

    fn stored(&mut self) {
        self.marks = Some(Box::default());
    }

    fn first(&self) -> Option<(&K, &S::Node)> {
        match self.sorted.get() {
            Some(slots) => slots.first().and_then(|&slot| self.entry_at(slot)),
            // One pass is cheaper than sorting for one entry, and the next write may add a key.
            None => self.entries().min_by(|a, b| a.0.cmp(b.0)),
        }
    }

    fn last(&self) -> Option<(&K, &S::Node)> {
        match self.sorted.get() {
            Some(slots) => slots.last().and_then(|&slot| self.entry_at(slot)),
            None => self.entries().max_by(|a, b| a.0.cmp(b.0)),
        }
    }
}
