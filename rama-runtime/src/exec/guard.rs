//! What stands between a task thread and panics of the user's types: their `Drop`, mostly.

use crate::topology::EventError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`, and turns a panic in it into an error. Whoever calls makes whole again what `work` may have left half done.
#[inline]
pub(crate) fn attempt<T>(work: impl FnOnce() -> T) -> Result<T, EventError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(caught)
}

/// The error that a caught panic is.
#[cold]
pub(crate) fn caught(payload: Box<dyn Any + Send>) -> EventError {
    let error = EventError::panicked(&*payload);
    // A payload may be of a type whose `Drop` panics, too.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    error
}

/// Calls `finish`, which drops values of the user's types, until no `Drop` of theirs panics any more. What it has done must
/// stay done, so that each further call has less to do.
#[inline]
pub(crate) fn insist(mut finish: impl FnMut()) {
    while let Err(error) = attempt(&mut finish) {
        tracing::error!(%error, "a value's `Drop` panicked between events");
    }
}

/// Drops a value that may hold some of the user's. Does nothing else if their `Drop` panics.
#[inline]
pub(crate) fn discard<T>(value: T) {
    if std::mem::needs_drop::<T>()
        && let Err(error) = attempt(|| drop(value))
    {
        tracing::error!(%error, "a value's `Drop` panicked between events");
    }
}
