//! The loops that everything runs in.

use super::arrivals::{Arrivals, Hops, Records};
use super::guard::{attempt, discard, insist};
use super::host::{Host, Task};
use super::phase::Phase;
use super::program::{Compiled, Program as _};
use crate::module::Module;
use crate::topology::{EventError, Flow, Machine, Route, Wire, check_wire};

/// How many emptied buffers of a kind are kept for use again.
pub(super) const SPARE: usize = 64;
/// A buffer that has grown beyond this is not kept.
pub(super) const KEPT: usize = 1 << 14;

impl<M: Module, K: Machine<M>> Compiled<M, K> {
    /// Runs everything that has arrived, each event with what follows from it on the same task before anything queued. A
    /// panic is caught here, once for all events; it fails the event that it interrupts, and no other.
    pub(super) fn drive(&mut self, mut arrivals: Arrivals<'_, K::Hop>, host: &mut Host<M>) {
        if self.yields {
            host.begin_event();
        }
        while let Err(error) = attempt(|| match &mut arrivals {
            Arrivals::Records(records) => self.records(records, host),
            Arrivals::Hops(hops) => self.hops(Some(hops), host),
        }) {
            self.recover(error, host);
        }
        host.fold(self.out.tree, self.out.leave());
    }

    /// Starts records. An event that does nothing but write, and perhaps go on elsewhere, is over here; whatever else one may do is
    /// in [`end`](Self::end). It is the only place that starts the machine, so the code of its first segments is here, too.
    fn records(&mut self, records: &mut Records, host: &mut Host<M>) {
        // Branches of an event before a panic.
        self.run_here(host);
        self.phase = Phase::Body;
        let (source, first) = (records.source, records.first);
        for place in records.left.by_ref() {
            self.out.record = place;
            if K::Hop::MAKES_FUTURES {
                self.made_from = None;
            }
            let Task { module, cx, .. } = &mut host.tasks[self.out.task as usize];
            cx.begin();
            let offset = first + u64::from(place);
            // Taken apart, and put together again where that is rare: so it stays in registers. In a function that both loops share, the
            // task would have to be found again: that was 20 instructions more for a number that hops and is counted.
            match self.machine.start(source, offset, module, cx, &mut self.out) {
                Ok(Flow::Hop(route, hop)) => match route {
                    Route::Task(to) if !self.out.busy => {
                        self.out.finish_at(to, hop);
                        self.commit(module);
                        if self.out.busy {
                            self.dispatch(host);
                        }
                    }
                    route => {
                        self.end(Flow::Hop(route, hop), host);
                        self.run_here(host);
                    }
                },
                Ok(Flow::Done(value)) => {
                    if value.is_none() && !self.out.busy {
                        self.commit(module);
                    } else {
                        self.end(Flow::Done(value), host);
                        self.run_here(host);
                    }
                }
                Ok(Flow::Moved) => {
                    self.end(Flow::Moved, host);
                    self.run_here(host);
                }
                Ok(Flow::Jump(hop)) => {
                    self.jumped = Some(hop);
                    self.run_jumped(host);
                }
                Err(error) => self.fail(&error, host),
            }
        }
        self.phase = Phase::Between;
    }

    /// Runs what events have left here, before anything that has arrived.
    #[inline]
    fn run_here(&mut self, host: &mut Host<M>) {
        if !self.branches.is_empty() {
            self.run_jumped(host);
        }
    }

    /// The running event goes on where it has jumped to; then its branches run.
    fn run_jumped(&mut self, host: &mut Host<M>) {
        self.hops(None, host);
        self.phase = Phase::Body;
    }

    /// Runs what comes first, and hops. The only place that calls the machine's other segments.
    fn hops(&mut self, mut hops: Option<&mut Hops<'_, K::Hop>>, host: &mut Host<M>) {
        self.phase = Phase::Body;
        // Whether something may come first.
        let mut here = true;
        loop {
            let (hop, goes_on, arrived) = if here {
                match self.next_here() {
                    Some((hop, goes_on)) => (hop, goes_on, None),
                    None => {
                        here = !self.branches.is_empty();
                        continue;
                    }
                }
            } else {
                let Some(hops) = &mut hops else { break };
                let Some(hop) = hops.next(&mut self.out, &mut self.phase, &self.machine, host) else {
                    break;
                };
                (hop, false, Some(hops))
            };
            if K::Hop::MAKES_FUTURES
                && self.is_durable
                && !goes_on
                && let Err(error) = self.keep(&hop, host)
            {
                discard(hop);
                self.fail(&error, host);
                continue;
            }
            let Task { module, cx, .. } = &mut host.tasks[self.out.task as usize];
            if !goes_on {
                cx.begin();
            }
            if K::PREPARES
                && let Some(hops) = arrived
            {
                hops.expect(&self.machine, module, &hop, &mut host.found);
            }
            // As above.
            match self.machine.step(hop, module, cx, &mut self.out) {
                Ok(Flow::Jump(hop)) => {
                    self.jumped = Some(hop);
                    here = true;
                }
                Ok(Flow::Hop(route, hop)) => match route {
                    Route::Task(to) if !self.out.busy => {
                        self.out.finish_at(to, hop);
                        self.commit(module);
                        if self.out.busy {
                            self.dispatch(host);
                        }
                    }
                    route => {
                        self.end(Flow::Hop(route, hop), host);
                        here = !self.branches.is_empty();
                    }
                },
                Ok(Flow::Done(value)) => {
                    if value.is_none() && !self.out.busy {
                        self.commit(module);
                    } else {
                        self.end(Flow::Done(value), host);
                        here = !self.branches.is_empty();
                    }
                }
                Ok(Flow::Moved) => {
                    self.end(Flow::Moved, host);
                    here = !self.branches.is_empty();
                }
                Err(error) => self.fail(&error, host),
            }
        }
        self.phase = Phase::Between;
    }

