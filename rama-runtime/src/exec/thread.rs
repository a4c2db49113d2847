//! One task thread, a turn at a time.

use super::arrivals;
use super::epoch::{Durable, Held, ThreadPlan};
use super::guard::attempt;
use super::host::{Host, Task, unix_millis};
use super::layout::Limits;
use super::message::Message;
use super::outbox::Outbox;
use super::program::Program;
use super::shared::Shared;
use super::slots::{Acks, Slots};
use super::source::Source;
use super::timers::Timers;
use super::trees::{TreeUpdate, Trees};
use crate::env::Rng;
use crate::group::StoreError;
use crate::module::Module;
use crate::topology::{Cx, TaskInfo};
use crossbeam_channel::{Receiver, TryRecvError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something was done: there may be more.
    Progress,
    /// There is nothing to do before a message comes, or that time.
    Idle {
        /// The next timer.
        until: Option<Duration>,
    },
    /// The thread has been told to end.
    Stopped,
}

/// How many messages a turn takes in, and how many hops it runs, before it lets things out.
const MESSAGES: usize = 256;
const HOPS: usize = 2048;

/// One task thread: its tasks, its topologies and its inbox.
pub(crate) struct Thread<M: Module> {
    pub(super) host: Host<M>,
    pub(super) programs: Vec<Box<dyn Program<M>>>,
    /// The topology whose batches are being filled.
    filling: Option<usize>,
    inbox: Receiver<Message<M>>,
    stopped: bool,
}

impl<M: Module> Thread<M> {
    /// Thread number `index`, with the views of its tasks; of a durable module, with what was stored of them.
    ///
    /// # Errors
    /// When what was stored cannot be read.
    pub(crate) fn new(
        shared: Arc<Shared<M>>,
        index: u32,
        mut rng: Rng,
        inbox: Receiver<Message<M>>,
        plan: Option<ThreadPlan>,
    ) -> Result<Self, StoreError> {
        let layout = &shared.layout;
        let now = unix_millis(&**shared.clock());
        let mut tasks = Vec::new();
        let mut sources = Vec::new();
        for (local, id) in (0u32..).zip(layout.tasks_of(index)) {
            let info = TaskInfo {
                task: id,
                tasks: layout.tasks,
            };
            let mut module = M::new(info);
            if let Some(plan) = &plan {
                plan.load_partitions(id, &mut module)?;
            }
            let of_task = sources.len();
            for (kind, entry) in layout.kinds.iter().enumerate() {
                let end = module.depot(entry.depot).map_or(0, |depot| depot.info().end);
                let stored = match &plan {
                    Some(plan) => plan.load_source(kind, local, id, end)?,
                    None => None,
                };
                sources.push(match (stored, module.depot(entry.depot)) {
                    (Some(source), _) => source,
                    (None, Some(depot)) => {
                        let from = depot.place(entry.start_from, now)?;
                        Source::starting_at(kind, local, from, end)
                    }
                    (None, None) => Source::starting_at(kind, local, 0, 0),
                });
            }
            let slots = layout.depots.iter().enumerate().map(|(depot, entry)| {
                let end = module.depot(depot).map_or(0, |depot| depot.info().end);
                let consumers: Vec<&Source> = entry.consumers.iter().map(|kind| &sources[of_task + kind]).collect();
                let first = consumers.iter().map(|source| source.committed()).fold(end, u64::min);
                let remaining = (first..end).map(|offset| {
                    let left = consumers.iter().filter(|source| !source.has_told(offset)).count();
                    // A depot has far fewer sources.
                    u16::try_from(left).unwrap_or(u16::MAX)
                });
                Slots::restored(first, remaining.collect())
            });
            let slots: Vec<Slots> = slots.collect();
            // The lowest bits of a random number are as good as any.
            tasks.push(Task {
                id,
                module,
                cx: Cx::new(info, rng.next_u64() as u32),
                slots,
                touched: false,
                stored_at: 0,
            });
        }
        let threads = layout.threads as usize;
        let host = Host {
            index,
            tasks,
            sources,
            ready: VecDeque::new(),
            trees: Trees::default(),
            timers: Timers::new(layout, index, shared.clock().now()),
            outboxes: (0..threads).map(|_| Outbox::new()).collect(),
            queue: VecDeque::new(),
            touched: Vec::new(),
            dirty: Vec::new(),
            acks: Acks::default(),
            answers: Vec::new(),
            held: Held::default(),
            durable: plan
                .as_ref()
                .map(|plan| Box::new(Durable::new(shared.epochs.as_ref(), plan))),
            probes: Vec::new(),
            counters: Default::default(),
            appended: 0,
            check_wire: layout.limits.check_wire,
            event_began: Duration::ZERO,
            event_steps: 0,
            unix_millis: None,
            found: arrivals::NOTHING,
            shared,
        };
        let mut programs = M::programs();
        for (place, program) in programs.iter_mut().enumerate() {
            program.attach(place, &host, rng.next_u64());
        }
        let mut thread = Thread {
            host,
            programs,
            filling: None,
            inbox,
            stopped: false,
        };
        if let Some(plan) = plan {
            thread.take_up(plan)?;
            // The depots learn what has been processed.
            for task in 0..thread.host.tasks.len() {
                for depot in 0..thread.host.shared.layout.depots.len() {
                    // A thread has far fewer tasks than 2^32.
                    thread.host.soil(task as u32, depot);
                }
            }
        }
        Ok(thread)
    }

