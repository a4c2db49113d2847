//! How a module is launched.

use crate::env::default_threads;
use crate::error::{Error, Result};
use crate::exec::{Limits, Sabotage};
use crate::group::SyncPolicy;
use std::time::Duration;

/// How many tasks and threads a module gets, and its limits.
///
/// The task threads are the threads of a rayon pool of the module's own, and never free for anything else. So rayon's
/// parallel iterators and `rayon::spawn`, called inside an event, find no other thread there: iterators run on the one
/// thread, and what is spawned may never run. Use a pool of your own (`my_pool.install(|| ..)`), or `external`.
///
/// ```
/// use rama_runtime::cluster::Launch;
/// let launch = Launch::tasks(64).threads(2).max_unfinished(1000);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Launch {
    tasks: u32,
    threads: Option<u32>,
    limits: Limits,
    durability: Durability,
}

/// A launch whose numbers fit together.
pub(super) struct Checked {
    pub(super) tasks: u32,
    pub(super) threads: u32,
    pub(super) limits: Limits,
    pub(super) durability: Durability,
}

/// How a durable module is stored.
#[derive(Debug, Clone)]
pub(super) struct Durability {
    pub(super) sync: SyncPolicy,
    pub(super) epoch: Duration,
    pub(super) removed: Vec<String>,
    pub(super) restart_unfinished: bool,
    pub(super) memory: Option<usize>,
    /// So many bytes are brought to the store at once, if not as many as usual.
    pub(super) keep_at: Option<usize>,
    /// So many entries of PStates that migrate are moved at once, if not as many as usual.
    pub(super) move_at_once: Option<usize>,
    pub(super) sabotage: Sabotage,
}

impl Launch {
    /// A launch with that many tasks: a power of two. It is fixed for the module's life: data is placed by it.
    pub fn tasks(tasks: u32) -> Self {
        let limits = Limits {
            max_unfinished: 512,
            max_backlog: 1024,
            event_budget: Duration::from_millis(5),
            check_wire: false,
            spin: None,
            pinned: false,
            flight: None,
        };
        Launch {
            tasks,
            threads: None,
            limits,
            durability: Durability {
                sync: SyncPolicy::Always,
                epoch: Duration::from_millis(5),
                removed: Vec::new(),
                restart_unfinished: false,
                memory: None,
                keep_at: None,
                move_at_once: None,
                sabotage: Sabotage::None,
            },
        }
    }

    /// When commits of a durable module are made durable: see [`SyncPolicy`], which says what each choice promises. By default
    /// always, before anything of them is acknowledged. Nothing else than that changes by it.
    pub fn sync(mut self, sync: SyncPolicy) -> Self {
        self.durability.sync = sync;
        self
    }

    /// How long an epoch of a durable module is at most while nobody waits for it: everything that happens in it is committed
    /// together. By default 5 ms. Where somebody waits, for an ack or a read, an epoch ends as soon as the one before it is durable and
    /// its own cut is worth while; where there is nothing else to do, at once.
    pub fn epoch(mut self, length: Duration) -> Self {
        self.durability.epoch = length;
        self
    }

    /// About how many bytes of a durable module's PStates are kept in memory: what is beyond stays in the store, entry by entry,
    /// and is read when it is asked for. By default everything is in memory, which is fastest.
    ///
    /// Entries of the root of a PState, and elements of what is `Subindexed`, come and go by themselves; a nested collection that
    /// is not, a list, and a plain value are in memory as a whole while any of it is used. What was written since the store heard of
    /// it last stays in memory: where that alone is more, no new records begin until the store has caught up. Beside the budget,
    /// about 200 MiB are used by the store (its tables and cache), by commits on their way to it, and by records that are not processed.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.durability.memory = Some(bytes);
        self
    }

    /// The module has no longer the depot, PState or source (`topology.function`) of that name: what is stored of it is
    /// forgotten, for ever. Without this, a folder that holds more than the module declares is refused. May stay in the launch; but what
    /// the module declares cannot be removed.
    pub fn removed(mut self, name: impl Into<String>) -> Self {
        self.durability.removed.push(name.into());
        self
    }

    /// Records that were half done when the process ended, by a version of their topology whose hops looked different, are
    /// processed again from their start: what they had written stays written, so for these records (and only for them) it is at
    /// least once. Without this, such a folder is refused; the version that wrote it can open it, and shut it down with nothing half
    /// done.
    pub fn restart_unfinished(mut self) -> Self {
        self.durability.restart_unfinished = true;
        self
    }

    /// Breaks the module on purpose, to see that a test finds it.
    #[doc(hidden)]
    pub fn sabotage(mut self, sabotage: Sabotage) -> Self {
        self.durability.sabotage = sabotage;
        self
    }

    /// How many bytes of commits are brought to the store at once.
    #[doc(hidden)]
    pub fn keep_at(mut self, bytes: usize) -> Self {
        self.durability.keep_at = Some(bytes);
        self
    }

    /// How many entries of PStates that migrate are moved at once, in the background. None at all: 0.
    #[doc(hidden)]
    pub fn move_at_once(mut self, entries: usize) -> Self {
        self.durability.move_at_once = Some(entries);
        self
    }

    /// On how many threads the tasks run: at most as many as tasks. By default the number of processors.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = Some(threads);
        self
    }

    /// How many records of one source a task works on at once (at least 1). By default 512.
    pub fn max_unfinished(mut self, records: u32) -> Self {
        self.limits.max_unfinished = records.max(1);
        self
    }

    /// How many unprocessed records of clients one depot partition takes; further appends wait (at least 1). By default
    /// 1024.
    pub fn max_backlog(mut self, records: u32) -> Self {
        self.limits.max_backlog = records.max(1);
        self
    }

    /// How long an event may run before a yield in it lets others have their turn. By default 5 ms.
    pub fn event_budget(mut self, budget: Duration) -> Self {
        self.limits.event_budget = budget;
        self
    }

    /// How long a task thread that has nothing to do looks out for work before it sleeps. By default as long as waking a
    /// sleeping thread takes on this machine (some 5 to 200 microseconds; measured once a process): so a busy module's threads never
    /// sleep, and an idle one's use no processor. Zero: not at all. While it looks out, a thread lets others have the processor.
    pub fn spin(mut self, time: Duration) -> Self {
        self.limits.spin = Some(time);
        self
    }

    /// Keeps each task thread on one processor (the `i`th thread on the `i`th processor, round the clock). By default the
    /// system moves them as it likes, which is better unless the machine is the module's own. Where the system refuses, a warning
    /// is logged, and that is all.
    pub fn pinned(mut self, pinned: bool) -> Self {
        self.limits.pinned = pinned;
        self
    }

    /// Encodes and decodes every hop between tasks, as between processes: for tests.
    pub fn check_wire(mut self, check: bool) -> Self {
        self.limits.check_wire = check;
        self
    }

    /// How many records fly together at most.
    #[cfg(test)]
    pub(crate) fn flight(mut self, records: u32) -> Self {
        self.limits.flight = Some(records);
        self
    }

    /// Tasks, threads and limits, when they fit together.
    pub(super) fn checked(&self) -> Result<Checked> {
        let tasks = self.tasks;
        if !tasks.is_power_of_two() {
            return Err(Error::TasksNotPowerOfTwo { tasks });
        }
        let threads = self.threads.unwrap_or_else(|| default_threads(tasks));
        if threads == 0 || threads > tasks {
            return Err(Error::BadThreads { threads, tasks });
        }
        Ok(Checked {
            tasks,
            threads,
            limits: self.limits,
            durability: self.durability.clone(),
        })
    }
}
