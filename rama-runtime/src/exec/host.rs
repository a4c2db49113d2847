//! What a topology's events work with on one thread: the tasks, the trees, and everything that is about to leave.

use super::arrivals::Found;
use super::batch::Batch;
use super::counters::ThreadCounters;
use super::epoch::{Durable, Held};
use super::guard::discard;
use super::message::Answer;
use super::outbox::Outbox;
use super::shared::Shared;
use super::slots::{Acks, Finished, Slots, Ticket, Waiting};
use super::source::Source;
use super::timers::Timers;
use super::trees::{Note, Told, Trees};
use crate::depot::AckLevel;
use crate::env::Clock;
use crate::error::Error;
use crate::module::Module;
use crate::topology::TreeRef;
use crate::topology::{AckValue, Cx};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// One task, on the thread that owns it.
pub(crate) struct Task<M> {
    pub(crate) id: u32,
    pub(crate) module: M,
    pub(crate) cx: Cx,
    /// By depot.
    pub(crate) slots: Vec<Slots>,
    /// Whether an event that may have appended has run here since the depots were last looked at.
    pub(crate) touched: bool,
    /// The last cut with which something of its partitions was stored.
    pub(crate) stored_at: u64,
}

/// One thread's state, as the programs see it. Nothing outside this crate can be done with it.
pub struct Host<M: Module> {
    pub(crate) shared: Arc<Shared<M>>,
    pub(crate) index: u32,
    pub(crate) tasks: Vec<Task<M>>,
    /// By task, then by kind.
    pub(crate) sources: Vec<Source>,
    /// Sources that may start records.
    pub(crate) ready: VecDeque<usize>,
    pub(crate) trees: Trees,
    pub(crate) timers: Timers,
    pub(crate) outboxes: Vec<Outbox>,
    /// Batches for this thread, in the order sent.
    pub(crate) queue: VecDeque<Batch>,
    /// Tasks whose depots may have grown.
    pub(crate) touched: Vec<u32>,
    /// Depot partitions (task, depot) that the commit point has to look at.
    pub(crate) dirty: Vec<(u32, usize)>,
    pub(crate) acks: Acks,
    /// Answers to reads that may leave at the end of the turn.
    pub(crate) answers: Vec<Answer>,
    /// What leaves at the end of the turn; where the module is durable, with the epoch.
    pub(crate) held: Held,
    /// `None` where everything is in memory only.
    pub(crate) durable: Option<Box<Durable>>,
    pub(crate) probes: Vec<oneshot::Sender<u64>>,
    pub(crate) counters: ThreadCounters,
    /// Records appended to this thread's partitions, by whomever.
    pub(crate) appended: u64,
    pub(crate) check_wire: bool,
    /// Since when the running event goes on over its yields.
    pub(crate) event_began: Duration,
    /// Events that ran since, without the queue having had its turn.
    pub(crate) event_steps: u32,
    /// Milliseconds since 1970, if this turn has looked.
    pub(crate) unix_millis: Option<u64>,
    /// What preparing lookups has found: see `arrivals.rs`.
    pub(super) found: Found,
}

/// What the clock shows, in milliseconds since 1970.
pub(crate) fn unix_millis(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.since_1970().as_millis()).unwrap_or(u64::MAX)
}

/// After so many yields an event has had its share, whatever the clock says (a simulated one may stand still).
const YIELDS: u32 = 4096;

impl<M: Module> Host<M> {
    /// Folds `word` into a tree, wherever it is kept.
    pub(crate) fn fold(&mut self, tree: TreeRef, word: u64) {
        if tree.thread == self.index {
            // Also when it says nothing: what has just been started may be done.
            self.trees.fold(tree.slot, tree.attempt, word);
        } else if word != 0 {
            self.outboxes[tree.thread as usize].fold(tree, word);
        }
    }

    fn note(&mut self, tree: TreeRef, note: Note) {
        if tree.thread == self.index {
            self.trees.note(tree.slot, tree.attempt, note);
        } else {
            self.outboxes[tree.thread as usize].note(tree, note);
        }
    }

