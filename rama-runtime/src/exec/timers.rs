//! What happens at a time: ticks and timeouts.

use super::host::Host;
use super::slots::Ticket;
use crate::module::Module;
use std::collections::VecDeque;
use std::time::Duration;

/// A tick depot, on the thread of task 0.
#[derive(Clone, Copy)]
struct Tick {
    depot: usize,
    period: Duration,
    due: Duration,
}

/// A depot that keeps records for a time, on each thread.
#[derive(Clone, Copy)]
struct Expiry {
    depot: usize,
    period: Duration,
    due: Duration,
}

/// Attempts that will time out: deadline, place and attempt number of their tree.
#[derive(Default)]
struct Deadlines {
    /// One source's attempts have one timeout, so they are in order of their deadlines.
    queue: VecDeque<(Duration, u32, u32)>,
    /// Look for attempts that are over when the queue is longer than this.
    sweep_at: usize,
}

/// One thread's timers.
#[derive(Default)]
pub(crate) struct Timers {
    ticks: Vec<Tick>,
    expiries: Vec<Expiry>,
    /// By kind of source.
    deadlines: Vec<Deadlines>,
    /// Whether any source times out.
    any_timeout: bool,
    /// The time when the turn began, where there is anything to time.
    pub(crate) now: Duration,
}

impl Timers {
    /// The timers of a thread. Tick depots are filled by the thread of task 0.
    pub(crate) fn new(layout: &super::Layout, thread: u32, now: Duration) -> Self {
        let ticks = layout
            .depots
            .iter()
            .enumerate()
            .filter(|_| thread == 0)
            .filter_map(|(depot, entry)| {
                let period = entry.tick?;
                Some(Tick {
                    depot,
                    period,
                    due: now + period,
                })
            });
        let expiries = layout.depots.iter().enumerate().filter_map(|(depot, entry)| {
            let period = entry.expires?;
            Some(Expiry {
                depot,
                period,
                due: now + period,
            })
        });
        Timers {
            ticks: ticks.collect(),
            expiries: expiries.collect(),
            deadlines: layout.kinds.iter().map(|_| Deadlines::default()).collect(),
            any_timeout: layout.kinds.iter().any(|kind| kind.timeout.is_some()),
            now,
        }
    }

    /// Whether the clock matters here at all.
    pub(crate) fn any(&self) -> bool {
        self.any_timeout || !self.ticks.is_empty() || !self.expiries.is_empty()
    }

    /// No more ticks.
    pub(crate) fn close(&mut self) {
        self.ticks.clear();
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Duration> {
        let ticks = self.ticks.iter().map(|tick| tick.due);
        let deadlines = self
            .deadlines
            .iter()
            .filter_map(|kind| kind.queue.front())
            .map(|entry| entry.0);
        let expiries = self.expiries.iter().map(|expiry| expiry.due);
        ticks.chain(deadlines).chain(expiries).min()
    }
}

/// The queue of deadlines is swept only when it is at least so long.
const SWEEP: usize = 1024;

impl<M: Module> Host<M> {
    /// The attempt times out `timeout` after this turn began.
    pub(super) fn time_out_in(&mut self, timeout: Duration, kind: usize, slot: u32, attempt: u32) {
        let deadlines = &mut self.timers.deadlines[kind];
        deadlines.queue.push_back((self.timers.now + timeout, slot, attempt));
        if deadlines.queue.len() > deadlines.sweep_at.max(SWEEP) {
            deadlines
                .queue
                .retain(|&(_, slot, attempt)| self.trees.runs(slot, attempt));
            deadlines.sweep_at = deadlines.queue.len() * 2;
        }
    }

    /// Looks at the clock, and does what is due.
    pub(super) fn run_timers(&mut self) {
        if !self.timers.any() {
            return;
        }
        let now = self.shared.clock().now();
        self.timers.now = now;
        for kind in 0..self.timers.deadlines.len() {
            while let Some(&(deadline, slot, attempt)) = self.timers.deadlines[kind].queue.front() {
                let runs = self.trees.runs(slot, attempt);
                if runs && deadline > now {
                    break;
                }
                self.timers.deadlines[kind].queue.pop_front();
                if runs {
                    let timeout = self.shared.layout.kinds[kind].timeout.unwrap_or_default();
                    self.trees
                        .abandon(slot, attempt, &format!("not done after {timeout:?}"));
                }
            }
        }
        for index in 0..self.timers.ticks.len() {
            let Tick { depot, period, due } = self.timers.ticks[index];
            if due > now {
                continue;
            }
            // Ticks that came while nobody could look are one tick.
            let periods = (now - due).as_nanos() / period.as_nanos() + 1;
            self.timers.ticks[index].due = due + period * u32::try_from(periods).unwrap_or(u32::MAX);
            self.tick(depot);
        }
        for index in 0..self.timers.expiries.len() {
            let Expiry { depot, period, due } = self.timers.expiries[index];
            if due <= now {
                self.timers.expiries[index].due = now + period;
                self.expire(depot);
            }
        }
    }

    /// Records of that depot whose time is over go at the end of the turn.
    fn expire(&mut self, depot: usize) {
        for task in 0..self.tasks.len() {
            // A thread has far fewer tasks than 2^32.
            self.soil(task as u32, depot);
        }
        self.changed();
    }

    /// Appends a tick, unless the last one is still being processed.
    fn tick(&mut self, depot: usize) {
        let Some(task) = self.tasks.first_mut() else { return };
        let slots = &task.slots[depot];
        let idle = slots.processed() == slots.end();
        if idle && task.module.depot(depot).is_some_and(|depot| depot.tick()) {
            self.appended(0, depot, 1, Ticket::NOBODY);
        }
    }
}
