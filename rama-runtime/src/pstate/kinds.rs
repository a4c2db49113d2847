//! The schemas that are collections.

use super::cursor::{ListCursor, MapCursor, SetCursor};
use super::list::{self, Items, ListUndo};
use super::lookup::Foreseen;
use super::schema::{Key, Schema, type_shape, whole};
use super::storage::{self, Step, Storage, Table, TableUndo, Tree, TreeUndo};
use super::window::Window;
use crate::group::{Changes, Entries, Evicting, StoreError};
use crate::prefetch::prefetch;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// A schema: entries of schema `S`, each found by a key (Rama: a map schema).
///
/// Kept in a hash table: a point read or write costs one hash. Listing in key order sorts the keys on the first listing
/// after a key came or went. Where a nested map may become large, or ordered reads alternate with new keys, use
/// [`Subindexed`]`<Map<K, S>>`.
#[derive(Debug)]
pub struct Map<K: Key, S: Schema>(PhantomData<fn() -> (K, S)>);

/// A schema: distinct elements (Rama: a set schema). Kept like a [`Map`] without values.
#[derive(Debug)]
pub struct Set<T: Key>(PhantomData<fn() -> T>);

/// A schema: items of schema `S`, by position (Rama: a list schema).
#[derive(Debug)]
pub struct List<S: Schema>(PhantomData<fn() -> S>);

/// A schema: the nested [`Map`], [`Set`] or [`List`] inside has its elements stored one by one, so that it may become
/// large (Rama: `subindexed`). The same reads and writes, the same cursors.
///
/// Maps and sets are kept in key order: point reads and writes, `first`, `last` and the start of a range cost O(log n),
/// whatever was written just before. A durable module stores what has changed, element by element; with
/// [`Launch::memory`](crate::cluster::Launch::memory), elements that are not in use may be in the store only. A list is stored item
/// by item, too, but is in memory as a whole.
#[derive(Debug)]
pub struct Subindexed<S: Schema>(PhantomData<fn() -> S>);

/// A schema whose elements are found by a key: a map, or a set (whose entries hold `()`), subindexed or not.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` is not a `Map` or a `Set`",
    label = "not a `Map` or a `Set`"
)]
pub trait Keyed: Schema<Node = Self::Entries, Undo = <Self::Entries as Storage>::Undo> {
    /// What an element is found by.
    type Key: Key;
    /// What it holds.
    type Item: Schema;
    /// How they are stored.
    type Entries: Storage<Key = Self::Key, Item = Self::Item>;
}

/// A schema whose elements are found by position: a list, subindexed or not.
#[diagnostic::on_unimplemented(message = "[RM0010] `{Self}` is not a `List`", label = "not a `List`")]
pub trait Sequence: Schema<Node = Items<Self::Item>, Undo = ListUndo<Self::Item>> {
    /// What an element holds.
    type Item: Schema;
}

/// An entry of a map, as reads give it: a key, and what it holds.
pub type EntryOf<C> = (<C as Keyed>::Key, <<C as Keyed>::Item as Schema>::Value);

/// An item of a list, as reads give it.
pub type ItemOf<L> = <<L as Sequence>::Item as Schema>::Value;

fn map_of<T: Storage>(value: BTreeMap<T::Key, <T::Item as Schema>::Value>) -> T {
    let mut entries = T::default();
    for (key, item) in value {
        entries.add(key, T::Item::build(item));
    }
    entries
}

fn map_value<T: Storage>(entries: &T) -> BTreeMap<T::Key, <T::Item as Schema>::Value> {
    entries.collect(&Window::all(), |key, node| (key.clone(), T::Item::value(node)))
}

fn set_of<T: Storage<Item = ()>>(value: BTreeSet<T::Key>) -> T {
    let mut entries = T::default();
    for key in value {
        entries.add(key, ());
    }
    entries
}

fn set_value<T: Storage<Item = ()>>(entries: &T) -> BTreeSet<T::Key> {
    entries.collect(&Window::all(), |key, ()| key.clone())
}