    /// An event of that record of the tree failed: the record's attempt fails when the tree's other events are done.
    #[cold]
    pub(crate) fn failed(&mut self, tree: TreeRef, record: u32, error: String) {
        let told = Told::Failed(error);
        self.note(tree, Note { record, told });
    }

    /// An event that was under way with this id has failed.
    #[cold]
    pub(crate) fn fail_event(&mut self, tree: TreeRef, record: u32, id: u64, error: String) {
        self.failed(tree, record, error);
        self.fold(tree, id);
    }

    /// A branch ended with a value.
    pub(crate) fn returned(&mut self, tree: TreeRef, record: u32, value: AckValue) {
        let told = Told::Returned(value);
        self.note(tree, Note { record, told });
    }

    /// Whether the running event has used up its share, so that a yield really yields.
    pub(crate) fn overtime(&mut self) -> bool {
        self.event_steps += 1;
        if self.event_steps > YIELDS {
            return true;
        }
        let taken = self.shared.clock().now().saturating_sub(self.event_began);
        taken > self.shared.layout.limits.event_budget
    }

    /// An event that did more than write and hop ran on the task: its depots may have grown.
    pub(crate) fn touch(&mut self, task: u32) {
        let entry = &mut self.tasks[task as usize];
        if !entry.touched {
            entry.touched = true;
            self.touched.push(task);
        }
    }

    /// Looks for records that events have appended.
    pub(crate) fn discover_touched(&mut self) {
        while let Some(task) = self.touched.pop() {
            self.tasks[task as usize].touched = false;
            for depot in 0..self.shared.layout.depots.len() {
                self.discover(task, depot);
            }
        }
    }

    /// Looks for records that events have appended to that partition.
    pub(crate) fn discover(&mut self, task: u32, depot: usize) {
        let entry = &mut self.tasks[task as usize];
        let Some(end) = entry.module.depot(depot).map(|depot| depot.info().end) else {
            return;
        };
        let new = usize::try_from(end - entry.slots[depot].end()).unwrap_or(usize::MAX);
        if new > 0 {
            self.appended(task, depot, new, Ticket::NOBODY);
        }
    }

    /// Milliseconds since 1970. The clock is looked at once a turn.
    pub(crate) fn unix_millis(&mut self) -> u64 {
        let clock = self.shared.clock();
        *self.unix_millis.get_or_insert_with(|| unix_millis(&**clock))
    }

    /// The partition has `count` records more, at least one.
    pub(crate) fn appended(&mut self, task: u32, depot: usize, count: usize, ticket: Ticket) {
        self.appended += count as u64;
        self.changed();
        let now = self.unix_millis();
        if let Some(partition) = self.tasks[task as usize].module.depot(depot) {
            partition.stamp(now);
        }
        // A message holds far fewer records than 2^32.
        let number = u32::try_from(count).unwrap_or(u32::MAX);
        if ticket.level == AckLevel::Appended && ticket.pending != 0 {
            self.acks.done(ticket.pending, number);
        }
        let shared = Arc::clone(&self.shared);
        let consumers = &shared.layout.depots[depot].consumers;
        let slots = &mut self.tasks[task as usize].slots[depot];
        if consumers.is_empty() {
            slots.skip(count);
            slots.released += if ticket.permit { number } else { 0 };
            self.soil(task, depot);
            return;
        }
        let first = slots.push(count, consumers.len(), ticket);
        let end = slots.end();
        for &kind in consumers {
            let index = task as usize * shared.layout.kinds.len() + kind;
            let source = &mut self.sources[index];
            source.end = end;
            if source.halted.is_some() {
                (first..end).for_each(|offset| self.left_behind(index, offset));
            } else {
                self.counters.unfinished += count as u64;
                self.list(index);
            }
        }
    }

    /// Puts the source among those that may start records, if it may.
    pub(crate) fn list(&mut self, index: usize) {
        let source = &mut self.sources[index];
        if !source.listed && source.may_start(self.shared.layout.limits.max_unfinished) {
            source.listed = true;
            self.ready.push_back(index);
        }
    }

    /// The commit point has to look at the partition.
    pub(crate) fn soil(&mut self, task: u32, depot: usize) {
        let slots = &mut self.tasks[task as usize].slots[depot];
        if !slots.dirty {
            slots.dirty = true;
            self.dirty.push((task, depot));
        }
    }

