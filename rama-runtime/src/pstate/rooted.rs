//! The methods of a root's cursor, on the PState itself: `self.counts.key(&word)`.
//!
//! One `impl` a schema, so that the compiler finds them without an import. (For a struct with `#[derive(Fields)]`, which
//! another crate declares, there is [`PState::root`] and [`PState::reader`].) Reads take `&self`.

use super::cursor::{Counter, ListRange, MapRange, SetRange};
use super::kinds::{List, Map, Set, Subindexed};
use super::lookup::Lookup;
use super::path::{AtIndex, AtKey, Root};
use super::schema::{Key, Plain, Schema};
use super::site::{Local, Shared};
use super::state::PState;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;
use std::vec::IntoIter;

/// A PState that is one plain value a task.
impl<T: Plain> PState<T> {
    /// The value, or `None` where there is none. Cost: one clone.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.reader().get()
    }

    /// The value, or `default` where there is none.
    #[must_use]
    pub fn get_or(&self, default: T) -> T {
        self.reader().get_or(default)
    }

    /// Whether there is a value.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.reader().exists()
    }

    /// Makes `value` the value.
    #[inline(always)]
    pub fn set(&mut self, value: T) {
        self.root().set(value);
    }

    /// Lets `change` change the value in place, and returns what it returns. A missing value starts as its `Default`.
    /// When `change` panics, the value is what it was before.
    #[inline(always)]
    pub fn update<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R
    where
        T: Default,
    {
        self.root().update(change)
    }

    /// Removes the value. Says whether there was one.
    #[inline(always)]
    pub fn remove(&mut self) -> bool {
        self.root().remove()
    }

    /// An id that no other call gives, on this task or another: the calls on this task so far, times the number of tasks,
    /// plus this task's id. The PState's value is the number of calls on this task.
    ///
    /// ```
    /// use rama_runtime::prelude::*;
    /// use rama_runtime::topology::TaskInfo;
    ///
    /// let mut ids = PState::<u64>::new(TaskInfo { task: 3, tasks: 4 }, None);
    /// assert_eq!([ids.next(), ids.next(), ids.next()], [3, 7, 11]);
    /// assert_eq!(ids.get(), Some(3));
    /// ```
    ///
    /// # Panics
    /// When the id is too large for its type; so the event fails.
    #[allow(
        clippy::should_implement_trait,
        reason = "`ids.next()` is the language's word; a PState is no iterator"
    )]
    pub fn next(&mut self) -> T
    where
        T: Counter,
    {
        let at = self.info();
        self.root().update(|count| {
            let before = count.advance();
            T::interleaved(before, at.task, at.tasks)
        })
    }
}

macro_rules! map_root {
    ($schema:ty) => {
        /// A PState that is one map a task.
        impl<K: Key, S: Schema> PState<$schema> {
            /// The entry of `key`, to read and write.
            #[inline(always)]
            pub fn key<'q, Q>(&mut self, key: &'q Q) -> S::Cursor<Local<'_, $schema>, AtKey<Root<$schema>, &'q Q>>
            where
                Q: Lookup<K> + ?Sized,
            {
                self.root().key(key)
            }

            /// All entries of this task. Cost: a copy of everything.
            #[must_use]
            pub fn get(&self) -> Option<BTreeMap<K, S::Value>> {
                self.reader().get()
            }

            /// Whether there is an entry of `key`.
            #[must_use]
            #[inline(always)]
            pub fn contains<Q>(&self, key: &Q) -> bool
            where
                Q: Lookup<K> + ?Sized,
            {
                self.reader().contains(key)
            }

            /// The number of entries. Cost: constant.
            #[must_use]
            pub fn len(&self) -> usize {
                self.reader().len()
            }

            /// Whether there are no entries.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.reader().is_empty()
            }

            /// All keys, in their order.
            #[must_use]
            pub fn keys(&self) -> Vec<K> {
                self.reader().keys()
            }

            /// What all entries hold, in the order of their keys.
            #[must_use]
            pub fn values(&self) -> Vec<S::Value> {
                self.reader().values()
            }

            /// All entries, in the order of their keys.
            #[must_use]
            pub fn items(&self) -> Vec<(K, S::Value)> {
                self.reader().items()
            }

            /// All entries, in the order of their keys, as an iterator over copies.
            #[must_use]
            pub fn iter(&self) -> IntoIter<(K, S::Value)> {
                self.reader().iter()
            }

            /// The entries whose keys are within `bounds`.
            pub fn range(&self, bounds: impl RangeBounds<K>) -> MapRange<Shared<'_, $schema>, Root<$schema>, K> {
                self.reader().range(bounds)
            }

            /// The entries with at most the first `limit` keys.
            pub fn limit(&self, limit: usize) -> MapRange<Shared<'_, $schema>, Root<$schema>, K> {
                self.reader().limit(limit)
            }

            /// The entry with the smallest key.
            #[must_use]
            pub fn first(&self) -> Option<(K, S::Value)> {
                self.reader().first()
            }

            /// The entry with the greatest key.
            #[must_use]
            pub fn last(&self) -> Option<(K, S::Value)> {
                self.reader().last()
            }

            /// Makes `value` the whole map.
            #[inline(always)]
            pub fn set(&mut self, value: BTreeMap<K, S::Value>) {
                self.root().set(value);
            }

            /// Removes the entry of `key`. Says whether there was one.
            #[inline(always)]
            pub fn remove<Q>(&mut self, key: &Q) -> bool
            where
                Q: Lookup<K> + ?Sized,
            {
                self.root().remove(key)
            }

            /// Removes all entries.
            pub fn clear(&mut self) {
                self.root().clear();
            }
        }
    };
}