/// The four keyed schemas differ in their storage, and in whether entries hold something.
macro_rules! keyed {
    ([$($generics:tt)*] $schema:ty, $item:ty, $entries:ty, $undo:ty, $value:ty, $cursor:ident, $partition:ty, $build:ident, $whole:ident, $flat:expr, $shape:literal) => {
        impl<$($generics)*> Schema for $schema {
            type Node = $entries;
            type Undo = $undo;
            type Value = $value;
            type Cursor<X, P> = $cursor<X, P>;
            type Partition = $partition;

            fn vacant() -> Option<Self::Node> {
                Some(Self::Node::default())
            }

            fn build(value: Self::Value) -> Self::Node {
                $build(value)
            }

            fn value(node: &Self::Node) -> Self::Value {
                $whole(node)
            }

            fn replaced(old: Self::Node) -> Self::Undo {
                Storage::replaced(old)
            }

            fn undo(node: &mut Self::Node, undo: Self::Undo) {
                Storage::undo(node, undo);
            }

            #[inline]
            fn is_trivial(undo: &Self::Undo) -> bool {
                <$entries as Storage>::is_trivial(undo)
            }

            #[inline]
            fn prepare<Q: Foreseen + ?Sized>(node: &Self::Node, key: &Q, least: usize, step: Step, found: &mut u64) {
                if let Some(key) = key.as_key::<K>() {
                    Storage::prepare(node, key, least, step, found);
                } else if let Some(text) = key.as_form_of::<K>() {
                    Storage::prepare(node, text, least, step, found);
                }
            }

            #[inline(always)]
            fn cursor<X, P>(site: X, path: P) -> Self::Cursor<X, P> {
                $cursor::new(site, path)
            }

            fn shape() -> String {
                let shape = $shape.replace("{V}", &<$item as Schema>::shape());
                shape.replace("{K}", &type_shape::<K>())
            }

            const FLAT: bool = $flat;

            fn encode(node: &Self::Node, out: &mut Vec<u8>) -> Result<(), StoreError> {
                storage::encode(node, out)
            }

            fn decode(input: &mut &[u8]) -> Result<Self::Node, StoreError> {
                storage::decode(input)
            }

            fn store(node: &mut Self::Node, changes: &mut Changes) -> Result<(), StoreError> {
                Storage::store(node, changes)
            }

            fn settle(node: &mut Self::Node, changes: &mut Changes) {
                Storage::settle(node, Vec::new(), changes);
            }

            fn weight(node: &Self::Node) -> usize {
                Storage::weight(node)
            }

            fn evict(node: &mut Self::Node, evicting: &mut Evicting) {
                Storage::evict(node, evicting);
            }

            fn load(entries: &mut Entries<'_>) -> Result<Option<Self::Node>, StoreError> {
                storage::load(entries)
            }
        }

        impl<$($generics)*> Keyed for $schema {
            type Key = K;
            type Item = $item;
            type Entries = $entries;
        }
    };
}

keyed!([K: Key, S: Schema] Map<K, S>, S, Table<K, S>, TableUndo<K, S>, BTreeMap<K, S::Value>, MapCursor, K, map_of, map_value, S::FLAT, "Map<{K}, {V}>");
keyed!([K: Key, S: Schema] Subindexed<Map<K, S>>, S, Tree<K, S>, TreeUndo<K, S>, BTreeMap<K, S::Value>, MapCursor, K, map_of, map_value, false, "Subindexed<Map<{K}, {V}>>");
keyed!([K: Key] Set<K>, (), Table<K, ()>, TableUndo<K, ()>, BTreeSet<K>, SetCursor, (), set_of, set_value, true, "Set<{K}>");
keyed!([K: Key] Subindexed<Set<K>>, (), Tree<K, ()>, TreeUndo<K, ()>, BTreeSet<K>, SetCursor, (), set_of, set_value, false, "Subindexed<Set<{K}>>");

macro_rules! sequence {
    ($schema:ty, $flat:expr, $name:literal) => {
        impl<S: Schema> Schema for $schema {
            type Node = Items<S>;
            type Undo = ListUndo<S>;
            type Value = Vec<S::Value>;
            type Cursor<X, P> = ListCursor<X, P>;
            type Partition = ();

            fn vacant() -> Option<Self::Node> {
                Some(Items::default())
            }

            fn build(value: Self::Value) -> Self::Node {
                value.into_iter().map(S::build).collect()
            }

            fn value(node: &Self::Node) -> Self::Value {
                node.iter().map(S::value).collect()
            }

            fn replaced(old: Self::Node) -> Self::Undo {
                ListUndo::Replaced(old)
            }

            fn undo(node: &mut Self::Node, undo: Self::Undo) {
                list::undo::<S>(node, undo);
            }

            #[inline]
            fn is_trivial(undo: &Self::Undo) -> bool {
                match undo {
                    ListUndo::Pushed => true,
                    ListUndo::At(_, undo) => S::is_trivial(undo),
                    ListUndo::Popped(_) | ListUndo::Removed(..) | ListUndo::Replaced(_) => false,
                }
            }

            // A list's end, as most writes are pushes.
            const PREPARE_INSIDE: Option<fn(&Self::Node)> = Some(|list| {
                if let Some(last) = list.last() {
                    prefetch(last);
                }
            });

            #[inline(always)]
            fn cursor<X, P>(site: X, path: P) -> Self::Cursor<X, P> {
                ListCursor::new(site, path)
            }

            fn shape() -> String {
                format!($name, S::shape())
            }

            const FLAT: bool = $flat;

            fn encode(node: &Self::Node, out: &mut Vec<u8>) -> Result<(), StoreError> {
                node.encode(out)
            }

            fn decode(input: &mut &[u8]) -> Result<Self::Node, StoreError> {
                Items::decode(input)
            }

            fn store(node: &mut Self::Node, changes: &mut Changes) -> Result<(), StoreError> {
                if Self::FLAT {
                    changes.put(|out| node.encode(out))
                } else {
                    node.store(changes)
                }
            }

            fn weight(node: &Self::Node) -> usize {
                // It leaves memory with what it is nested in.
                if Self::FLAT { 0 } else { node.weight() }
            }

            fn load(entries: &mut Entries<'_>) -> Result<Option<Self::Node>, StoreError> {
                if Self::FLAT {
                    entries.here()?.map(|value| whole::<Self>(&value)).transpose()
                } else {
                    // A list is in memory as a whole, or not at all.
                    entries.all(Items::load)
                }
            }
        }

        impl<S: Schema> Sequence for $schema {
            type Item = S;
        }
    };
}

sequence!(List<S>, S::FLAT, "List<{}>");
sequence!(Subindexed<List<S>>, false, "Subindexed<List<{}>>");
