//! How an event ends.

use super::Route;
use crate::group::StoreError;
use std::any::Any;
use std::fmt;

/// An ack return on its way to the appender; the client, which knows the type, unpacks it.
pub type AckValue = Box<dyn Any + Send>;

/// How an event that did not fail has ended. `H` is the enum of what it may go on with.
pub enum Flow<H> {
    /// This branch went on: everything it needs is in its emits (possibly none, as in an `explode` of nothing).
    Moved,
    /// This branch goes on there. It is what most events end with, so it stays in registers, and is sent when the event has
    /// succeeded: there is nothing to take back.
    Hop(Route, H),
    /// The event is not over: it goes on with that, at once. Only between a machine's own segments.
    Jump(H),
    /// This branch has ended, with the value it returned, if its source returns one.
    Done(Option<AckValue>),
}

impl<H> Flow<H> {
    /// The end of a branch of a source that returns `R`.
    pub fn returned<R: Send + 'static>(value: R) -> Self {
        Flow::Done(Some(Box::new(value)))
    }

    /// Re-wraps the scope: a segment's own enum of reachable scopes into the topology's enum of all of them.
    #[inline(always)]
    pub fn map<W>(self, wrap: fn(H) -> W) -> Flow<W> {
        match self {
            Flow::Moved => Flow::Moved,
            Flow::Hop(route, hop) => Flow::Hop(route, wrap(hop)),
            Flow::Jump(hop) => Flow::Jump(wrap(hop)),
            Flow::Done(value) => Flow::Done(value),
        }
    }
}

/// Why an event failed: an error that user code returned with `?`, a panic, or a rule that was broken at run time.
///
/// Any error converts into it, so `?` works on every `Result` in a topology body. (It does not implement
/// [`std::error::Error`] itself, as that would forbid this conversion.)
#[derive(Debug, Clone)]
pub struct EventError(Box<Failed>);

/// Boxed, so that a `Result` of an event is small.
#[derive(Debug, Clone)]
struct Failed {
    message: String,
    panicked: bool,
    /// Where it was the store.
    store: Option<StoreError>,
}

impl EventError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        EventError(Box::new(Failed {
            message: message.into(),
            panicked: false,
            store: None,
        }))
    }

    /// The error of an event whose code panicked with `payload`, or that unwound with an error of its own.
    #[must_use]
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        if let Some(error) = payload.downcast_ref::<EventError>() {
            return error.clone();
        }
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a value that is not text".to_owned());
        EventError(Box::new(Failed {
            message: format!("panicked: {text}"),
            panicked: true,
            store: None,
        }))
    }

    /// The store has failed the event.
    pub(crate) fn of_store(error: StoreError) -> Self {
        EventError(Box::new(Failed {
            message: error.to_string(),
            panicked: false,
            store: Some(error),
        }))
    }

    /// What the store said, if it was the store.
    pub(crate) fn store(&self) -> Option<&StoreError> {
        self.0.store.as_ref()
    }

    /// Whether the event's code panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.0.panicked
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for EventError {
    fn from(error: E) -> Self {
        let error = error.into();
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        EventError::new(message)
    }
}
