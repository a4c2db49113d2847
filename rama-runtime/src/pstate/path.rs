//! Paths: how to get from the root of a PState to a nested place.
//!
//! A path is a type: `AtKey<Field<AtKey<Root<S>, &str>, 0>, &u64>`. The compiler flattens a walk along it.

use super::edit::{After, Edit, PlaceUndo, edit_place, undo_place};
use super::kinds::{Keyed, Sequence};
use super::list::IndexEdit;
use super::lookup::HeldKey;
use super::schema::Schema;
use super::storage::Storage;
use std::fmt;
use std::marker::PhantomData;

/// A way from the root of a PState of schema [`Root`](Path::Root) to a place of schema [`Target`](Path::Target).
pub trait Path: Sized {
    /// The schema where it begins.
    type Root: Schema;

    /// The schema where it ends.
    type Target: Schema;

    /// Whether it ends where it begins: what follows is a key that decides the task.
    const IS_ROOT: bool = false;

    /// What stands there, if anything.
    fn node<'r>(&self, root: &'r Option<<Self::Root as Schema>::Node>) -> Option<&'r <Self::Target as Schema>::Node>;

    /// Runs `edit` there. Returns the undo record, if anything changed.
    fn edit<E: Edit<Self::Target>>(
        self,
        root: &mut Option<<Self::Root as Schema>::Node>,
        edit: E,
    ) -> (E::Out, Option<PlaceUndo<Self::Root>>);
}

/// The path to the root itself.
pub struct Root<S>(PhantomData<fn() -> S>);

impl<S> Root<S> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Root(PhantomData)
    }
}

impl<S> Clone for Root<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Root<S> {}

impl<S> fmt::Debug for Root<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Root")
    }
}

impl<S: Schema> Path for Root<S> {
    type Root = S;
    type Target = S;
    const IS_ROOT: bool = true;

    #[inline]
    fn node<'r>(&self, root: &'r Option<S::Node>) -> Option<&'r S::Node> {
        root.as_ref()
    }

    #[inline(always)]
    fn edit<E: Edit<S>>(self, root: &mut Option<S::Node>, edit: E) -> (E::Out, Option<PlaceUndo<S>>) {
        edit_place(root, edit)
    }
}

/// The entry of a key, in the map or set at `P`.
#[derive(Debug, Clone, Copy)]
pub struct AtKey<P, H> {
    pub(super) parent: P,
    pub(super) key: H,
}

impl<P, H> Path for AtKey<P, H>
where
    P: Path,
    P::Target: Keyed,
    H: HeldKey<<P::Target as Keyed>::Key>,
{
    type Root = P::Root;
    type Target = <P::Target as Keyed>::Item;

    #[inline]
    fn node<'r>(&self, root: &'r Option<<P::Root as Schema>::Node>) -> Option<&'r <Self::Target as Schema>::Node> {
        self.parent.node(root)?.find(&self.key)
    }

    #[inline(always)]
    fn edit<E: Edit<Self::Target>>(
        self,
        root: &mut Option<<P::Root as Schema>::Node>,
        edit: E,
    ) -> (E::Out, Option<PlaceUndo<P::Root>>) {
        self.parent.edit(root, KeyEdit { key: self.key, edit })
    }
}

/// Runs an edit on the entry of a key.
struct KeyEdit<H, E> {
    key: H,
    edit: E,
}

impl<C, H, E> Edit<C> for KeyEdit<H, E>
where
    C: Keyed,
    H: HeldKey<C::Key>,
    E: Edit<C::Item>,
{
    type Out = E::Out;
    const CREATES: bool = E::CREATES;

    #[inline]
    fn missing(self) -> (Option<C::Node>, E::Out) {
        let (node, out) = self.edit.missing();
        let entries = node.map(|node| {
            let mut entries = C::Entries::default();
            entries.add(self.key.into_key(), node);
            entries
        });
        (entries, out)
    }

    #[inline(always)]
    fn present(self, entries: &mut C::Node) -> (E::Out, After<C::Undo>) {
        entries.edit(self.key, self.edit)
    }
}

