//! Records begin.

use super::program::Flight;
use super::thread::Thread;
use crate::module::Module;
use crate::topology::TreeRef;

/// How many flights of one source start before the next source has its turn.
const AT_ONCE: u32 = 64;
/// How much starts in one turn: records, or the hops that they send, if these are more.
const PER_TURN: u64 = 2048;
/// Where so many hops wait on a thread, little new is started: they had better be run while they are in its caches.
const PRESSED: u64 = 8192;

impl<M: Module> Thread<M> {
    /// Starts records of the sources that may, round robin. Returns whether any started.
    pub(super) fn start_records(&mut self) -> bool {
        let pressed = self.is_pressed();
        let mut budget = PER_TURN;
        let mut any = false;
        while budget > 0 {
            let Some(index) = self.host.ready.pop_front() else {
                break;
            };
            self.host.sources[index].listed = false;
            for _ in 0..AT_ONCE {
                let Some(cost) = self.start_flight(index, if pressed { 1 } else { budget }) else {
                    break;
                };
                any = true;
                // Something must go on, however much waits: what waits may wait for it.
                budget = if pressed { 0 } else { budget.saturating_sub(cost) };
                if budget == 0 || self.host.shared.layout.kinds[self.host.sources[index].kind].flight > 1 {
                    break;
                }
            }
            self.complete();
            self.host.list(index);
        }
        any
    }

    /// Whether many hops wait, here or on another thread.
    fn is_pressed(&self) -> bool {
        let host = &self.host;
        host.counters.queued > PRESSED || host.shared.gauges.iter().any(|gauges| gauges.queued() > PRESSED)
    }

    /// Starts records of one source together, as many as send about `limit` hops by what they did so far. Returns what
    /// they came to: records, or hops if these are more.
    fn start_flight(&mut self, index: usize, limit: u64) -> Option<u64> {
        let host = &mut self.host;
        let max_unfinished = host.shared.layout.limits.max_unfinished;
        let source = &mut host.sources[index];
        let (kind, task) = (source.kind, source.task);
        let (program, ordinal, timeout, flight) = {
            let kind = &host.shared.layout.kinds[kind];
            (kind.program, kind.ordinal, kind.timeout, kind.flight)
        };
        if !source.may_start(max_unfinished) {
            return None;
        }
        let room = max_unfinished - source.in_flight;
        let most = u32::try_from(limit / source.hops_a_record.max(1))
            .unwrap_or(u32::MAX)
            .max(1);
        let (first, count) = source.start(most.min(room).min(flight))?;
        // A thread has far fewer sources than 2^32.
        let (slot, attempt) = host.trees.plant(index as u32, first, count);
        if let Some(timeout) = timeout {
            host.time_out_in(timeout, kind, slot, attempt);
        }
        let tree = TreeRef {
            thread: host.index,
            slot,
            attempt,
        };
        let mut sent = 0;
        if self.enter(program) {
            self.host.begin_event();
            sent = self.programs[program].start(ordinal, task, Flight { tree, first, count }, &mut self.host);
        }
        let source = &mut self.host.sources[index];
        // Follows the mean, and large numbers at once.
        source.hops_a_record = (source.hops_a_record * 3 / 4).max(sent / u64::from(count));
        Some(sent.max(u64::from(count)))
    }
}
