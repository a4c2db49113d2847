//! Where a cursor's PState is: here, to be written; here, to be read; or on another task.

use super::edit::Edit;
use super::lookup::{HeldKey, Lookup, Owned};
use super::path::Path;
use super::schema::{Key, Schema};
use super::state::PState;
use crate::client::App;
use crate::module::Module;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where a PState is, as seen from a cursor: [`Local`], [`Shared`] or [`Remote`].
pub trait Site: Sized {
    /// The schema of the PState.
    type Root: Schema;

    /// What a read gives: the result at once, or a future.
    type Answer<R: Send + 'static>;

    /// How a path holds a key on the way there.
    type Held<'q, K, Q>: HeldKey<K>
    where
        K: Key,
        Q: Lookup<K> + ?Sized + 'q;

    /// Takes a key along.
    fn hold<'q, K, Q>(key: &'q Q) -> Self::Held<'q, K, Q>
    where
        K: Key,
        Q: Lookup<K> + ?Sized;

    /// Fails the event if another task owns this key of the root, and that is looked at here.
    #[inline]
    fn check_key<K: Key, Q: Lookup<K> + ?Sized>(&self, _key: &Q) {}
}

/// A [`Site`] where the place at the end of a path can be read.
pub trait Read<P: Path<Root = Self::Root>>: Site {
    /// Runs `read` on what stands there.
    fn read<R: Send + 'static>(
        self,
        path: P,
        read: impl FnOnce(Option<&<P::Target as Schema>::Node>) -> R + Send + 'static,
    ) -> Self::Answer<R>;
}

/// Which keys of the root are looked at.
#[derive(Debug, Clone, Copy)]
enum Checks {
    Nothing,
    Keys,
    /// Those that the compiler proved to live here.
    Proofs,
}

/// This task's partition, to be read and written: synchronous.
#[derive(Debug)]
pub struct Local<'p, S: Schema> {
    pub(super) state: &'p mut PState<S>,
    checks: Checks,
    /// Whether the event may still fail after a write, which is then taken back.
    may_fail: bool,
}

impl<'p, S: Schema> Local<'p, S> {
    /// The partition, where the keys of the root must live here.
    #[inline(always)]
    pub(super) fn checked(state: &'p mut PState<S>) -> Self {
        Local {
            state,
            checks: Checks::Keys,
            may_fail: true,
        }
    }

    /// The partition, whatever its keys.
    #[inline(always)]
    pub(super) fn unchecked(state: &'p mut PState<S>) -> Self {
        Local {
            state,
            checks: Checks::Nothing,
            may_fail: true,
        }
    }

    /// The partition, for a key that the compiler proved to live here: debug builds look whether it was right.
    #[inline(always)]
    pub(super) fn proven(state: &'p mut PState<S>) -> Self {
        let checks = if cfg!(debug_assertions) {
            Checks::Proofs
        } else {
            Checks::Nothing
        };
        Local {
            state,
            checks,
            may_fail: true,
        }
    }

    /// The same, for the event's last write: behind it nothing fails.
    #[inline(always)]
    pub(super) fn last(state: &'p mut PState<S>) -> Self {
        Local {
            may_fail: false,
            ..Local::proven(state)
        }
    }

    /// Runs one write. When user code in it panics, nothing of it is left behind.
    #[inline(always)]
    pub(super) fn edit<P, E>(self, path: P, edit: E) -> E::Out
    where
        P: Path<Root = S>,
        E: Edit<P::Target>,
    {
        self.state.edit(path, edit, self.may_fail)
    }

    /// The same site, for a shorter time.
    pub fn by_ref(&mut self) -> Local<'_, S> {
        Local {
            state: self.state,
            checks: self.checks,
            may_fail: self.may_fail,
        }
    }
}

impl<S: Schema> Site for Local<'_, S> {
    type Root = S;
    type Answer<R: Send + 'static> = R;
    type Held<'q, K, Q>
        = &'q Q
    where
        K: Key,
        Q: Lookup<K> + ?Sized + 'q;

    #[inline(always)]
    fn hold<K: Key, Q: Lookup<K> + ?Sized>(key: &Q) -> &Q {
        key
    }

    #[inline]
    fn check_key<K: Key, Q: Lookup<K> + ?Sized>(&self, key: &Q) {
        match self.checks {
            Checks::Nothing => {}
            Checks::Keys => self.state.check_key(key, false),
            Checks::Proofs => self.state.check_key(key, true),
        }
    }
}

