//! Records begin.

use super::program::Flight;
use super::thread::Thread;
use crate::module::Module;
use crate::topology::TreeRef;
use std::time::Duration;

/// How many records that fly alone start of one source before the next source has its turn.
const ALONE_AT_ONCE: u32 = 64;
/// How much starts in one turn: records, or the hops that they send, if these are more.
const PER_TURN: u64 = 2048;
/// Where so many hops wait on this thread, little new is started: they had better be run while they are in its caches.
const PRESSED: u64 = 8192;
/// How much starts in a turn then: something must go on, however much waits, as what waits may wait for it.
const PER_PRESSED_TURN: u64 = 64;
/// How long the events that start a flight take, at most, by what they took so far: its records are done together.
const AT_MOST: Duration = Duration::from_micros(500);

impl<M: Module> Thread<M> {
    /// Starts records of the sources that may, round robin. Returns whether any started.
    pub(super) fn start_records(&mut self) -> bool {
        if self.host.durable.as_ref().is_some_and(|durable| durable.is_over()) {
            return false;
        }
        let pressed = self.host.counters.queued > PRESSED;
        let mut budget = if pressed { PER_PRESSED_TURN } else { PER_TURN };
        let mut any = false;
        while budget > 0 {
            let Some(index) = self.host.ready.pop_front() else {
                break;
            };
            self.host.sources[index].listed = false;
            let alone = self.host.shared.layout.kinds[self.host.sources[index].kind].flight == 1;
            for _ in 0..if alone { ALONE_AT_ONCE } else { 1 } {
                let Some(cost) = self.start_flight(index, budget) else {
                    break;
                };
                any = true;
                budget = budget.saturating_sub(cost);
                if budget == 0 {
                    break;
                }
            }
            self.complete();
            self.host.list(index);
        }
        any
    }

    /// Starts records of one source together, as many as send about `limit` hops and take [`AT_MOST`] by what
    /// they did so far. Returns what
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
        let by_hops = limit / source.hops_a_record.max(1);
        let by_time = AT_MOST.as_nanos() as u64 / source.nanos_a_record.max(1);
        let most = u32::try_from(by_hops.min(by_time)).unwrap_or(u32::MAX).max(1);
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
        let began = (flight > 1).then(|| self.clock().now());
        if self.enter(program) {
            sent = self.programs[program].start(ordinal, task, Flight { tree, first, count }, &mut self.host);
        }
        let taken = began.map_or(0, |began| self.clock().now().saturating_sub(began).as_nanos() as u64);
        let source = &mut self.host.sources[index];
        // Many hops are believed at once; of time, much may be that of another thread.
        let (hops, nanos) = (sent / u64::from(count), taken / u64::from(count));
        source.hops_a_record = (source.hops_a_record * 3 / 4).max(hops);
        source.nanos_a_record = (source.nanos_a_record * 3 + nanos) / 4;
        Some(sent.max(u64::from(count)))
    }
}