/// The item at a position, in the list at `P`.
#[derive(Debug, Clone, Copy)]
pub struct AtIndex<P> {
    pub(super) parent: P,
    pub(super) at: usize,
}

impl<P> Path for AtIndex<P>
where
    P: Path,
    P::Target: Sequence,
{
    type Root = P::Root;
    type Target = <P::Target as Sequence>::Item;

    #[inline]
    fn node<'r>(&self, root: &'r Option<<P::Root as Schema>::Node>) -> Option<&'r <Self::Target as Schema>::Node> {
        self.parent.node(root)?.get(self.at)
    }

    #[inline(always)]
    fn edit<E: Edit<Self::Target>>(
        self,
        root: &mut Option<<P::Root as Schema>::Node>,
        edit: E,
    ) -> (E::Out, Option<PlaceUndo<P::Root>>) {
        self.parent.edit(root, IndexEdit { at: self.at, edit })
    }
}

/// A struct with `#[derive(Fields)]`: how to get at its field number `I`.
pub trait HasField<const I: usize>: Schema<Node: Default> {
    /// The field's schema.
    type Field: Schema;

    /// The field's place in a node.
    fn place(node: &Self::Node) -> &Option<<Self::Field as Schema>::Node>;

    /// The field's place in a node.
    fn place_mut(node: &mut Self::Node) -> &mut Option<<Self::Field as Schema>::Node>;

    /// The undo record of the struct that takes back a write to the field.
    fn at(undo: PlaceUndo<Self::Field>) -> Self::Undo;
}

/// Field number `I`, of the struct at `P`.
#[derive(Debug, Clone, Copy)]
pub struct Field<P, const I: usize> {
    parent: P,
}

impl<P, const I: usize> Field<P, I> {
    /// The field of the struct at `parent`.
    #[inline(always)]
    pub fn of(parent: P) -> Self {
        Field { parent }
    }
}

impl<P, const I: usize> Path for Field<P, I>
where
    P: Path,
    P::Target: HasField<I>,
{
    type Root = P::Root;
    type Target = <P::Target as HasField<I>>::Field;

    #[inline]
    fn node<'r>(&self, root: &'r Option<<P::Root as Schema>::Node>) -> Option<&'r <Self::Target as Schema>::Node> {
        <P::Target as HasField<I>>::place(self.parent.node(root)?).as_ref()
    }

    #[inline(always)]
    fn edit<E: Edit<Self::Target>>(
        self,
        root: &mut Option<<P::Root as Schema>::Node>,
        edit: E,
    ) -> (E::Out, Option<PlaceUndo<P::Root>>) {
        self.parent.edit(root, FieldEdit::<E, I>(edit))
    }
}

/// Runs an edit on a field.
struct FieldEdit<E, const I: usize>(E);

impl<C, E, const I: usize> Edit<C> for FieldEdit<E, I>
where
    C: HasField<I>,
    E: Edit<C::Field>,
{
    type Out = E::Out;
    const CREATES: bool = E::CREATES;

    #[inline]
    fn missing(self) -> (Option<C::Node>, E::Out) {
        let (field, out) = self.0.missing();
        let node = field.map(|field| {
            let mut node = C::Node::default();
            *C::place_mut(&mut node) = Some(field);
            node
        });
        (node, out)
    }

    #[inline(always)]
    fn present(self, node: &mut C::Node) -> (E::Out, After<C::Undo>) {
        let (out, undo) = edit_place(C::place_mut(node), self.0);
        (out, undo.map_or(After::Same, |undo| After::Changed(C::at(undo))))
    }
}

/// Takes back a write to a field, for the derive.
pub fn undo_field<S: Schema>(place: &mut Option<S::Node>, undo: PlaceUndo<S>) {
    undo_place(place, undo);
}
