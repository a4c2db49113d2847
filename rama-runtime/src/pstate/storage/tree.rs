//! Entries one by one, in key order.

use super::{Storage, put_len};
use crate::group::{Changes, StoreError};
use crate::pstate::edit::{After, Edit};
use crate::pstate::lookup::{HeldKey, Lookup};
use crate::pstate::schema::{Key, Schema, remove_nested, store_nested};
use crate::pstate::window::Window;
use std::collections::BTreeMap;
use std::mem;

/// Entries in key order: a point read or write, `first`, `last` and the start of a range cost O(log n) each.
///
/// In memory for now. It is where a storage on disk goes, so its undo records name keys, not places in memory.
#[derive(Debug)]
pub struct Tree<K, S: Schema> {
    map: BTreeMap<K, S::Node>,
    /// Keys whose entries have come, changed or gone since it was stored, some more than once; `None` before it first is: then it
    /// is all to be written.
    changed: Option<Vec<K>>,
}

impl<K, S: Schema> Default for Tree<K, S> {
    fn default() -> Self {
        Tree {
            map: BTreeMap::new(),
            changed: None,
        }
    }
}

/// Takes back a write to a [`Tree`].
#[derive(Debug)]
pub enum TreeUndo<K, S: Schema> {
    /// The entry of this key was added.
    Added(K),
    /// What this key holds was changed.
    At(K, S::Undo),
    /// This entry was removed.
    Removed(K, S::Node),
    /// All entries were replaced.
    Replaced(Tree<K, S>),
}

impl<K: Key, S: Schema> Tree<K, S> {
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
        self.map.len()
    }

    #[inline]
    fn find<H: HeldKey<K>>(&self, key: &H) -> Option<&S::Node> {
        key.form().find(&self.map)
    }

    #[inline]
    fn edit<H: HeldKey<K>, E: Edit<S>>(&mut self, key: H, edit: E) -> (E::Out, After<Self::Undo>) {
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
            TreeUndo::Removed(key, node) => drop(self.map.insert(key, node)),
            TreeUndo::Replaced(old) => drop(mem::replace(self, old)),
        }
    }

    fn collect<T, C: FromIterator<T>>(&self, window: &Window<K>, mut each: impl FnMut(&K, &S::Node) -> T) -> C {
        match window.proper() {
            Some(bounds) => window.walk(self.map.range(bounds).map(|(key, node)| each(key, node))),
            None => std::iter::empty().collect(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = (&K, &S::Node)> {
        self.map.iter()
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let Some(changed) = &mut self.changed else {
            changes.clear();
            put_len(self.map.len(), changes)?;
            for (key, node) in &mut self.map {
                let mark = changes.step(key)?;
                store_nested::<S>(node, changes)?;
                changes.back(mark);
            }
            self.stored();
            return Ok(());
        };
        if changed.is_empty() {
            return Ok(());
        }
        put_len(self.map.len(), changes)?;
        let mut changed = std::mem::take(changed);
        changed.sort_unstable();
        changed.dedup();
        for key in &changed {
            let mark = changes.step(key)?;
            match self.map.get_mut(key) {
                Some(node) => store_nested::<S>(node, changes)?,
                None => remove_nested::<S>(changes),
            }
            changes.back(mark);
        }
        Ok(())
    }

    fn stored(&mut self) {
        self.changed = Some(Vec::new());
    }

    fn first(&self) -> Option<(&K, &S::Node)> {
        self.map.first_key_value()
    }

    fn last(&self) -> Option<(&K, &S::Node)> {
        self.map.last_key_value()
    }
}
