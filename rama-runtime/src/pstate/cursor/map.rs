//! The cursor on a map.

use super::range::MapRange;
use crate::pstate::edit::{Clear, Put, Remove};
use crate::pstate::kinds::{EntryOf, Keyed};
use crate::pstate::lookup::Lookup;
use crate::pstate::path::{AtKey, Path};
use crate::pstate::schema::Schema;
use crate::pstate::site::{Local, Read, Site};
use crate::pstate::storage::Storage;
use crate::pstate::window::Window;
use std::ops::RangeBounds;

/// The cursor on an entry of a map of schema `C`, found by a key of form `Q`.
pub type EntryCursor<'q, X, P, C, Q> =
    <<C as Keyed>::Item as Schema>::Cursor<X, AtKey<P, <X as Site>::Held<'q, <C as Keyed>::Key, Q>>>;

/// A place that holds a [`Map`](crate::pstate::Map), or nothing, which reads as an empty one.
///
/// Whatever lists entries does so in key order.
#[derive(Debug, Clone, Copy)]
#[must_use = "a cursor does nothing until something is read or written through it"]
pub struct MapCursor<X, P> {
    site: X,
    path: P,
}

impl<X, P> MapCursor<X, P> {
    #[inline(always)]
    pub(in crate::pstate) fn new(site: X, path: P) -> Self {
        MapCursor { site, path }
    }

    /// The entries with at most the first `limit` keys.
    pub fn limit<C>(self, limit: usize) -> MapRange<X, P, C::Key>
    where
        P: Path<Target = C>,
        C: Keyed,
    {
        MapRange::new(self.site, self.path, Window::all().limited(limit))
    }

    /// The entries whose keys are within `bounds`: `a..b`, `a..=b`, `a..`, `..`, of keys or references to keys.
    pub fn range<C>(self, bounds: impl RangeBounds<C::Key>) -> MapRange<X, P, C::Key>
    where
        P: Path<Target = C>,
        C: Keyed,
    {
        MapRange::new(self.site, self.path, Window::within(&bounds))
    }
}

/// Steps.
impl<X, P, C> MapCursor<X, P>
where
    X: Site<Root = P::Root>,
    P: Path<Target = C>,
    C: Keyed,
{
    /// The entry of `key`.
    #[inline(always)]
    pub fn key<'q, Q>(self, key: &'q Q) -> EntryCursor<'q, X, P, C, Q>
    where
        Q: Lookup<C::Key> + ?Sized,
    {
        if P::IS_ROOT {
            self.site.check_key(key);
        }
        C::Item::cursor(
            self.site,
            AtKey {
                parent: self.path,
                key: X::hold(key),
            },
        )
    }
}

/// Reads.
impl<X, P, C> MapCursor<X, P>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = C>,
    C: Keyed,
{
    /// The whole map, or `None` where nothing was ever written. Cost: a copy of everything in it.
    pub fn get(self) -> X::Answer<Option<C::Value>> {
        self.site.read(self.path, |node| node.map(C::value))
    }

    /// Whether there is an entry of `key`.
    #[inline(always)]
    pub fn contains<'q, Q>(self, key: &'q Q) -> X::Answer<bool>
    where
        Q: Lookup<C::Key> + ?Sized,
        X: Read<AtKey<P, <X as Site>::Held<'q, C::Key, Q>>>,
    {
        if P::IS_ROOT {
            self.site.check_key(key);
        }
        let path = AtKey {
            parent: self.path,
            key: X::hold(key),
        };
        self.site.read(path, |node| node.is_some())
    }

    /// Whether anything is there, if only an empty map.
    pub fn exists(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_some())
    }

    /// The number of entries. Cost: constant.
    pub fn len(self) -> X::Answer<usize> {
        self.site.read(self.path, |node| node.map_or(0, Storage::len))
    }

    /// Whether there are no entries.
    pub fn is_empty(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_none_or(Storage::is_empty))
    }

    /// All keys.
    pub fn keys(self) -> X::Answer<Vec<C::Key>> {
        self.range(..).keys()
    }

    /// What all entries hold, in the order of their keys.
    pub fn values(self) -> X::Answer<Vec<<C::Item as Schema>::Value>> {
        self.range(..).values()
    }

    /// All entries.
    pub fn items(self) -> X::Answer<Vec<EntryOf<C>>> {
        self.range(..).items()
    }

    /// All entries, as an iterator over copies: it borrows nothing, so writes may go on meanwhile.
    pub fn iter(self) -> X::Answer<std::vec::IntoIter<EntryOf<C>>> {
        self.range(..).iter()
    }

    /// The entry with the smallest key. Cost: O(log n) subindexed; otherwise O(n) after a key came or went.
    pub fn first(self) -> X::Answer<Option<EntryOf<C>>> {
        self.site.read(self.path, |node| {
            let (key, node) = node?.first()?;
            Some((key.clone(), C::Item::value(node)))
        })
    }

    /// The entry with the greatest key. Cost: as [`first`](Self::first).
    pub fn last(self) -> X::Answer<Option<EntryOf<C>>> {
        self.site.read(self.path, |node| {
            let (key, node) = node?.last()?;
            Some((key.clone(), C::Item::value(node)))
        })
    }
}

/// Writes.
impl<'p, S, P, C> MapCursor<Local<'p, S>, P>
where
    S: Schema,
    P: Path<Root = S, Target = C>,
    C: Keyed,
{
    /// Puts the map `value` there, whatever there was.
    ///
    /// # Panics
    /// At a list index that is out of range; so the event fails.
    #[inline(always)]
    pub fn set(self, value: C::Value) {
        self.site.edit(self.path, Put(C::build(value)));
    }

    /// Removes the entry of `key`. Says whether there was one; `get` it before if it is needed.
    #[inline(always)]
    pub fn remove<Q>(self, key: &Q) -> bool
    where
        Q: Lookup<C::Key> + ?Sized,
    {
        if P::IS_ROOT {
            self.site.check_key(key);
        }
        self.site.edit(AtKey { parent: self.path, key }, Remove)
    }

    /// Removes all entries. (Where there is no map, none is created.)
    pub fn clear(self) {
        self.site.edit(self.path, Clear);
    }

    /// The same cursor for a shorter time, so that this one can be used again.
    pub fn by_ref(&mut self) -> MapCursor<Local<'_, S>, P>
    where
        P: Copy,
    {
        MapCursor {
            site: self.site.by_ref(),
            path: self.path,
        }
    }
}
