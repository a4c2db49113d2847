//! Reads of a part of a collection.

use crate::pstate::kinds::{EntryOf, ItemOf, Keyed, Sequence};
use crate::pstate::path::Path;
use crate::pstate::schema::Schema;
use crate::pstate::site::{Read, Site};
use crate::pstate::storage::Storage;
use crate::pstate::window::Window;
use std::vec::IntoIter;

/// Some of the entries of a map. Cost of a read: to find the range, and what it returns.
#[derive(Debug, Clone, Copy)]
#[must_use = "a range reads nothing until it is asked for its items"]
pub struct MapRange<X, P, K> {
    site: X,
    path: P,
    window: Window<K>,
}

impl<X, P, K> MapRange<X, P, K> {
    pub(super) fn new(site: X, path: P, window: Window<K>) -> Self {
        MapRange { site, path, window }
    }

    /// At most `limit` of them.
    pub fn limit(self, limit: usize) -> Self {
        MapRange {
            window: self.window.limited(limit),
            ..self
        }
    }

    /// The greatest key first: with a `limit`, the entries with the last keys.
    pub fn rev(self) -> Self {
        MapRange {
            window: self.window.reversed(),
            ..self
        }
    }
}

impl<X, P, C> MapRange<X, P, C::Key>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = C>,
    C: Keyed,
{
    /// The entries. The same as [`items`](Self::items).
    pub fn get(self) -> X::Answer<Vec<EntryOf<C>>> {
        self.items()
    }

    /// The entries.
    pub fn items(self) -> X::Answer<Vec<EntryOf<C>>> {
        self.collect(|key, node| (key.clone(), C::Item::value(node)))
    }

    /// The entries, as an iterator over copies.
    pub fn iter(self) -> X::Answer<IntoIter<EntryOf<C>>> {
        let window = self.window;
        self.site.read(self.path, move |node| {
            let each = |key: &C::Key, node: &_| (key.clone(), C::Item::value(node));
            node.map(|entries| entries.collect::<_, Vec<_>>(&window, each))
                .unwrap_or_default()
                .into_iter()
        })
    }

    /// The keys.
    pub fn keys(self) -> X::Answer<Vec<C::Key>> {
        self.collect(|key, _| key.clone())
    }

    /// What the entries hold, in the order of their keys.
    pub fn values(self) -> X::Answer<Vec<<C::Item as Schema>::Value>> {
        self.collect(|_, node| C::Item::value(node))
    }

    fn collect<T: Send + 'static>(self, each: fn(&C::Key, &<C::Item as Schema>::Node) -> T) -> X::Answer<Vec<T>> {
        let window = self.window;
        self.site.read(self.path, move |node| {
            node.map(|entries| entries.collect(&window, each)).unwrap_or_default()
        })
    }
}

/// Some of the elements of a set. Cost of a read: to find the range, and what it returns.
#[derive(Debug, Clone, Copy)]
#[must_use = "a range reads nothing until it is asked for its items"]
pub struct SetRange<X, P, K> {
    site: X,
    path: P,
    window: Window<K>,
}

impl<X, P, K> SetRange<X, P, K> {
    pub(super) fn new(site: X, path: P, window: Window<K>) -> Self {
        SetRange { site, path, window }
    }

    /// At most `limit` of them.
    pub fn limit(self, limit: usize) -> Self {
        SetRange {
            window: self.window.limited(limit),
            ..self
        }
    }

    /// The greatest element first: with a `limit`, the last elements.
    pub fn rev(self) -> Self {
        SetRange {
            window: self.window.reversed(),
            ..self
        }
    }
}

impl<X, P, C> SetRange<X, P, C::Key>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = C>,
    C: Keyed,
{
    /// The elements. The same as [`items`](Self::items).
    pub fn get(self) -> X::Answer<Vec<C::Key>> {
        self.items()
    }

    /// The elements.
    pub fn items(self) -> X::Answer<Vec<C::Key>> {
        let window = self.window;
        self.site.read(self.path, move |node| elements(node, &window))
    }

    /// The elements, as an iterator over copies.
    pub fn iter(self) -> X::Answer<IntoIter<C::Key>> {
        let window = self.window;
        self.site
            .read(self.path, move |node| elements(node, &window).into_iter())
    }
}

fn elements<T: Storage>(entries: Option<&T>, window: &Window<T::Key>) -> Vec<T::Key> {
    entries
        .map(|entries| entries.collect(window, |key, _| key.clone()))
        .unwrap_or_default()
}

/// Some of the items of a list. Cost of a read: what it returns.
#[derive(Debug, Clone, Copy)]
#[must_use = "a range reads nothing until it is asked for its items"]
pub struct ListRange<X, P> {
    site: X,
    path: P,
    window: Window<usize>,
}

impl<X, P> ListRange<X, P> {
    pub(super) fn new(site: X, path: P, window: Window<usize>) -> Self {
        ListRange { site, path, window }
    }

    /// At most `limit` of them.
    pub fn limit(self, limit: usize) -> Self {
        ListRange {
            window: self.window.limited(limit),
            ..self
        }
    }

    /// The last item first: with a `limit`, the last items.
    pub fn rev(self) -> Self {
        ListRange {
            window: self.window.reversed(),
            ..self
        }
    }
}

impl<X, P, L> ListRange<X, P>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = L>,
    L: Sequence,
{
    /// The items. The same as [`items`](Self::items).
    pub fn get(self) -> X::Answer<Vec<ItemOf<L>>> {
        self.items()
    }

    /// The items.
    pub fn items(self) -> X::Answer<Vec<ItemOf<L>>> {
        let window = self.window;
        self.site.read(self.path, move |list| values::<L>(list, &window))
    }

    /// The items, as an iterator over copies.
    pub fn iter(self) -> X::Answer<IntoIter<ItemOf<L>>> {
        let window = self.window;
        self.site
            .read(self.path, move |list| values::<L>(list, &window).into_iter())
    }
}

fn values<L: Sequence>(list: Option<&L::Node>, window: &Window<usize>) -> Vec<ItemOf<L>> {
    let Some(list) = list else { return Vec::new() };
    window.walk(window.of_list(list).iter().map(L::Item::value))
}
