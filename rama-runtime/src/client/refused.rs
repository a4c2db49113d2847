//! What a client cannot do. The methods exist for their messages: each has a bound that nothing meets. What they return can
//! be used as the real thing, so that nothing else is reported.

use super::{BatchAppend, ClientAppend, DepotReader};
use crate::module::Module;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A module whose clients append to depots that only topologies, or the clock, append to. There is none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[RM0003] a client cannot append to this depot",
    label = "only topologies append to a `disallow` depot, and only the clock to a `tick` depot",
    note = "give the depot another partitioner, as in `#[depot(random)]`, or append to a depot whose topology appends to this one"
)]
pub trait ClientsAppend {}

/// A module whose clients write PStates. There is none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[RM0003] a client cannot write a PState",
    label = "only the topology that owns the PState writes it",
    note = "append a record to a depot, and let the topology that processes it write"
)]
pub trait ClientsWrite {}

/// A module whose clients read PStates that are private. There is none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[RM0003] a client cannot read a `private` PState",
    label = "this PState is `private`",
    note = "take `private` out of its `#[pstate(..)]`, or read it in a topology"
)]
pub trait ClientsReadPrivate {}

impl<M: Module, R> DepotReader<M, R> {
    #[doc(hidden)]
    pub fn append(&self, _record: R) -> ClientAppend<M, R, ()>
    where
        M: ClientsAppend,
    {
        unreachable!("no module is `ClientsAppend`")
    }

    #[doc(hidden)]
    pub fn append_batch(&self, _records: Vec<R>) -> BatchAppend<M, R, ()>
    where
        M: ClientsAppend,
    {
        unreachable!("no module is `ClientsAppend`")
    }
}

/// The place of a `private` PState in a client: nothing can be read through it.
#[doc(hidden)]
pub struct PrivatePState<M>(PhantomData<fn() -> M>);

impl<M> PrivatePState<M> {
    pub fn new() -> Self {
        PrivatePState(PhantomData)
    }
}

impl<M> Default for PrivatePState<M> {
    fn default() -> Self {
        PrivatePState::new()
    }
}

impl<M> fmt::Debug for PrivatePState<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivatePState").finish()
    }
}

/// What a read of a private PState would give.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unreadable;

impl Future for Unreadable {
    type Output = crate::Result<Unreadable>;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}

macro_rules! private {
    ($($read:ident($($argument:ident: $ty:ident)?)),* $(,)?) => {
        #[allow(missing_docs, clippy::should_implement_trait, clippy::iter_not_returning_iterator)]
        impl<M> PrivatePState<M> {
            $(
                #[doc(hidden)]
                pub fn $read$(<$ty>)?(&self, $($argument: $ty)?) -> Unreadable
                where
                    M: ClientsReadPrivate,
                {
                    Unreadable$(.$read($argument))?
                }
            )*
        }

        #[allow(missing_docs, clippy::should_implement_trait, clippy::iter_not_returning_iterator)]
        impl Unreadable {
            $(
                #[doc(hidden)]
                pub fn $read$(<$ty>)?(self, $(_: $ty)?) -> Unreadable {
                    self
                }
            )*
        }
    };
}

private!(
    partition(task: A),
    key(key: A),
    index(at: A),
    range(bounds: A),
    limit(limit: A),
    contains(key: A),
    get(),
    get_or(default: A),
    exists(),
    len(),
    keys(),
    values(),
    items(),
    iter(),
    first(),
    last(),
);
