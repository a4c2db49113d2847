//! What a thread is doing.

/// What the thread is doing, so that a panic finds out what it has interrupted: panics are caught once for many events.
#[derive(Clone, Copy)]
pub(super) enum Phase {
    /// The runtime's own work: nothing of the event is left, or nothing has begun.
    Between,
    /// What events will look up is prepared: a hint, so a panic in there is none of its business.
    Ahead,
    /// The event's code runs, or is about to. If it panics, the event has failed.
    Body,
    /// The event has succeeded, and its writes become permanent: whatever panics in there, that must be finished.
    Commit,
}