    /// Takes in what has come, does a bounded amount of work, and lets everything out.
    pub(crate) fn turn(&mut self) -> Turn {
        let came = self.take_messages();
        if self.stopped {
            return Turn::Stopped;
        }
        self.host.run_timers();
        self.complete();
        let mut did = self.run_queue();
        self.host.discover_touched();
        did |= self.start_records();
        self.host.discover_touched();
        if did {
            // What came has said for itself whether it changes anything.
            self.host.changed();
        }
        // Whatever of the user's is dropped in there is guarded; this is for what was overlooked. What is done stays done,
        // so the second call does the rest. If that fails too, this thread cannot go on.
        if let Err(error) = attempt(|| self.commit()) {
            tracing::error!(%error, "the end of a turn panicked");
            self.commit();
        }
        let work = !self.host.queue.is_empty() || !self.host.ready.is_empty() || self.host.trees.any_ended();
        let idle = !came && !did && !work;
        self.consider_cut(idle);
        // Also what a cut has looked up: it may be long until the next turn.
        self.host.unix_millis = None;
        if idle {
            let until = [self.host.timers.next(), self.epoch_ends()];
            Turn::Idle {
                until: until.into_iter().flatten().min(),
            }
        } else {
            Turn::Progress
        }
    }

    /// Takes in one message.
    pub(crate) fn accept(&mut self, message: Message<M>) {
        match message {
            Message::Hops { cut, mut batches } => {
                self.note_hops(cut, &mut batches);
                self.host.changed();
                for batch in batches {
                    self.host.enqueue(batch);
                }
            }
            Message::Trees { cut, updates } => {
                self.note_updates(cut, &updates);
                self.host.changed();
                for TreeUpdate { tree, word, notes } in updates {
                    for note in notes {
                        self.host.trees.note(tree.slot, tree.attempt, note);
                    }
                    self.host.trees.fold(tree.slot, tree.attempt, word);
                }
            }
            Message::Append(records) => records.append(&mut self.host),
            Message::Ask { task, ask } => {
                let place = task as usize;
                self.host.reads();
                if let Some(task) = self.host.tasks.get_mut(place) {
                    let answer = ask(&mut task.module);
                    if self.host.is_durable(place) {
                        self.host.answers.push(answer);
                    } else {
                        self.host.held.answers.push(answer);
                    }
                }
            }
            Message::Resume { id, batch } => {
                self.host.external_ends(id);
                self.host.changed();
                self.host.enqueue(batch);
            }
            Message::Fail {
                tree,
                record,
                id,
                error,
            } => {
                self.host.external_ends(id);
                self.host.changed();
                self.host.fail_event(tree, record, id, error);
            }
            Message::Cut { cut, from } => self.cut_begun(cut, from),
            Message::Probe(probe) => self.host.probes.push(probe),
            Message::Wake => {}
            Message::Close => self.host.timers.close(),
            Message::Stop => self.stopped = true,
        }
    }

    fn take_messages(&mut self) -> bool {
        for taken in 0..MESSAGES {
            match self.inbox.try_recv() {
                Ok(message) => self.accept(message),
                Err(TryRecvError::Empty) => return taken > 0,
                Err(TryRecvError::Disconnected) => {
                    self.stopped = true;
                    return true;
                }
            }
        }
        true
    }

    /// Runs queued hops, as many batches as there were, up to a bound.
    fn run_queue(&mut self) -> bool {
        let mut ran = 0;
        while ran < HOPS {
            let Some(batch) = self.host.queue.pop_front() else {
                break;
            };
            ran += batch.len.max(1);
            self.host.counters.queued -= batch.len as u64;
            if self.enter(batch.program) {
                self.programs[batch.program].run(batch.envelopes, &mut self.host);
            }
            self.complete();
        }
        ran > 0
    }

    /// Events of that topology are about to run. Batches of another one are closed first, so that what a task sends
    /// arrives in the order sent, whichever topology sent it.
    pub(super) fn enter(&mut self, program: usize) -> bool {
        if self.filling != Some(program) {
            self.close_batches();
            self.filling = Some(program);
        }
        program < self.programs.len()
    }

    /// Closes the batches being filled.
    pub(super) fn close_batches(&mut self) {
        if let Some(program) = self.filling.take().and_then(|index| self.programs.get_mut(index)) {
            program.close(&mut self.host);
        }
    }

    pub(crate) fn inbox(&self) -> &Receiver<Message<M>> {
        &self.inbox
    }

    pub(crate) fn index(&self) -> u32 {
        self.host.index
    }

    pub(crate) fn limits(&self) -> Limits {
        self.host.shared.layout.limits
    }

    pub(crate) fn clock(&self) -> &Arc<dyn crate::env::Clock> {
        self.host.shared.clock()
    }
}

impl<M: Module> Host<M> {
    /// A batch of events begins: their share of time is counted from here.
    pub(super) fn begin_event(&mut self) {
        self.event_began = self.shared.clock().now();
        self.event_steps = 0;
    }
}
