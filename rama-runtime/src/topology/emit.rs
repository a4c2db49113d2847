//! What an event sends on: scopes, each with a destination.

use std::future::Future;
use std::pin::Pin;

/// Where an emitted scope resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// On that task, through its queue, after everything already sent from this task to it.
    Task(u32),
    /// On this task, as the next event, before anything that waits in the queue (`explode`, `fork`, and what makes an
    /// `external` future).
    Here,
    /// On this task: at once while the event is within its time budget, else at the end of the queue.
    Yield,
}

/// One thing that an event sends on.
pub enum Emit<H> {
    /// Resume `hop` at `route`.
    Hop {
        /// Where.
        route: Route,
        /// The scope to resume, as a variant of the topology's (or the segment's) enum.
        hop: H,
    },
    /// Resume on this task with what the future yields; the task thread is free meanwhile.
    External(Pin<Box<dyn Future<Output = H> + Send>>),
    /// Resume on this task when the record that this event staged for depot `depot` has reached full processing.
    AfterAppend {
        /// Index of the depot in the module's descriptor.
        depot: usize,
        /// The scope to resume.
        hop: H,
    },
}

impl<N: 'static> Emit<N> {
    /// Re-wraps the scope: a segment's own enum of reachable scopes into the topology's enum of all of them. (A function
    /// pointer, as rustc decides late in its work whether a closure is `Send`, and looks at it again and again until then.)
    #[inline]
    pub fn map<H: 'static>(self, wrap: fn(N) -> H) -> Emit<H> {
        match self {
            Emit::Hop { route, hop } => Emit::Hop { route, hop: wrap(hop) },
            Emit::External(future) => Emit::External(Box::pin(async move { wrap(future.await) })),
            Emit::AfterAppend { depot, hop } => Emit::AfterAppend { depot, hop: wrap(hop) },
        }
    }
}

/// The emitting end that a segment's code sees: `N` is the enum of just the scopes that this segment can reach.
pub struct Sink<'a, N> {
    push: &'a mut dyn FnMut(Emit<N>),
}

impl<'a, N: 'static> Sink<'a, N> {
    /// A sink that hands every emit to `push`.
    pub fn new(push: &'a mut dyn FnMut(Emit<N>)) -> Self {
        Sink { push }
    }

    /// Resumes `next` at `route`.
    pub fn hop(&mut self, route: Route, next: N) {
        (self.push)(Emit::Hop { route, hop: next });
    }

    /// Resumes with `then(output)` on this task when `future` is done.
    pub fn external<F, T>(&mut self, future: F, then: T)
    where
        F: Future + Send + 'static,
        T: FnOnce(F::Output) -> N + Send + 'static,
    {
        (self.push)(Emit::External(Box::pin(async move { then(future.await) })));
    }

    /// Resumes `next` on this task when the append staged by this event reached `level`.
    pub fn after_append(&mut self, (depot, level): (usize, crate::AckLevel), next: N) {
        match level {
            crate::AckLevel::Full => (self.push)(Emit::AfterAppend { depot, hop: next }),
            // In memory a record is appended when the event commits, which is before the next event starts.
            crate::AckLevel::Appended | crate::AckLevel::None => self.hop(Route::Here, next),
        }
    }
}