impl<S: Schema, P: Path<Root = S>> Read<P> for Local<'_, S> {
    fn read<R: Send + 'static>(
        self,
        path: P,
        read: impl FnOnce(Option<&<P::Target as Schema>::Node>) -> R + Send + 'static,
    ) -> R {
        read(path.node(self.state.place()))
    }
}

/// This task's partition, to be read only: synchronous.
#[derive(Debug)]
pub struct Shared<'p, S: Schema> {
    pub(super) state: &'p PState<S>,
}

impl<S: Schema> Clone for Shared<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Schema> Copy for Shared<'_, S> {}

impl<S: Schema> Site for Shared<'_, S> {
    type Root = S;
    type Answer<R: Send + 'static> = R;
    type Held<'q, K, Q>
        = &'q Q
    where
        K: Key,
        Q: Lookup<K> + ?Sized + 'q;

    #[inline(always)]
    fn hold<K: Key, Q: Lookup<K> + ?Sized>(key: &Q) -> &Q {
        key
    }

    #[inline]
    fn check_key<K: Key, Q: Lookup<K> + ?Sized>(&self, key: &Q) {
        self.state.check_key(key, false);
    }
}

impl<S: Schema, P: Path<Root = S>> Read<P> for Shared<'_, S> {
    fn read<R: Send + 'static>(
        self,
        path: P,
        read: impl FnOnce(Option<&<P::Target as Schema>::Node>) -> R + Send + 'static,
    ) -> R {
        read(path.node(self.state.place()))
    }
}

/// A partition on a task of a running module, as its client sees it: reads are futures.
pub struct Remote<M: Module, S: Schema> {
    pub(super) app: App<M>,
    pub(super) task: Result<u32, Unroutable>,
    pub(super) state: fn(&M) -> &PState<S>,
}

impl<M: Module, S: Schema> Clone for Remote<M, S> {
    fn clone(&self) -> Self {
        Remote {
            app: self.app.clone(),
            task: self.task.clone(),
            state: self.state,
        }
    }
}

impl<M: Module, S: Schema> fmt::Debug for Remote<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

/// Why no task could be found for a read. Reported by the read, so that the way there needs no `?`.
#[derive(Debug, Clone)]
pub(super) enum Unroutable {
    NoSuchTask { task: u32, tasks: u32 },
    Key(postcard::Error),
}

impl From<Unroutable> for crate::Error {
    fn from(reason: Unroutable) -> Self {
        match reason {
            Unroutable::NoSuchTask { task, tasks } => crate::Error::NoSuchTask { task, tasks },
            Unroutable::Key(error) => crate::Error::Key(error),
        }
    }
}

impl<M: Module, S: Schema> Site for Remote<M, S> {
    type Root = S;
    type Answer<R: Send + 'static> = Answer<R>;
    type Held<'q, K, Q>
        = Owned<K>
    where
        K: Key,
        Q: Lookup<K> + ?Sized + 'q;

    #[inline(always)]
    fn hold<K: Key, Q: Lookup<K> + ?Sized>(key: &Q) -> Owned<K> {
        Owned(key.to_owned())
    }
}

impl<M: Module, S: Schema, P: Path<Root = S> + Send + 'static> Read<P> for Remote<M, S> {
    fn read<R: Send + 'static>(
        self,
        path: P,
        read: impl FnOnce(Option<&<P::Target as Schema>::Node>) -> R + Send + 'static,
    ) -> Answer<R> {
        let Remote { app, task, state } = self;
        Answer(Box::pin(async move {
            let task = task?;
            app.ask(task, move |module| read(path.node(state(module).place())))
                .await
        }))
    }
}

/// The future of one read by a client. Nothing is sent before it is first polled.
///
/// # Errors
/// It resolves to [`Error::NoSuchTask`](crate::Error::NoSuchTask) or [`Error::Key`](crate::Error::Key) when the read could
/// not be routed, and to whatever error the cluster has when it can no longer answer.
#[must_use = "a read is sent when its future is awaited"]
pub struct Answer<R>(Pin<Box<dyn Future<Output = crate::Result<R>> + Send>>);

impl<R> Future for Answer<R> {
    type Output = crate::Result<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<crate::Result<R>> {
        self.0.as_mut().poll(context)
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
