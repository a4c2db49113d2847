//! Writes to lists.

use super::edit::{After, Edit};
use super::kinds::Sequence;
use super::schema::{Schema, load_nested, remove_nested, store_nested};
use super::storage::put_len;
use crate::group::{Changes, Entries, StoreError, value};
use std::fmt;
use std::mem;
use std::ops::Deref;

/// The items of a list, and what has changed in them since they were stored.
pub struct Items<S: Schema> {
    nodes: Vec<S::Node>,
    /// `None` before they first are: then they are all to be written.
    marks: Option<Box<Marks>>,
}

/// What an item may take beside itself, in bytes.
const ITEM: usize = 32;

/// What has changed in a list since it was stored.
#[derive(Debug)]
struct Marks {
    /// So many items are stored.
    stored: usize,
    /// From here on, every item is to be written.
    from: usize,
    /// These, too.
    changed: Vec<usize>,
}

impl<S: Schema> Default for Items<S> {
    fn default() -> Self {
        Items {
            nodes: Vec::new(),
            marks: None,
        }
    }
}

impl<S: Schema> fmt::Debug for Items<S>
where
    S::Node: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.fmt(f)
    }
}

impl<S: Schema> FromIterator<S::Node> for Items<S> {
    fn from_iter<I: IntoIterator<Item = S::Node>>(nodes: I) -> Self {
        Items {
            nodes: nodes.into_iter().collect(),
            marks: None,
        }
    }
}

/// To be read.
impl<S: Schema> Deref for Items<S> {
    type Target = Vec<S::Node>;

    #[inline]
    fn deref(&self) -> &Vec<S::Node> {
        &self.nodes
    }
}

impl<S: Schema> Items<S> {
    /// Items at this position and behind it come to stand elsewhere, or go.
    fn cut(&mut self, at: usize) {
        if let Some(marks) = &mut self.marks {
            marks.from = marks.from.min(at);
        }
    }

    #[inline]
    fn push(&mut self, node: S::Node) {
        self.nodes.push(node);
    }

    fn pop(&mut self) -> Option<S::Node> {
        let node = self.nodes.pop()?;
        self.cut(self.nodes.len());
        Some(node)
    }

    fn remove(&mut self, at: usize) -> S::Node {
        self.cut(at);
        self.nodes.remove(at)
    }

    fn insert(&mut self, at: usize, node: S::Node) {
        self.cut(at);
        self.nodes.insert(at, node);
    }

    #[inline]
    fn get_mut(&mut self, at: usize) -> Option<&mut S::Node> {
        self.nodes.get_mut(at)
    }

    /// The item at this position has changed.
    #[inline]
    fn note(&mut self, at: usize) {
        if let Some(marks) = &mut self.marks
            && at < marks.from
            && marks.changed.last() != Some(&at)
        {
            marks.changed.push(at);
        }
    }

    fn stored(&mut self) {
        let len = self.nodes.len();
        self.marks = Some(Box::new(Marks {
            stored: len,
            from: len,
            changed: Vec::new(),
        }));
    }

    /// About how many bytes the items take in memory.
    pub(super) fn weight(&self) -> usize {
        let nested: usize = self.nodes.iter().map(S::weight).sum();
        self.nodes.len() * (size_of::<S::Node>() + ITEM) + nested
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        value::encode(&self.nodes.len(), out)?;
        self.nodes.iter().try_for_each(|node| S::encode(node, out))
    }

    pub(super) fn decode(input: &mut &[u8]) -> Result<Self, StoreError> {
        let len: usize = value::decode(input)?;
        (0..len).map(|_| S::decode(input)).collect()
    }

    /// Writes what has changed, item by item: see [`Schema::store`].
    pub(super) fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let len = self.nodes.len();
        let (stored, from, mut changed) = match self.marks.take() {
            Some(marks) => (marks.stored, marks.from, marks.changed),
            None => {
                changes.clear();
                (0, 0, Vec::new())
            }
        };
        self.stored();
        if stored == 0 || len != stored {
            put_len(len, changes)?;
        }
        changed.sort_unstable();
        changed.dedup();
        for at in changed.into_iter().filter(|at| *at < from).chain(from..len) {
            if let Some(node) = self.nodes.get_mut(at) {
                let mark = changes.step(&(at as u64))?;
                store_nested::<S>(node, changes)?;
                changes.back(mark);
            }
        }
        for at in len..stored {
            let mark = changes.step(&(at as u64))?;
            remove_nested::<S>(changes);
            changes.back(mark);
        }
        Ok(())
    }

    /// Reads back what [`store`](Self::store) wrote.
    pub(super) fn load(entries: &mut Entries<'_>) -> Result<Option<Self>, StoreError> {
        let Some(header) = entries.here()? else { return Ok(None) };
        let len: u64 = value::decode(&mut header.as_slice())?;
        let mut items = Items::default();
        while let Some((at, place)) = entries.step::<u64>()? {
            let node = load_nested::<S>(entries)?;
            entries.back(place)?;
            match node {
                Some(node) if at == items.nodes.len() as u64 => items.nodes.push(node),
                _ => {
                    return Err(StoreError::Damaged {
                        reason: format!("item {} of a list is not there", items.nodes.len()),
                    });
                }
            }
        }
        if items.nodes.len() as u64 != len {
            return Err(StoreError::Damaged {
                reason: format!("a list of {len} items has {}", items.nodes.len()),
            });
        }
        items.stored();
        Ok(Some(items))
    }
}

