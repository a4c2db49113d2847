//! Writes to lists.

use super::edit::{After, Edit};
use super::kinds::Sequence;
use super::schema::Schema;
use std::mem;

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
    Replaced(Vec<S::Node>),
}

/// Takes back the last write to `list`.
pub(super) fn undo<S: Schema>(list: &mut Vec<S::Node>, undo: ListUndo<S>) {
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
        (Some(vec![self.0]), ())
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
            After::Changed(undo) => After::Changed(ListUndo::At(self.at, undo)),
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
