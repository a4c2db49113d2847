//! Records begin.

use super::program::Flight;
use super::thread::Thread;
use crate::module::Module;
use crate::topology::TreeRef;

/// How many flights of one source start before the next source has its turn.
const AT_ONCE: u32 = 64;
/// How many records start in one turn.
const PER_TURN: u32 = 2048;

impl<M: Module> Thread<M> {
    /// Starts records of the sources that may, round robin. Returns whether any started.
    pub(super) fn start_records(&mut self) -> bool {
        let mut budget = PER_TURN;
        let mut any = false;
        while budget > 0 {
            let Some(index) = self.host.ready.pop_front() else {
                break;
            };
            self.host.sources[index].listed = false;
            for _ in 0..AT_ONCE {
                let started = self.start_flight(index, budget);
                if started == 0 {
                    break;
                }
                any = true;
                budget -= started;
                if self.host.shared.layout.kinds[self.host.sources[index].kind].flight > 1 {
                    break;
                }
            }
            self.complete();
            self.host.list(index);
        }
        any
    }

    /// Starts up to `limit` records of one source together, and says how many.
    fn start_flight(&mut self, index: usize, limit: u32) -> u32 {
        let host = &mut self.host;
        let max_unfinished = host.shared.layout.limits.max_unfinished;
        let source = &mut host.sources[index];
        let (kind, task) = (source.kind, source.task);
        let (program, ordinal, timeout, flight) = {
            let kind = &host.shared.layout.kinds[kind];
            (kind.program, kind.ordinal, kind.timeout, kind.flight)
        };
        if !source.may_start(max_unfinished) {
            return 0;
        }
        let room = max_unfinished - source.in_flight;
        let Some((first, count)) = source.start(limit.min(room).min(flight)) else {
            return 0;
        };
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
        if self.enter(program) {
            self.host.begin_event();
            self.programs[program].start(ordinal, task, Flight { tree, first, count }, &mut self.host);
        }
        count
    }
}
