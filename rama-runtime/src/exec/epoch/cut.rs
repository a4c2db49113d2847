//! A thread's part of a cut.

use super::held::Held;
use super::memory::Memory;
use super::sabotage::Sabotaged;
use super::unfinished::Unfinished;
use super::{Epochs, Part, ThreadPlan, ToCommitter};
use crate::exec::attempt;
use crate::exec::external::External;
use crate::exec::host::Host;
use crate::exec::message::Message;
use crate::exec::thread::Thread;
use crate::group::{Changes, StoreError, keys};
use crate::module::Module;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

impl Durable {
    pub(crate) fn new(epochs: Option<&Epochs>, plan: &ThreadPlan) -> Self {
        let budget = epochs.and_then(|epochs| epochs.limits.memory);
        Durable {
            memory: budget.map(|budget| Memory::new(budget, plan.store())),
            ..Durable::default()
        }
    }

    /// When a cut is worth while because of what is in memory, if it is.
    fn crowded_at(&self, epochs: &Epochs) -> Option<Duration> {
        self.memory.as_ref()?.wants_cut(epochs.archived())
    }

    /// What was unfinished has been taken up. `any`: some of it is stored, and is to be replaced by what is unfinished now.
    pub(super) fn took_up(&mut self, any: bool, stale: BTreeSet<u32>) {
        (self.any_unfinished, self.changed, self.stale) = (any, true, stale);
    }
}

/// What a thread of a durable module knows of epochs.
#[derive(Default)]
pub(crate) struct Durable {
    /// The number of the last cut that it has made.
    pub(crate) cut: u64,
    /// Whether anything has changed since.
    pub(crate) changed: bool,
    /// Whether it has left something to be written with the next one.
    more: bool,
    /// The last cut with which something changed.
    changed_at: u64,
    /// When it was made, and how long that took.
    at: Duration,
    cost: Duration,
    pub(crate) held: Held,
    cutting: Option<Cutting>,
    /// Futures that run elsewhere, by the ids of the events that wait for them.
    pub(crate) externals: BTreeMap<u64, External>,
    /// Where PStates may be larger than memory.
    pub(crate) memory: Option<Memory>,
    /// Whether anything unfinished is stored.
    any_unfinished: bool,
    /// Threads of an earlier launch that had something unfinished, which is taken up.
    stale: BTreeSet<u32>,
    pub(super) sabotaged: Sabotaged,
}

/// A cut that other threads have not all heard of.
struct Cutting {
    changes: Changes,
    unfinished: Unfinished,
    held: Held,
    /// How many threads have not said that they made it.
    missing: u32,
}

/// An epoch is not shorter than so many times what its cut costs.
const SHARE: u32 = 4;

impl<M: Module> Thread<M> {
    /// That cut has begun. `thread`: a thread that has made it.
    pub(crate) fn cut_begun(&mut self, cut: u64, thread: Option<u32>) {
        if self.puts_off(cut, thread) {
            return;
        }
        if self.host.durable.as_ref().is_some_and(|durable| cut > durable.cut) {
            self.cut(cut);
        }
        self.heard_of_cut(u32::from(thread.is_some()));
        self.hand_over();
    }

    /// So many threads more have made the cut that is under way.
    pub(super) fn heard_of_cut(&mut self, threads: u32) {
        if let Some(durable) = &mut self.host.durable
            && let Some(cutting) = &mut durable.cutting
        {
            cutting.missing = cutting.missing.saturating_sub(threads);
        }
    }

    /// At the end of a turn: ends the epoch, if it is time to. `idle`: there is nothing else to do.
    pub(crate) fn consider_cut(&mut self, idle: bool) {
        if self.host.durable.is_none() {
            return;
        }
        self.cut_late();
        let now = self.clock().now();
        let Some(durable) = &self.host.durable else { return };
        let Some(epochs) = &self.host.shared.epochs else { return };
        let crowded = durable.crowded_at(epochs).is_some_and(|at| at <= now);
        if !durable.changed && durable.held.is_empty() && !crowded {
            return;
        }
        let age = now.saturating_sub(durable.at);
        // Where somebody waits, an epoch is as short as its cut allows.
        let least = if durable.held.is_empty() {
            epochs.limits.interval
        } else {
            Duration::ZERO
        };
        let due = age >= least.max(durable.cost * SHARE);
        let at_once = idle && (!durable.held.is_empty() || crowded);
        // While a cut is under way, there is no timer for the next one: who goes to sleep now would not wake for it.
        let sleeps = idle && durable.changed && epochs.durable() < durable.cut;
        if !due && !at_once && !crowded && !sleeps {
            return;
        }
        let begun = match epochs.begin() {
            None if at_once || sleeps => epochs.want(),
            begun => begun,
        };
        if let Some(cut) = begun {
            self.cut(cut);
        }
    }

