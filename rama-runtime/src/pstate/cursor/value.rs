//! The cursor on a plain value.

use crate::pstate::edit::{Put, Remove, Update};
use crate::pstate::path::Path;
use crate::pstate::schema::{Plain, Schema};
use crate::pstate::site::{Local, Read, Site};

/// A place that holds a [plain value](crate::pstate::Plain), or nothing.
#[derive(Debug, Clone, Copy)]
#[must_use = "a cursor does nothing until something is read or written through it"]
pub struct ValueCursor<X, P> {
    site: X,
    path: P,
}

impl<X, P> ValueCursor<X, P> {
    #[inline(always)]
    pub(in crate::pstate) fn new(site: X, path: P) -> Self {
        ValueCursor { site, path }
    }
}

/// Reads.
impl<X, P, T> ValueCursor<X, P>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path<Target = T>,
    T: Plain,
{
    /// The value, or `None` where there is none. Cost: one clone.
    #[inline(always)]
    pub fn get(self) -> X::Answer<Option<T>> {
        self.site.read(self.path, |node| node.cloned())
    }

    /// The value, or `default` where there is none.
    #[inline(always)]
    pub fn get_or(self, default: T) -> X::Answer<T> {
        self.site.read(self.path, |node| node.cloned().unwrap_or(default))
    }

    /// Whether there is a value.
    pub fn exists(self) -> X::Answer<bool> {
        self.site.read(self.path, |node| node.is_some())
    }
}

/// Writes.
impl<'p, S, P, T> ValueCursor<Local<'p, S>, P>
where
    S: Schema,
    P: Path<Root = S, Target = T>,
    T: Plain,
{
    /// Puts `value` there, whatever there was. Nothing is cloned.
    ///
    /// # Panics
    /// At a list index that is out of range; so the event fails.
    #[inline(always)]
    pub fn set(self, value: T) {
        self.site.edit(self.path, Put(T::build(value)));
    }

    /// Lets `change` change the value in place, and returns what it returns. A missing value starts as its `Default`.
    ///
    /// When `change` panics, the value is what it was before. Cost: one clone of the value before, for the undo record; a
    /// large value that changes often is better a [`Map`](crate::pstate::Map) or a [`List`](crate::pstate::List).
    ///
    /// # Panics
    /// When `change` does, and at a list index that is out of range; so the event fails.
    #[inline(always)]
    pub fn update<R>(self, change: impl FnOnce(&mut T) -> R) -> R
    where
        T: Default,
    {
        self.site.edit(self.path, Update(change))
    }

    /// Removes the value, and from a map its key, from a list the item (the later ones move up). Says whether there was
    /// one; `get` it before if it is needed.
    #[inline(always)]
    pub fn remove(self) -> bool {
        self.site.edit(self.path, Remove)
    }

    /// Returns the value, then adds one to it; a missing value is 0.
    ///
    /// # Panics
    /// When the number is too large for its type; so the event fails.
    #[allow(
        clippy::should_implement_trait,
        reason = "`ids.next()` is the language's word; a cursor is no iterator"
    )]
    #[inline(always)]
    pub fn next(self) -> T
    where
        T: Counter,
    {
        self.update(T::advance)
    }

    /// The same cursor for a shorter time, so that this one can be used again.
    pub fn by_ref(&mut self) -> ValueCursor<Local<'_, S>, P>
    where
        P: Copy,
    {
        ValueCursor {
            site: self.site.by_ref(),
            path: self.path,
        }
    }
}

/// An unsigned integer, which `next` counts up.
#[diagnostic::on_unimplemented(message = "[RM0010] `{Self}` is no unsigned integer, so there is no `next` one")]
pub trait Counter: Plain + Default {
    /// Returns the number, then adds one to it.
    ///
    /// # Panics
    /// When there is no greater one.
    fn advance(&mut self) -> Self;

    /// The `count`th number, from 0, of those that leave `task` when divided by `tasks`.
    ///
    /// # Panics
    /// When it is too large for the type.
    fn interleaved(count: Self, task: u32, tasks: u32) -> Self;
}

macro_rules! counters {
    ($($number:ty)*) => { $(
        impl Counter for $number {
            fn advance(&mut self) -> Self {
                let current = *self;
                let Some(next) = current.checked_add(1) else {
                    panic!("no number is left: `next` has reached the greatest `{}`", stringify!($number))
                };
                *self = next;
                current
            }

            fn interleaved(count: Self, task: u32, tasks: u32) -> Self {
                let id = <$number>::try_from(tasks).ok().and_then(|tasks| count.checked_mul(tasks));
                let task = <$number>::try_from(task).ok();
                match id.zip(task).and_then(|(id, task)| id.checked_add(task)) {
                    Some(id) => id,
                    None => panic!("no id is left: `next` has reached the greatest `{}`", stringify!($number)),
                }
            }
        }
    )* };
}

counters!(u8 u16 u32 u64 u128 usize);