/// Takes back a write to a list.
#[derive(Debug)]
pub enum ListUndo<S: Schema> {
    /// An item was added at the end.
    Pushed,
    /// This item was taken from the end.
    Popped(S::Node),
    /// The item at this position changed.
    At(usize, S::Undo),
    /// This item was removed from this position.
    Removed(usize, S::Node),
    /// The whole list was replaced.
    Replaced(Items<S>),
}

/// Takes back the last write to `list`.
pub(super) fn undo<S: Schema>(list: &mut Items<S>, undo: ListUndo<S>) {
    match undo {
        ListUndo::Pushed => drop(list.pop()),
        ListUndo::Popped(node) => list.push(node),
        ListUndo::At(at, undo) => {
            if let Some(node) = list.get_mut(at) {
                S::undo(node, undo);
            }
        }
        ListUndo::Removed(at, node) => list.insert(at, node),
        ListUndo::Replaced(old) => drop(mem::replace(list, old)),
    }
}

/// Adds an item at the end.
pub(super) struct Push<N>(pub(super) N);

impl<L: Sequence> Edit<L> for Push<<L::Item as Schema>::Node> {
    type Out = ();
    const CREATES: bool = true;

    #[inline]
    fn missing(self) -> (Option<L::Node>, ()) {
        (Some(std::iter::once(self.0).collect()), ())
    }

    #[inline(always)]
    fn present(self, list: &mut L::Node) -> ((), After<L::Undo>) {
        list.push(self.0);
        ((), After::Changed(ListUndo::Pushed))
    }
}

/// Takes the last item.
pub(super) struct Pop;

impl<L: Sequence> Edit<L> for Pop {
    type Out = Option<<L::Item as Schema>::Value>;
    const CREATES: bool = false;

    #[inline]
    fn missing(self) -> (Option<L::Node>, Self::Out) {
        (None, None)
    }

    #[inline(always)]
    fn present(self, list: &mut L::Node) -> (Self::Out, After<L::Undo>) {
        match list.pop() {
            Some(node) => (Some(L::Item::value(&node)), After::Changed(ListUndo::Popped(node))),
            None => (None, After::Same),
        }
    }
}

/// Runs an edit on the item at a position.
pub(super) struct IndexEdit<E> {
    pub(super) at: usize,
    pub(super) edit: E,
}

impl<L: Sequence, E: Edit<L::Item>> Edit<L> for IndexEdit<E> {
    type Out = E::Out;
    // A position that is not there cannot be created; an edit that would need it to be fails.
    const CREATES: bool = false;

    #[inline]
    fn missing(self) -> (Option<L::Node>, E::Out) {
        (None, beyond(self.at, 0, self.edit))
    }

    #[inline(always)]
    fn present(self, list: &mut L::Node) -> (E::Out, After<L::Undo>) {
        let len = list.len();
        let Some(node) = list.get_mut(self.at) else {
            return (beyond(self.at, len, self.edit), After::Same);
        };
        let (out, after) = self.edit.present(node);
        let after = match after {
            After::Same => After::Same,
            After::Changed(undo) => {
                list.note(self.at);
                After::Changed(ListUndo::At(self.at, undo))
            }
            After::Remove => After::Changed(ListUndo::Removed(self.at, list.remove(self.at))),
        };
        (out, after)
    }
}

/// An edit beyond a list's end: nothing to do for one that creates nothing, a mistake for any other.
///
/// The panic makes the event fail, as every panic in a topology does.
fn beyond<S: Schema, E: Edit<S>>(at: usize, len: usize, edit: E) -> E::Out {
    assert!(
        !E::CREATES,
        "list index {at} is out of range: the list has {len} items (`push` adds one)"
    );
    edit.missing().1
}