    /// When the epoch ends, if nothing happens before.
    pub(crate) fn epoch_ends(&self) -> Option<Duration> {
        let durable = self.host.durable.as_ref()?;
        let epochs = self.host.shared.epochs.as_ref()?;
        // While a cut is under way, its end is what is waited for.
        if epochs.durable() < durable.cut {
            return None;
        }
        let ends = durable.changed.then(|| durable.at + epochs.limits.interval);
        [ends, durable.crowded_at(epochs)].into_iter().flatten().min()
    }

    /// Makes that cut.
    pub(super) fn cut(&mut self, cut: u64) {
        // What this thread has done in the epoch leaves with the epoch's number.
        self.commit();
        let began = self.clock().now();
        let threads = self.host.shared.layout.threads;
        let mut changes = self.host.changes();
        let mut unfinished = Unfinished::default();
        let stored = attempt(|| self.write_down(&mut changes, &mut unfinished));
        let stored = stored.unwrap_or_else(|panic| {
            Err(StoreError::Value {
                reason: panic.to_string(),
            })
        });
        if let Err(error) = stored {
            // Nothing may be acked that is not stored, so the module ends here. What was durable stays so.
            self.host.shared.fail(error);
            return;
        }
        let ended = self.clock().now();
        let Some(durable) = &mut self.host.durable else { return };
        durable.cut = cut;
        if std::mem::replace(&mut durable.changed, durable.more) {
            durable.changed_at = cut;
        }
        (durable.at, durable.cost) = (ended, ended.saturating_sub(began));
        durable.cutting = Some(Cutting {
            changes,
            unfinished,
            held: std::mem::take(&mut durable.held),
            missing: threads - 1,
        });
        let own = self.host.index;
        for thread in (0..threads).filter(|thread| *thread != own) {
            // A thread that has stopped: the module is ending.
            let _ = self.host.shared.send(thread, Message::Cut { cut, from: Some(own) });
        }
        self.hand_over();
    }

    /// Writes down what has changed, and what is unfinished here. What is under way to this thread is added as it comes.
    fn write_down(&mut self, changes: &mut Changes, unfinished: &mut Unfinished) -> Result<(), StoreError> {
        self.host.store_partitions(changes)?;
        self.host.tidy(changes);
        // Also where nothing has changed: what comes under way is added to it, and all of it is one entry of the store.
        let durable = self.host.durable.as_ref();
        if durable.is_some_and(|durable| durable.changed || durable.any_unfinished) {
            self.write_unfinished(unfinished)?;
        }
        Ok(())
    }

    /// Hands the part over, if every thread has made the cut.
    pub(super) fn hand_over(&mut self) {
        let thread = self.host.index;
        let Some(durable) = &mut self.host.durable else { return };
        let Some(mut cutting) = durable.cutting.take_if(|cutting| cutting.missing == 0) else {
            return;
        };
        let any = !cutting.unfinished.is_empty();
        let changed = durable.changed_at == durable.cut;
        if any || (changed && durable.any_unfinished) {
            cutting.changes.at(&keys::unfinished(thread));
            if any {
                let numbers = self.host.shared.epochs.as_ref().map(|epochs| &epochs.numbers);
                let written = numbers.map_or(Ok(()), |numbers| {
                    cutting.changes.put(|out| cutting.unfinished.encode(numbers, out))
                });
                if let Err(error) = written {
                    return self.host.shared.fail(error);
                }
            } else {
                cutting.changes.remove();
            }
        }
        if changed || any {
            durable.any_unfinished = any;
        }
        for stale in std::mem::take(&mut durable.stale) {
            cutting.changes.at(&keys::unfinished(stale));
            cutting.changes.remove();
        }
        let part = Part {
            cut: durable.cut,
            changes: cutting.changes.take(),
            held: cutting.held,
        };
        if let Some(epochs) = &self.host.shared.epochs {
            // The committer has stopped: the module is ending.
            let _ = epochs.committer.send(ToCommitter::Part(part));
        }
    }
}

