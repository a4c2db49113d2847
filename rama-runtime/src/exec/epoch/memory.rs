//! How much of the PStates is in memory, and what leaves it.

use super::cut::Durable;
use crate::exec::host::Host;
use crate::group::store::Store;
use crate::group::{Changes, Evicting, Stamp, keys};
use crate::module::Module;
use std::sync::Arc;
use std::time::Duration;

/// What a thread knows of the memory that its PStates take.
pub(crate) struct Memory {
    store: Arc<dyn Store>,
    /// They should not take more, in bytes.
    budget: usize,
    /// About so many bytes were written or read since they were weighed.
    since: usize,
    /// They take more: no records begin.
    pub(crate) over: bool,
    /// How far the store had come when something was last tried to leave.
    tried_at: Option<u64>,
    /// The PState to begin with, next time, so that each has its turn.
    turn: usize,
    /// When they were weighed last, and how long that took.
    weighed: (Duration, Duration),
}

/// What a read may have brought into memory.
const READ: usize = 512;

/// So many bytes are never worth a cut of their own.
const LITTLE: usize = 16 << 10;

/// Weighing takes at most one part of so many of the time.
const RARELY: u32 = 16;

impl Memory {
    pub(crate) fn new(budget: usize, store: Arc<dyn Store>) -> Self {
        Memory {
            store,
            budget,
            since: budget,
            over: false,
            tried_at: None,
            turn: 0,
            weighed: (Duration::ZERO, Duration::ZERO),
        }
    }

    /// A client reads.
    pub(crate) fn reads(&mut self) {
        self.since += READ;
    }

    /// When a cut is worth while, though nobody waits for it, if it is. `archived`: how far the store has come.
    pub(super) fn wants_cut(&self, archived: u64) -> Option<Duration> {
        let caught_up = self.over && self.tried_at.is_none_or(|tried| tried < archived);
        let much = self.since > (self.budget / 4).max(LITTLE);
        (caught_up || much).then(|| self.not_before())
    }

    /// They are not weighed again before.
    fn not_before(&self) -> Duration {
        let (at, took) = self.weighed;
        if self.since < self.budget {
            at + took * RARELY
        } else {
            at
        }
    }
}

impl Durable {
    /// Whether no records may begin, as too much is in memory.
    pub(crate) fn is_over(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.over)
    }
}

impl<M: Module> Host<M> {
    /// What the next cut is stored with.
    pub(super) fn changes(&self) -> Changes {
        let (Some(epochs), Some(durable)) = (&self.shared.epochs, &self.durable) else {
            return Changes::default();
        };
        // The lowest bits: see `Stamp`.
        let stamp = Stamp {
            cut: (durable.cut + 1) as u32,
            archived: epochs.archived() as u32,
        };
        Changes::stamped(stamp, epochs.limits.memory.is_some())
    }

    /// Everything has just been stored: what the store has had for longer may leave.
    pub(super) fn tidy(&mut self, changes: &Changes) {
        let (Some(stamp), Some(epochs)) = (changes.stamp(), &self.shared.epochs) else {
            return;
        };
        let cut = self.cut_made() + 1;
        let archived = epochs.archived();
        let now = self.shared.clock().now();
        let Some(memory) = self.durable.as_mut().and_then(|durable| durable.memory.as_mut()) else {
            return;
        };
        memory.since += changes.len() + changes.bytes_read();
        if (memory.since < memory.budget / 32 && !memory.over) || now < memory.not_before() {
            return;
        }
        memory.since = 0;
        let (budget, turn) = (memory.budget, memory.turn);
        let store = Arc::clone(&memory.store);
        let numbers = &epochs.numbers.pstates;
        let places = self.tasks.len() * numbers.len();
        let mut weight = 0;
        for place in 0..places {
            let task = &mut self.tasks[place / numbers.len()];
            weight += task
                .module
                .pstate(place % numbers.len())
                .map_or(0, |pstate| pstate.weight());
        }
        let took = self.shared.clock().now().saturating_sub(now);
        let mut left = 0;
        let mut next = turn;
        if weight > budget {
            // Some more, so that it does not begin anew at once.
            let mut evicting = Evicting::new(&store, stamp, weight - budget * 7 / 8);
            for place in (turn..turn + places).map(|place| place % places) {
                let task = &mut self.tasks[place / numbers.len()];
                let index = place % numbers.len();
                evicting.at(&keys::pstate(numbers[index], task.id));
                if let Some(pstate) = task.module.pstate(index) {
                    pstate.evict(&mut evicting);
                }
                next = place;
                if evicting.enough() {
                    break;
                }
            }
            // What should have left and could not.
            left = evicting.left;
        }
        let over = left > budget / 8;
        if over {
            epochs.press(cut);
        }
        if let Some(memory) = self.durable.as_mut().and_then(|durable| durable.memory.as_mut()) {
            (memory.over, memory.turn, memory.weighed) = (over, next, (now, took));
            memory.tried_at = over.then_some(archived);
        }
    }
}
