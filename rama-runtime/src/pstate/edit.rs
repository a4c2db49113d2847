//! Writes, as values: what to do where something stands, and where nothing does.
//!
//! A write reaches its target through a chain of edits (`KeyEdit` inside `KeyEdit` ..), which the compiler flattens into
//! straight code: no write is boxed. Each gives at most one undo record, nested like the path.

use super::schema::{Plain, Schema};
use std::mem;

/// What an [`Edit`] did to the node it was given.
#[derive(Debug)]
pub enum After<U> {
    /// Nothing.
    Same,
    /// It changed the node; this takes the change back.
    Changed(U),
    /// Nothing yet: whoever holds the node is to remove it.
    Remove,
}

/// One write to a place of schema `S`.
///
/// Where user code inside panics, the node is left as it was.
pub trait Edit<S: Schema> {
    /// What the write returns.
    type Out;

    /// Whether it puts something where nothing stands. If so, what leads there is created too.
    const CREATES: bool;

    /// The place holds nothing: what it is to hold from now on.
    fn missing(self) -> (Option<S::Node>, Self::Out);

    /// The place holds `node`.
    fn present(self, node: &mut S::Node) -> (Self::Out, After<S::Undo>);
}

/// Takes back a write to a place that may hold nothing: the root, or a field.
#[derive(Debug)]
pub enum PlaceUndo<S: Schema> {
    /// It held nothing before.
    Created,
    /// The node changed.
    At(S::Undo),
    /// This node was removed.
    Removed(S::Node),
}

impl<S: Schema> PlaceUndo<S> {
    /// Whether nothing in it needs to be dropped.
    #[inline]
    pub(super) fn is_trivial(&self) -> bool {
        match self {
            PlaceUndo::Created => true,
            PlaceUndo::At(undo) => S::is_trivial(undo),
            PlaceUndo::Removed(_) => false,
        }
    }
}

/// Runs `edit` on a place. Returns the undo record, if anything changed.
// Inlined, as every step of an edit: the undo record is then built in place, not copied from step to step.
#[inline(always)]
pub(super) fn edit_place<S: Schema, E: Edit<S>>(
    place: &mut Option<S::Node>,
    edit: E,
) -> (E::Out, Option<PlaceUndo<S>>) {
    match place {
        Some(node) => {
            let (out, after) = edit.present(node);
            let undo = match after {
                After::Same => None,
                After::Changed(undo) => Some(PlaceUndo::At(undo)),
                After::Remove => place.take().map(PlaceUndo::Removed),
            };
            (out, undo)
        }
        None => {
            let (node, out) = edit.missing();
            let undo = node.is_some().then_some(PlaceUndo::Created);
            *place = node;
            (out, undo)
        }
    }
}

/// Takes back the last write to a place.
pub(super) fn undo_place<S: Schema>(place: &mut Option<S::Node>, undo: PlaceUndo<S>) {
    match undo {
        PlaceUndo::Created => *place = None,
        PlaceUndo::Removed(node) => *place = Some(node),
        PlaceUndo::At(undo) => {
            // A record of a change exists only for a node that was there.
            if let Some(node) = place {
                S::undo(node, undo);
            }
        }
    }
}

/// Puts a node, whatever stood there.
pub(super) struct Put<N>(pub(super) N);

impl<S: Schema> Edit<S> for Put<S::Node> {
    type Out = ();
    const CREATES: bool = true;

    #[inline]
    fn missing(self) -> (Option<S::Node>, ()) {
        (Some(self.0), ())
    }

    #[inline(always)]
    fn present(self, node: &mut S::Node) -> ((), After<S::Undo>) {
        ((), After::Changed(S::replaced(mem::replace(node, self.0))))
    }
}

/// Removes the place; says whether it held something.
pub(super) struct Remove;

impl<S: Schema> Edit<S> for Remove {
    type Out = bool;
    const CREATES: bool = false;

    #[inline]
    fn missing(self) -> (Option<S::Node>, bool) {
        (None, false)
    }

    #[inline(always)]
    fn present(self, _node: &mut S::Node) -> (bool, After<S::Undo>) {
        (true, After::Remove)
    }
}

/// Empties a collection. Where there is none, none is created.
pub(super) struct Clear;

impl<S: Schema> Edit<S> for Clear {
    type Out = ();
    const CREATES: bool = false;

    #[inline]
    fn missing(self) -> (Option<S::Node>, ()) {
        (None, ())
    }

    #[inline(always)]
    fn present(self, node: &mut S::Node) -> ((), After<S::Undo>) {
        match S::vacant() {
            Some(empty) => ((), After::Changed(S::replaced(mem::replace(node, empty)))),
            None => ((), After::Remove),
        }
    }
}

/// Lets a closure change a plain value in place; a missing one starts as its default.
pub(super) struct Update<F>(pub(super) F);

impl<T, F, R> Edit<T> for Update<F>
where
    T: Plain + Default,
    F: FnOnce(&mut T) -> R,
{
    type Out = R;
    const CREATES: bool = true;

    #[inline]
    fn missing(self) -> (Option<T>, R) {
        let mut value = T::default();
        let out = (self.0)(&mut value);
        (Some(value), out)
    }

    #[inline(always)]
    fn present(self, node: &mut T) -> (R, After<<T as Schema>::Undo>) {
        let mut guard = Restore {
            old: Some(node.clone()),
            node,
        };
        let out = (self.0)(guard.node);
        match guard.old.take() {
            Some(old) => (out, After::Changed(<T as Schema>::replaced(old))),
            None => (out, After::Same),
        }
    }
}

/// Puts the old value back when the closure that changes it unwinds.
struct Restore<'n, T> {
    node: &'n mut T,
    old: Option<T>,
}

impl<T> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        if let Some(old) = self.old.take() {
            *self.node = old;
        }
    }
}
