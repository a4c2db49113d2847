//! Records begin.

use super::batch::TreeRef;
use super::program::Started;
use super::thread::Thread;
use crate::module::Module;

/// How many records of one source start before the next source has its turn.
const AT_ONCE: usize = 64;
/// How many records start in one turn.
const PER_TURN: usize = 512;

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
            let started = self.start_some(index, budget.min(AT_ONCE));
            any |= started > 0;
            budget -= started.min(budget);
            self.complete();
            self.host.list(index);
        }
        any
    }

    /// Starts up to `limit` records of one source, and says how many.
    fn start_some(&mut self, index: usize, limit: usize) -> usize {
        let host = &mut self.host;
        let max_unfinished = host.shared.layout.limits.max_unfinished;
        let (kind, task) = (host.sources[index].kind, host.sources[index].task);
        let timeout = host.shared.layout.kinds[kind].timeout;
        self.starting.clear();
        while self.starting.len() < limit && host.sources[index].may_start(max_unfinished) {
            let Some(offset) = host.sources[index].start() else {
                break;
            };
            let id = host.fresh_id();
            // A thread has far fewer sources than 2^32.
            let (slot, attempt) = host.trees.plant(index as u32, offset, id);
            if let Some(timeout) = timeout {
                host.time_out_in(timeout, kind, slot, attempt);
            }
            self.starting.push(Started {
                tree: TreeRef {
                    thread: host.index,
                    slot,
                    attempt,
                },
                id,
                offset,
            });
        }
        let started = self.starting.len();
        let (program, ordinal) = {
            let kind = &host.shared.layout.kinds[kind];
            (kind.program, kind.ordinal)
        };
        if started > 0 && self.enter(program) {
            self.host.begin_event();
            self.programs[program].start(ordinal, task, &self.starting, &mut self.host);
        }
        started
    }
}
