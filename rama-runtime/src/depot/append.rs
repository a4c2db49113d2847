//! The append of an event.

use super::{AckLevel, Depot};

/// An append that an event is about to make: see [`Depot::append`].
#[must_use = "an append does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Append<'a, R> {
    depot: &'a mut Depot<R>,
    record: R,
    level: AckLevel,
}

impl<'a, R> Append<'a, R> {
    pub(super) fn new(depot: &'a mut Depot<R>, record: R) -> Self {
        Append {
            depot,
            record,
            level: AckLevel::Appended,
        }
    }

    /// When the computation goes on. Beware of `Full` on a depot that the same source reads: the record then waits for
    /// another one of its own kind, and where no room is left for that one, for ever.
    pub fn ack(mut self, level: AckLevel) -> Self {
        self.level = level;
        self
    }

    /// Stages the record; the depot's index and the level tell the runtime when to go on. (Called by generated code.)
    pub fn stage(self) -> (usize, AckLevel) {
        (self.depot.stage(self.record), self.level)
    }
}
