//! The cursor on a list.

use super::range::ListRange;
use crate::pstate::edit::{Clear, Put};
use crate::pstate::kinds::{ItemOf, Sequence};
use crate::pstate::list::{Pop, Push};
use crate::pstate::path::{AtIndex, Path};
use crate::pstate::schema::Schema;
use crate::pstate::site::{Local, Read, Site};
use crate::pstate::window::Window;
use std::ops::RangeBounds;

/// A place that holds a [`List`](crate::pstate::List), or nothing, which reads as an empty one.
#[derive(Debug, Clone, Copy)]
#[must_use = "a cursor does nothing until something is read or written through it"]
pub struct ListCursor<X, P> {
    site: X,
    path: P,
}

impl<X, P> ListCursor<X, P> {
    #[inline(always)]
    pub(in crate::pstate) fn new(site: X, path: P) -> Self {
        ListCursor { site, path }
    }

    /// At most the first `limit` items.
    pub fn limit(self, limit: usize) -> ListRange<X, P> {
        ListRange::new(self.site, self.path, Window::all().limited(limit))
    }

    /// The items at the positions within `bounds`, as far as there are any.
    pub fn range(self, bounds: impl RangeBounds<usize>) -> ListRange<X, P> {
        ListRange::new(self.site, self.path, Window::within(&bounds))
    }

    /// The item at position `at`, from 0.
    ///
    /// A read finds nothing where the list is shorter; a write fails the event there, unless it removes.
    #[inline(always)]
    pub fn index<L>(self, at: usize) -> <L::Item as Schema>::Cursor<X, AtIndex<P>>
    where
        P: Path<Target = L>,
        L: Sequence,
    {
        L::Item::cursor(self.site, AtIndex { parent: self.path, at })
    }
}

/// Reads.
impl<X, P, L> ListCursor<X, P>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = L>,
    L: Sequence,
{
    /// The whole list, or `None` where nothing was ever written. Cost: a copy of everything in it.
    pub fn get(self) -> X::Answer<Option<L::Value>> {
        self.site.read(self.path, |node| node.map(L::value))
    }

    /// Whether anything is there, if only an empty list.
    pub fn exists(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_some())
    }

    /// The number of items. Cost: constant.
    pub fn len(self) -> X::Answer<usize> {
        self.site.read(self.path, |node| node.map_or(0, |list| list.len()))
    }

    /// Whether there are no items.
    pub fn is_empty(self) -> X::Answer<bool> {
        self.site
            .read(self.path, |node| node.is_none_or(|list| list.is_empty()))
    }

    /// All items.
    pub fn items(self) -> X::Answer<Vec<ItemOf<L>>> {
        self.range(..).items()
    }

    /// All items, as an iterator over copies: it borrows nothing, so writes may go on meanwhile.
    pub fn iter(self) -> X::Answer<std::vec::IntoIter<ItemOf<L>>> {
        self.range(..).iter()
    }

    /// The first item.
    pub fn first(self) -> X::Answer<Option<ItemOf<L>>> {
        self.site.read(self.path, |node| node?.first().map(L::Item::value))
    }

    /// The last item.
    pub fn last(self) -> X::Answer<Option<ItemOf<L>>> {
        self.site.read(self.path, |node| node?.last().map(L::Item::value))
    }
}

/// Writes.
impl<'p, S, P, L> ListCursor<Local<'p, S>, P>
where
    S: Schema,
    P: Path<Root = S, Target = L>,
    L: Sequence,
{
    /// Adds an item at the end.
    ///
    /// # Panics
    /// At an index of an outer list that is out of range; so the event fails.
    #[inline(always)]
    pub fn push(self, item: ItemOf<L>) {
        self.site.edit(self.path, Push(L::Item::build(item)));
    }

    /// Takes the last item off and returns it. Cost: one copy of it, for the undo record.
    pub fn pop(self) -> Option<ItemOf<L>> {
        self.site.edit(self.path, Pop)
    }

    /// Puts the list `value` there, whatever there was.
    ///
    /// # Panics
    /// At an index of an outer list that is out of range; so the event fails.
    pub fn set(self, value: L::Value) {
        self.site.edit(self.path, Put(L::build(value)));
    }

    /// Removes all items. (Where there is no list, none is created.)
    pub fn clear(self) {
        self.site.edit(self.path, Clear);
    }

    /// The same cursor for a shorter time, so that this one can be used again.
    pub fn by_ref(&mut self) -> ListCursor<Local<'_, S>, P>
    where
        P: Copy,
    {
        ListCursor {
            site: self.site.by_ref(),
            path: self.path,
        }
    }
}