impl<M: Module> Host<M> {
    /// The number that messages of this thread carry.
    pub(in crate::exec) fn cut_made(&self) -> u64 {
        self.durable.as_ref().map_or(0, |durable| durable.cut)
    }

    /// What is unfinished of a cut that was made here, while something is under way that came with that number.
    pub(super) fn under_way(&mut self, cut: u64) -> Option<&mut Unfinished> {
        let durable = self.durable.as_mut()?;
        if cut >= durable.cut {
            return None;
        }
        durable.cutting.as_mut().map(|cutting| &mut cutting.unfinished)
    }

    /// Whether a read of that task may be answered at once: all that it can have seen is durable.
    pub(in crate::exec) fn is_durable(&mut self, task: usize) -> bool {
        let (Some(_), Some(epochs)) = (&self.durable, &self.shared.epochs) else {
            return true;
        };
        if self.lets_go_early() {
            return true;
        }
        let durable = epochs.durable();
        let entry = &mut self.tasks[task];
        if entry.stored_at > durable {
            return false;
        }
        let depots = self.shared.layout.depots.len();
        let pstates = M::DESCRIPTOR.pstates.len();
        let module = &mut entry.module;
        !(0..depots).any(|depot| module.depot(depot).is_some_and(|depot| depot.changed()))
            && !(0..pstates).any(|pstate| module.pstate(pstate).is_some_and(|pstate| pstate.changed()))
    }

    /// Writes what has changed in the partitions and in the sources' positions.
    fn store_partitions(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let Some(epochs) = &self.shared.epochs else {
            return Ok(());
        };
        let numbers = &epochs.numbers;
        let next = self.durable.as_ref().map_or(0, |durable| durable.cut) + 1;
        let mut more = false;
        for task in &mut self.tasks {
            let before = changes.len();
            for (index, number) in numbers.pstates.iter().enumerate() {
                if let Some(pstate) = task.module.pstate(index)
                    && (pstate.changed() || changes.stamp().is_some())
                {
                    changes.at(&keys::pstate(*number, task.id));
                    pstate.store(changes)?;
                }
            }
            for (index, number) in numbers.depots.iter().enumerate() {
                if let Some(depot) = task.module.depot(index)
                    && depot.changed()
                {
                    changes.at(&keys::depot(*number, task.id));
                    depot.store(changes)?;
                    // It removes some of what is trimmed at a time.
                    more |= depot.changed();
                }
            }
            if changes.len() > before {
                task.stored_at = next;
            }
        }
        let mut positions = Changes::default();
        for source in &mut self.sources {
            if source.take_changed() {
                let task = self.tasks[source.task as usize].id;
                positions.at(&keys::source(numbers.sources[source.kind], task));
                positions.put(|out| source.encode(out))?;
            }
        }
        changes.extend(&self.kept_apart(positions.take()));
        if let Some(durable) = &mut self.durable {
            durable.more = more;
        }
        Ok(())
    }

    /// An event waits for a future with that id.
    pub(in crate::exec) fn external_begins(&mut self, id: u64, event: External) {
        if let Some(durable) = &mut self.durable {
            durable.externals.insert(id, event);
        }
    }

    /// It waits no longer.
    pub(in crate::exec) fn external_ends(&mut self, id: u64) {
        if let Some(durable) = &mut self.durable {
            durable.externals.remove(&id);
        }
    }

    /// A client reads here.
    pub(in crate::exec) fn reads(&mut self) {
        if let Some(memory) = self.durable.as_mut().and_then(|durable| durable.memory.as_mut()) {
            memory.reads();
        }
    }

    /// Something has happened that is to be stored.
    pub(in crate::exec) fn changed(&mut self) {
        if let Some(durable) = &mut self.durable {
            durable.changed = true;
        }
    }
}