map_root!(Map<K, S>);
map_root!(Subindexed<Map<K, S>>);

macro_rules! set_root {
    ($schema:ty) => {
        /// A PState that is one set a task.
        impl<T: Key> PState<$schema> {
            /// All elements of this task. Cost: a copy of everything.
            #[must_use]
            pub fn get(&self) -> Option<BTreeSet<T>> {
                self.reader().get()
            }

            /// Whether `element` is in the set.
            #[must_use]
            #[inline(always)]
            pub fn contains<Q>(&self, element: &Q) -> bool
            where
                Q: Lookup<T> + ?Sized,
            {
                self.reader().contains(element)
            }

            /// The number of elements. Cost: constant.
            #[must_use]
            pub fn len(&self) -> usize {
                self.reader().len()
            }

            /// Whether there are no elements.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.reader().is_empty()
            }

            /// All elements, in their order.
            #[must_use]
            pub fn items(&self) -> Vec<T> {
                self.reader().items()
            }

            /// All elements, in their order, as an iterator over copies.
            #[must_use]
            pub fn iter(&self) -> IntoIter<T> {
                self.reader().iter()
            }

            /// The elements within `bounds`.
            pub fn range(&self, bounds: impl RangeBounds<T>) -> SetRange<Shared<'_, $schema>, Root<$schema>, T> {
                self.reader().range(bounds)
            }

            /// At most the first `limit` elements.
            pub fn limit(&self, limit: usize) -> SetRange<Shared<'_, $schema>, Root<$schema>, T> {
                self.reader().limit(limit)
            }

            /// The smallest element.
            #[must_use]
            pub fn first(&self) -> Option<T> {
                self.reader().first()
            }

            /// The greatest element.
            #[must_use]
            pub fn last(&self) -> Option<T> {
                self.reader().last()
            }

            /// Adds `element`. Says whether it is new.
            #[inline(always)]
            pub fn insert(&mut self, element: T) -> bool {
                self.root().insert(element)
            }

            /// Makes `value` the whole set.
            #[inline(always)]
            pub fn set(&mut self, value: BTreeSet<T>) {
                self.root().set(value);
            }

            /// Removes `element`. Says whether it was there.
            #[inline(always)]
            pub fn remove<Q>(&mut self, element: &Q) -> bool
            where
                Q: Lookup<T> + ?Sized,
            {
                self.root().remove(element)
            }

            /// Removes all elements.
            pub fn clear(&mut self) {
                self.root().clear();
            }
        }
    };
}

set_root!(Set<T>);
set_root!(Subindexed<Set<T>>);

macro_rules! list_root {
    ($schema:ty) => {
        /// A PState that is one list a task.
        impl<S: Schema> PState<$schema> {
            /// The item at position `at`, from 0, to read and write.
            pub fn index(&mut self, at: usize) -> S::Cursor<Local<'_, $schema>, AtIndex<Root<$schema>>> {
                self.root().index(at)
            }

            /// All items of this task. Cost: a copy of everything.
            #[must_use]
            pub fn get(&self) -> Option<Vec<S::Value>> {
                self.reader().get()
            }

            /// The number of items. Cost: constant.
            #[must_use]
            pub fn len(&self) -> usize {
                self.reader().len()
            }

            /// Whether there are no items.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.reader().is_empty()
            }

            /// All items.
            #[must_use]
            pub fn items(&self) -> Vec<S::Value> {
                self.reader().items()
            }

            /// All items, as an iterator over copies.
            #[must_use]
            pub fn iter(&self) -> IntoIter<S::Value> {
                self.reader().iter()
            }

            /// The items at the positions within `bounds`, as far as there are any.
            pub fn range(&self, bounds: impl RangeBounds<usize>) -> ListRange<Shared<'_, $schema>, Root<$schema>> {
                self.reader().range(bounds)
            }

            /// At most the first `limit` items.
            pub fn limit(&self, limit: usize) -> ListRange<Shared<'_, $schema>, Root<$schema>> {
                self.reader().limit(limit)
            }

            /// The first item.
            #[must_use]
            pub fn first(&self) -> Option<S::Value> {
                self.reader().first()
            }

            /// The last item.
            #[must_use]
            pub fn last(&self) -> Option<S::Value> {
                self.reader().last()
            }

            /// Adds an item at the end.
            #[inline(always)]
            pub fn push(&mut self, item: S::Value) {
                self.root().push(item);
            }

            /// Takes the last item off and returns it.
            pub fn pop(&mut self) -> Option<S::Value> {
                self.root().pop()
            }

            /// Makes `value` the whole list.
            #[inline(always)]
            pub fn set(&mut self, value: Vec<S::Value>) {
                self.root().set(value);
            }

            /// Removes all items.
            pub fn clear(&mut self) {
                self.root().clear();
            }
        }
    };
}

list_root!(List<S>);
list_root!(Subindexed<List<S>>);
