//! The cursor on a set.

use super::range::SetRange;
use crate::pstate::edit::{After, Clear, Edit, Put, Remove};
use crate::pstate::kinds::Keyed;
use crate::pstate::lookup::{Lookup, Owned};
use crate::pstate::path::{AtKey, Path};
use crate::pstate::schema::Schema;
use crate::pstate::site::{Local, Read, Site};
use crate::pstate::storage::Storage;
use crate::pstate::window::Window;
use std::ops::RangeBounds;

/// A place that holds a [`Set`](crate::pstate::Set), or nothing, which reads as an empty one.
///
/// Whatever lists elements does so in their order.
#[derive(Debug, Clone, Copy)]
#[must_use = "a cursor does nothing until something is read or written through it"]
pub struct SetCursor<X, P> {
    site: X,
    path: P,
}

impl<X, P> SetCursor<X, P> {
    #[inline(always)]
    pub(in crate::pstate) fn new(site: X, path: P) -> Self {
        SetCursor { site, path }
    }

    /// At most the first `limit` elements.
    pub fn limit<C>(self, limit: usize) -> SetRange<X, P, C::Key>
    where
        P: Path<Target = C>,
        C: Keyed,
    {
        SetRange::new(self.site, self.path, Window::all().limited(limit))
    }

    /// The elements within `bounds`: `a..b`, `a..=b`, `a..`, `..`, of elements or references to elements.
    pub fn range<C>(self, bounds: impl RangeBounds<C::Key>) -> SetRange<X, P, C::Key>
    where
        P: Path<Target = C>,
        C: Keyed,
    {
        SetRange::new(self.site, self.path, Window::within(&bounds))
    }
}

/// Reads.
impl<X, P, C> SetCursor<X, P>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = C>,
    C: Keyed,
{
    /// The whole set, or `None` where nothing was ever written. Cost: a copy of everything in it.
    pub fn get(self) -> X::Answer<Option<C::Value>> {
        self.site.read(self.path, |node| node.map(C::value))
    }

    /// Whether `element` is in the set.
    #[inline(always)]
    pub fn contains<'q, Q>(self, element: &'q Q) -> X::Answer<bool>
    where
        Q: Lookup<C::Key> + ?Sized,
        X: Read<AtKey<P, <X as Site>::Held<'q, C::Key, Q>>>,
    {
        let path = AtKey {
            parent: self.path,
            key: X::hold(element),
        };
        self.site.read(path, |node| node.is_some())
    }

    /// Whether anything is there, if only an empty set.
    pub fn exists(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_some())
    }

    /// The number of elements. Cost: constant.
    pub fn len(self) -> X::Answer<usize> {
        self.site.read(self.path, |node| node.map_or(0, Storage::len))
    }

    /// Whether there are no elements.
    pub fn is_empty(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_none_or(Storage::is_empty))
    }

    /// All elements.
    pub fn items(self) -> X::Answer<Vec<C::Key>> {
        self.range(..).items()
    }

    /// All elements, as an iterator over copies: it borrows nothing, so writes may go on meanwhile.
    pub fn iter(self) -> X::Answer<std::vec::IntoIter<C::Key>> {
        self.range(..).iter()
    }

    /// The smallest element. Cost: O(log n) subindexed; otherwise O(n) after an element came or went.
    pub fn first(self) -> X::Answer<Option<C::Key>> {
        self.site
            .read(self.path, |node| node?.first().map(|(element, _)| element.clone()))
    }

    /// The greatest element. Cost: as [`first`](Self::first).
    pub fn last(self) -> X::Answer<Option<C::Key>> {
        self.site
            .read(self.path, |node| node?.last().map(|(element, _)| element.clone()))
    }
}

/// Writes.
impl<'p, S, P, C> SetCursor<Local<'p, S>, P>
where
    S: Schema,
    P: Path<Root = S, Target = C>,
    C: Keyed<Item = ()>,
{
    /// Adds `element`. Says whether it is new.
    ///
    /// # Panics
    /// At a list index that is out of range; so the event fails.
    #[inline(always)]
    pub fn insert(self, element: C::Key) -> bool {
        self.site.edit(
            AtKey {
                parent: self.path,
                key: Owned(element),
            },
            Insert,
        )
    }

    /// Removes `element`. Says whether it was there.
    #[inline(always)]
    pub fn remove<Q>(self, element: &Q) -> bool
    where
        Q: Lookup<C::Key> + ?Sized,
    {
        self.site.edit(
            AtKey {
                parent: self.path,
                key: element,
            },
            Remove,
        )
    }

    /// Puts the set `value` there, whatever there was.
    ///
    /// # Panics
    /// At a list index that is out of range; so the event fails.
    pub fn set(self, value: C::Value) {
        self.site.edit(self.path, Put(C::build(value)));
    }

    /// Removes all elements. (Where there is no set, none is created.)
    pub fn clear(self) {
        self.site.edit(self.path, Clear);
    }

    /// The same cursor for a shorter time, so that this one can be used again.
    pub fn by_ref(&mut self) -> SetCursor<Local<'_, S>, P>
    where
        P: Copy,
    {
        SetCursor {
            site: self.site.by_ref(),
            path: self.path,
        }
    }
}

/// Creates an entry that holds nothing but its key.
struct Insert;

impl Edit<()> for Insert {
    type Out = bool;
    const CREATES: bool = true;

    fn missing(self) -> (Option<()>, bool) {
        (Some(()), true)
    }

    fn present(self, (): &mut ()) -> (bool, After<<() as Schema>::Undo>) {
        (false, After::Same)
    }
}