    /// The source has stopped, and that record will not be processed by it.
    pub(crate) fn left_behind(&mut self, index: usize, offset: u64) {
        let source = &self.sources[index];
        let kind = &self.shared.layout.kinds[source.kind];
        let (at, error) = source
            .halted
            .as_ref()
            .map_or((offset, ""), |halt| (halt.at, halt.error.as_str()));
        let error = Error::Halted {
            topology: kind.topology,
            source_name: kind.name,
            depot: kind.depot_name,
            partition: self.tasks[source.task as usize].id,
            offset,
            halted_at: at,
            error: error.to_owned(),
        };
        self.tell_slots(index, offset, Err(Box::new(error)));
    }

    /// The source is done with the record, and there is something to be said of it.
    pub(crate) fn tell_slots(&mut self, index: usize, offset: u64, result: Result<Option<AckValue>, Box<Error>>) {
        let (task, depot, returns) = self.returns(index);
        self.tell(task, depot, |slots, finished| {
            slots.done_one(offset, returns, result, finished);
        });
    }

    /// The source is done with `count` records, and returned values for some of them.
    pub(crate) fn tell_slots_returning(
        &mut self,
        index: usize,
        first: u64,
        count: u32,
        values: impl Iterator<Item = (u32, AckValue)>,
    ) {
        let (task, depot, returns) = self.returns(index);
        self.tell(task, depot, |slots, finished| {
            slots.done_returning(first, count, returns, values, finished);
        });
    }

    /// The task and depot of a source; and its place among the depot's returning sources, and their number.
    fn returns(&self, index: usize) -> (u32, usize, Option<(usize, usize)>) {
        let source = &self.sources[index];
        let layout = &self.shared.layout;
        let kind = &layout.kinds[source.kind];
        let returns = kind.returns.map(|place| (place, layout.depots[kind.depot].returning));
        (source.task, kind.depot, returns)
    }

    /// The source is done with `count` records, and that is all there is to say.
    pub(crate) fn tell_slots_of(&mut self, index: usize, first: u64, count: u32) {
        let source = &self.sources[index];
        let (task, depot) = (source.task, self.shared.layout.kinds[source.kind].depot);
        self.tell(task, depot, |slots, finished| {
            slots.done(first, u64::from(count), finished);
        });
    }

    fn tell(&mut self, task: u32, depot: usize, tell: impl FnOnce(&mut Slots, &mut Finished<'_>)) {
        let mut finished = Finished {
            acks: &mut self.acks,
            waiting: Vec::new(),
        };
        tell(&mut self.tasks[task as usize].slots[depot], &mut finished);
        let waiting = finished.waiting;
        self.soil(task, depot);
        for (waiting, failed) in waiting {
            let Waiting {
                tree,
                record,
                id,
                batch,
            } = waiting;
            if failed {
                discard(batch);
                let error = "the record it appended was not processed".to_owned();
                self.fail_event(tree, record, id, error);
            } else {
                self.enqueue(batch);
            }
        }
    }

    /// Lets an event wait until the last record of the partition, which it has just appended, is processed.
    ///
    /// # Errors
    /// Why it will not be processed.
    pub(crate) fn wait_for_append(&mut self, task: u32, depot: usize, waiting: Waiting) -> Result<(), &'static str> {
        self.discover(task, depot);
        let unread = self
            .shared
            .layout
            .depots
            .get(depot)
            .is_none_or(|depot| depot.consumers.is_empty());
        if unread {
            self.enqueue(waiting.batch);
            return Ok(());
        }
        let slots = &mut self.tasks[task as usize].slots[depot];
        let last = slots.end().wrapping_sub(1);
        slots.wait(last, waiting).map_err(|refused| {
            discard(refused);
            // Not pending although it is new: its sources have stopped.
            "the source of the depot it appended to has stopped"
        })
    }

    /// Puts a batch at the end of this thread's queue.
    pub(crate) fn enqueue(&mut self, batch: Batch) {
        self.counters.queued += batch.len as u64;
        self.queue.push_back(batch);
    }
}