    /// What comes before anything that has arrived, and whether it goes on with the running event. `None`: the innermost branches
    /// have run.
    #[inline]
    fn next_here(&mut self) -> Option<(K::Hop, bool)> {
        if let Some(hop) = self.jumped.take() {
            return Some((hop, true));
        }
        let branch = self.branches.last_mut()?.pop_front();
        if branch.is_none()
            && let Some(empty) = self.branches.pop()
            && self.spare_branches.len() < SPARE
            && empty.capacity() <= KEPT
        {
            self.spare_branches.push(empty);
        }
        Some((branch?, false))
    }

    /// Keeps what begins the running event, if that makes a future: before it runs, as it uses that up.
    #[inline(never)]
    fn keep(&mut self, hop: &K::Hop, host: &mut Host<M>) -> Result<(), EventError> {
        // A `Serialize` that panics fails this event, not the one before.
        host.tasks[self.out.task as usize].cx.begin();
        self.made_from = None;
        if hop.makes_future() {
            let mut bytes = Vec::new();
            hop.encode(&mut bytes)?;
            self.made_from = Some(bytes);
        }
        Ok(())
    }

    /// The event has succeeded.
    #[inline(always)]
    fn commit(&mut self, module: &mut M) {
        self.phase = Phase::Commit;
        module.commit();
        self.phase = Phase::Body;
    }

    /// An event has succeeded, and there is more to do than to commit it.
    #[inline(never)]
    fn end(&mut self, mut flow: Flow<K::Hop>, host: &mut Host<M>) {
        if self.out.checks_wire
            && let Err(error) = check_wire(&mut self.out, &mut flow)
        {
            // First, while it is the event's own work: its `Drop` may panic.
            discard(flow);
            self.fail(&error, host);
        } else {
            match flow {
                Flow::Hop(route, hop) => self.out.finish(route, hop),
                Flow::Done(Some(value)) => host.returned(self.out.tree, self.out.record, value),
                // Jumps have been followed.
                Flow::Done(None) | Flow::Moved | Flow::Jump(_) => {}
            }
            self.commit(&mut host.tasks[self.out.task as usize].module);
            self.dispatch(host);
        }
    }

    /// A panic has interrupted an event.
    #[cold]
    fn recover(&mut self, error: EventError, host: &mut Host<M>) {
        match self.phase {
            Phase::Body if !host.tasks[self.out.task as usize].cx.has_succeeded() => self.fail(&error, host),
            Phase::Body | Phase::Commit => {
                tracing::error!(%error, "a value's `Drop` panicked behind the end of its event");
                let module = &mut host.tasks[self.out.task as usize].module;
                insist(|| module.commit());
                self.dispatch(host);
            }
            // A key's `Hash` or `Eq`, mostly: it will fail its own event.
            Phase::Ahead => {}
            // Not the event's fault, and what it was about to do cannot be known: no event may run on this state.
            Phase::Between => std::panic::resume_unwind(Box::new(error)),
        }
    }

    /// The running event has failed: nothing of it remains, and its record is told. Its branches are none.
    #[cold]
    fn fail(&mut self, error: &EventError, host: &mut Host<M>) {
        self.phase = Phase::Between;
        // One by one: a second panic on the way out of a first one would abort the process.
        insist(|| while self.out.drop_one() {});
        self.out.settled();
        // What a panic leaves half done is undone by the rollback, so the state is whole again when it is seen next.
        let module = &mut host.tasks[self.out.task as usize].module;
        insist(|| module.rollback());
        host.failed(self.out.tree, self.out.record, error.to_string());
        self.phase = Phase::Body;
    }

    /// Sends on what the event emitted, as far as it has not been sent.
    fn dispatch(&mut self, host: &mut Host<M>) {
        self.phase = Phase::Between;
        // It may have appended: that is always awaited.
        host.touch(self.out.task);
        if self.out.full {
            self.close(host);
        }
        if !self.out.waits.is_empty() {
            self.dispatch_waits(host);
        }
        if !self.out.here.is_empty() {
            let spare = self.spare_branches.pop().unwrap_or_default();
            self.branches.push(std::mem::replace(&mut self.out.here, spare));
        }
        self.out.settled();
        self.phase = Phase::Body;
    }
}
