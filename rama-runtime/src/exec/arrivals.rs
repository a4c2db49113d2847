//! What arrives at a topology on a thread, and how the next event is taken from it.

use super::host::Host;
use super::phase::Phase;
use crate::module::Module;
use crate::prefetch::prefetch;
use crate::pstate::Step;
use crate::topology::{Envelope, Machine, Out, Run};
use std::iter::Peekable;
use std::ops::Range;
use std::vec::Drain;

/// What arrives at a topology.
pub(super) enum Arrivals<'b, H> {
    Hops(Hops<'b, H>),
    Records(Records),
}

/// Records of a flight.
pub(super) struct Records {
    pub(super) source: usize,
    /// The offset of the flight's first one.
    pub(super) first: u64,
    /// Their places in the flight.
    pub(super) left: Range<u32>,
}

/// Hops of a batch.
pub(super) struct Hops<'b, H> {
    runs: Peekable<Drain<'b, Run>>,
    envelopes: Drain<'b, Envelope<H>>,
    /// Envelopes of the batch.
    len: usize,
    /// How many of them are left: counted, as the length of a `Drain` is a division.
    left: usize,
    /// How many are left when the current run is over.
    run_ends: usize,
    /// How many are left when those whose lookups are prepared have run.
    ahead_ends: usize,
    /// How many are left when one of the two comes, so that most events are asked one question.
    next_end: usize,
}

/// So many events' lookups are prepared together: enough to wait for memory together, and so few that what they look up is still in
/// the nearest cache when they run. A power of two.
const AHEAD: usize = 32;
/// Bytes of a cache line.
const LINE: usize = 64;
/// What preparing has found, for those that run and those that are prepared: by how many envelopes are left behind the one that it was
/// found for. What stands there of others is only a hint that is of no use.
pub(super) type Found = [u64; FOUND];
const FOUND: usize = 4 * AHEAD;

/// Nothing has been found yet.
pub(super) const NOTHING: Found = [0; FOUND];

impl<'b, H> Hops<'b, H> {
    /// All hops of a batch.
    pub(super) fn of(runs: &'b mut Vec<Run>, envelopes: &'b mut Vec<Envelope<H>>) -> Self {
        let len = envelopes.len();
        Hops {
            runs: runs.drain(..).peekable(),
            envelopes: envelopes.drain(..),
            len,
            left: len,
            run_ends: len,
            ahead_ends: len,
            next_end: len,
        }
    }

    /// The next run begins. Returns whether there is one.
    #[inline(never)]
    fn next_run<M: Module>(&mut self, out: &mut Out<H>, host: &mut Host<M>) -> bool {
        let Some(run) = self.runs.next() else { return false };
        host.fold(out.tree, out.leave());
        out.visit(run.tree, run.id);
        self.run_ends = self.len - self.runs.peek().map_or(self.len, |next| next.first);
        true
    }

    /// Prepares the lookups of the envelopes that come next, each step a stretch ahead of the following one: while one stretch
    /// runs, what the next ones need is on its way.
    #[inline(never)]
    fn prepare<M: Module, K: Machine<M, Hop = H>>(&mut self, machine: &K, host: &mut Host<M>) {
        let ahead = self.envelopes.as_slice();
        let left = ahead.len();
        let stretch = left.wrapping_sub(1) % AHEAD + 1;
        self.ahead_ends = left.saturating_sub(stretch);
        let (tasks, found) = (&host.tasks, &mut host.found);
        let mut take = |step: Step, range: Range<usize>| {
            let range = range.start.min(left)..range.end.min(left);
            for (envelope, behind) in ahead[range.clone()].iter().zip(range) {
                if let Some(task) = tasks.get(envelope.task as usize) {
                    let found = &mut found[(left - 1 - behind) % FOUND];
                    machine.prepare(&envelope.hop, &task.module, step, found);
                }
            }
        };
        let (next, second) = (stretch + AHEAD, stretch + 2 * AHEAD);
        if left == self.len {
            take(Step::Index, 0..next);
            take(Step::Entry, 0..stretch);
        }
        for envelope in ahead
            .iter()
            .skip(second)
            .take(AHEAD)
            .step_by(LINE.div_ceil(size_of::<Envelope<H>>().max(1)))
        {
            prefetch(envelope);
        }
        take(Step::Index, next..second);
        take(Step::Entry, stretch..next);
        take(Step::Inside, 0..stretch);
    }

    /// A run is over, or those whose lookups are prepared have run. Returns whether there are more.
    #[inline(never)]
    fn turn<M: Module, K: Machine<M, Hop = H>>(
        &mut self,
        out: &mut Out<H>,
        phase: &mut Phase,
        machine: &K,
        host: &mut Host<M>,
    ) -> bool {
        if self.left == self.run_ends {
            *phase = Phase::Between;
            if !self.next_run(out, host) {
                return false;
            }
        }
        if K::PREPARES && self.left == self.ahead_ends {
            *phase = Phase::Ahead;
            self.prepare(machine, host);
        }
        *phase = Phase::Body;
        self.next_end = if K::PREPARES {
            self.run_ends.max(self.ahead_ends)
        } else {
            self.run_ends
        };
        true
    }

    /// The next one; `out` learns where it stands.
    #[inline(always)]
    pub(super) fn next<M: Module, K: Machine<M, Hop = H>>(
        &mut self,
        out: &mut Out<H>,
        phase: &mut Phase,
        machine: &K,
        host: &mut Host<M>,
    ) -> Option<H> {
        if self.left == self.next_end && !self.turn(out, phase, machine, host) {
            return None;
        }
        let Envelope { task, record, hop } = self.envelopes.next()?;
        self.left -= 1;
        (out.task, out.record) = (task, record);
        Some(hop)
    }

    /// Makes known to the state what was found for the hop that has just been taken.
    #[inline(always)]
    pub(super) fn expect<M, K: Machine<M, Hop = H>>(&self, machine: &K, module: &M, hop: &H, found: &mut Found) {
        let found = &mut found[self.left % FOUND];
        machine.prepare(hop, module, Step::Expect, found);
    }
}
