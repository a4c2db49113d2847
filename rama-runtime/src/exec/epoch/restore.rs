//! Taking up what was unfinished: first a plan for all threads, then each thread's own part of it.

use super::unfinished::{Item, StoredTree, TreeId, WaitFor, read};
use crate::env::Rng;
use crate::exec::layout::Layout;
use crate::exec::slots::Waiting;
use crate::exec::source::Source;
use crate::exec::thread::Thread;
use crate::exec::trees::{Note, Told};
use crate::group::store::Store;
use crate::group::{Entries, Numbers, StoreError, keys};
use crate::module::Module;
use crate::module::descriptor::Retry;
use crate::topology::TreeRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one thread takes up.
pub(crate) struct ThreadPlan {
    store: Arc<dyn Store>,
    /// PStates are read when they are asked for.
    cold: bool,
    numbers: Arc<Numbers>,
    /// The trees that it keeps, by their places.
    trees: Vec<PlannedTree>,
    runs: Vec<PlannedRun>,
    /// Records that begin anew.
    restarts: Vec<Restart>,
    /// Threads that had something unfinished and are no more.
    stale: Vec<u32>,
    /// Whether something unfinished of a thread with its number is stored.
    any: bool,
}

/// A flight that goes on.
#[derive(Debug)]
struct PlannedTree {
    kind: usize,
    /// The task's place on the thread.
    task: u32,
    first: u64,
    count: u32,
    word: u64,
    failed: Vec<(u32, String)>,
}

/// Records of a source that begin anew.
#[derive(Debug)]
struct Restart {
    kind: usize,
    task: u32,
    first: u64,
    count: u32,
}

/// Hops that go on, all on one thread.
#[derive(Debug)]
pub struct PlannedRun {
    program: usize,
    pub(crate) tree: TreeRef,
    pub(crate) id: u64,
    /// The record that they wait for: its depot's index, and its task's place on the thread.
    wait: Option<(usize, u32, u64)>,
    /// The tasks' places on the thread, the records' places in the flight, and the encoded hops.
    pub(crate) hops: Vec<(u32, u32, Vec<u8>)>,
}

/// What was unfinished cannot be taken up by this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherShape {
    /// The topology's number.
    pub(crate) topology: u16,
    pub(crate) records: u64,
}

/// The plans of all threads.
pub(crate) struct Plan {
    pub(crate) threads: Vec<ThreadPlan>,
    /// Topologies whose unfinished hops have another shape than those of this program.
    pub(crate) others: Vec<OtherShape>,
    /// Flights that go on.
    pub(crate) flights: usize,
}

struct Growing {
    stored: StoredTree,
    tree: TreeRef,
    word: u64,
    /// Its hops have another shape.
    other: Option<u16>,
}

impl Plan {
    /// The plan for what the store says was unfinished. `cold`: PStates are read when they are asked for.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    pub(crate) fn make(
        layout: &Layout,
        store: &Arc<dyn Store>,
        numbers: &Arc<Numbers>,
        rng: &mut Rng,
        cold: bool,
    ) -> Result<Plan, StoreError> {
        let mut threads: Vec<ThreadPlan> = (0..layout.threads)
            .map(|_| ThreadPlan {
                store: Arc::clone(store),
                cold,
                numbers: Arc::clone(numbers),
                trees: Vec::new(),
                runs: Vec::new(),
                restarts: Vec::new(),
                stale: Vec::new(),
                any: false,
            })
            .collect();
        let parts: Vec<_> = store.below(&keys::ALL_UNFINISHED).collect::<Result<_, _>>()?;
        let mut trees: BTreeMap<TreeId, Growing> = BTreeMap::new();
        for (key, part) in &parts {
            let thread = key
                .get(1..)
                .and_then(|key| key.try_into().ok())
                .map_or(u32::MAX, u32::from_be_bytes);
            match threads.get_mut(thread as usize) {
                Some(plan) => plan.any = true,
                None => threads[0].stale.push(thread),
            }
            read(part, |item| {
                if let Item::Tree(stored) = item {
                    let growing = Growing {
                        tree: TreeRef {
                            thread: layout.places.get(stored.task as usize).map_or(0, |place| place.thread),
                            slot: 0,
                            attempt: 1,
                        },
                        word: 0,
                        other: None,
                        stored,
                    };
                    trees.insert(growing.stored.id, growing);
                }
            })?;
        }
        // Which trees go on must be known before their places are.
        for (_, part) in &parts {
            let mut known = BTreeSet::new();
            read(part, |item| match item {
                Item::Tree(_) => {}
                Item::Shape(shape) => {
                    if numbers.knows(shape.topology, shape.fingerprint) {
                        known.insert(shape.topology);
                    }
                }
                Item::Run(run) => {
                    if let Some(growing) = trees.get_mut(&run.tree)
                        && !known.contains(&run.topology)
                    {
                        growing.other = Some(run.topology);
                    }
                }
                Item::Lost(lost) => {
                    if let Some(growing) = trees.get_mut(&lost.tree) {
                        growing.stored.failed.push((lost.record, lost.error));
                    }
                }
            })?;
        }
        let mut places = vec![0; threads.len()];
        // Of a source that is gone, nothing goes on.
        trees.retain(|_, growing| numbers.sources.contains(&growing.stored.source));
        for growing in trees.values_mut().filter(|growing| growing.other.is_none()) {
            let place = &mut places[growing.tree.thread as usize];
            growing.tree.slot = *place;
            *place += 1;
        }
        for (_, part) in &parts {
            read(part, |item| {
                if let Item::Run(run) = item
                    && let Some(growing) = trees.get_mut(&run.tree)
                    && growing.other.is_none()
                    && let Some(program) = numbers.topologies.iter().position(|number| *number == run.topology)
                {
                    let wait = run.wait.and_then(|wait| place_of(wait, layout, numbers));
                    let mut by_thread: BTreeMap<u32, PlannedRun> = BTreeMap::new();
                    for (task, record, hop) in run.hops {
                        let Some(place) = layout.places.get(task as usize) else {
                            continue;
                        };
                        let planned = by_thread.entry(place.thread).or_insert_with(|| {
                            let id = rng.next_u64() | 1;
                            growing.word ^= id;
                            PlannedRun {
                                program,
                                tree: growing.tree,
                                id,
                                wait,
                                hops: Vec::new(),
                            }
                        });
                        planned.hops.push((place.local, record, hop.to_vec()));
                    }
                    for (thread, planned) in by_thread {
                        threads[thread as usize].runs.push(planned);
                    }
                }
            })?;
        }
        let mut others: BTreeMap<u16, u64> = BTreeMap::new();
        let mut flights = 0;
        for growing in trees.into_values() {
            let StoredTree {
                source,
                task,
                first,
                count,
                failed,
                ..
            } = growing.stored;
            let kind = numbers.sources.iter().position(|number| *number == source);
            let (Some(kind), Some(place)) = (kind, layout.places.get(task as usize)) else {
                continue;
            };
            let plan = &mut threads[place.thread as usize];
            match growing.other {
                Some(topology) => {
                    *others.entry(topology).or_default() += u64::from(count);
                    plan.restarts.push(Restart {
                        kind,
                        task: place.local,
                        first,
                        count,
                    });
                }
                None => {
                    flights += 1;
                    plan.trees.push(PlannedTree {
                        kind,
                        task: place.local,
                        first,
                        count,
                        word: growing.word,
                        failed,
                    });
                }
            }
        }
        let others = others
            .into_iter()
            .map(|(topology, records)| OtherShape { topology, records })
            .collect();
        Ok(Plan {
            threads,
            others,
            flights,
        })
    }
}

fn place_of(wait: WaitFor, layout: &Layout, numbers: &Numbers) -> Option<(usize, u32, u64)> {
    let depot = numbers.depots.iter().position(|number| *number == wait.depot)?;
    let place = layout.places.get(wait.task as usize)?;
    Some((depot, place.local, wait.offset))
}

impl ThreadPlan {
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Fills a task's partitions with what is stored of them.
    pub(in crate::exec) fn load_partitions<M: Module>(&self, task: u32, module: &mut M) -> Result<(), StoreError> {
        for (index, number) in self.numbers.pstates.iter().enumerate() {
            if let Some(pstate) = module.pstate(index) {
                let prefix = keys::pstate(*number, task);
                let mut source = self.store.below(&prefix).peekable();
                // Where nothing was ever stored, the initial value stays.
                if source.peek().is_some() {
                    if self.cold {
                        pstate.load(&mut Entries::cold(&self.store, &prefix))?;
                    } else {
                        let mut entries = Entries::new(&prefix, &mut source)?;
                        pstate.load(&mut entries)?;
                        entries.finish()?;
                    }
                }
            }
        }
        for (index, number) in self.numbers.depots.iter().enumerate() {
            if let Some(depot) = module.depot(index) {
                let prefix = keys::depot(*number, task);
                depot.load(&mut Entries::cold(&self.store, &prefix))?;
            }
        }
        Ok(())
    }

    /// How far a source has come, if it is known.
    pub(in crate::exec) fn load_source(
        &self,
        kind: usize,
        local: u32,
        task: u32,
        end: u64,
    ) -> Result<Option<Source>, StoreError> {
        let Some(number) = self.numbers.sources.get(kind) else {
            return Ok(None);
        };
        let entry = self.store.below(&keys::source(*number, task)).next().transpose()?;
        entry
            .map(|(_, value)| Source::restored(kind, local, end, &value))
            .transpose()
    }
}

impl<M: Module> Thread<M> {
    /// Goes on with what was unfinished.
    pub(in crate::exec) fn take_up(&mut self, plan: ThreadPlan) -> Result<(), StoreError> {
        let kinds = self.host.shared.layout.kinds.len();
        let any = plan.any || !plan.stale.is_empty() || !plan.trees.is_empty();
        for tree in plan.trees {
            let source = tree.task as usize * kinds + tree.kind;
            let Some(entry) = self.host.sources.get_mut(source) else {
                continue;
            };
            entry.in_flight += tree.count;
            // A thread has far fewer sources than 2^32.
            let (slot, attempt) = self.host.trees.plant(source as u32, tree.first, tree.count);
            for (record, error) in tree.failed {
                let told = Told::Failed(error);
                self.host.trees.note(slot, attempt, Note { record, told });
            }
            // Where nothing of it is left, it is over with this.
            self.host.trees.fold(slot, attempt, tree.word);
            if let Some(timeout) = self.host.shared.layout.kinds[tree.kind].timeout {
                self.host.time_out_in(timeout, tree.kind, slot, attempt);
            }
        }
        for run in plan.runs {
            let Some(program) = self.programs.get(run.program) else {
                continue;
            };
            let batch = program.restore(&run)?;
            let (tree, record) = (run.tree, run.hops.first().map_or(0, |(_, record, _)| *record));
            match run.wait {
                None => self.host.enqueue(batch),
                Some((depot, task, offset)) => {
                    let waiting = Waiting {
                        tree,
                        record,
                        id: run.id,
                        batch,
                    };
                    let slots = self
                        .host
                        .tasks
                        .get_mut(task as usize)
                        .and_then(|task| task.slots.get_mut(depot));
                    let refused = match slots {
                        Some(slots) => slots.wait(offset, waiting).err(),
                        None => Some(waiting),
                    };
                    if let Some(waiting) = refused {
                        self.host.enqueue(waiting.batch);
                    }
                }
            }
        }
        for restart in plan.restarts {
            if let Some(source) = self.host.sources.get_mut(restart.task as usize * kinds + restart.kind) {
                let in_order = self.host.shared.layout.kinds[restart.kind].retry == Retry::AllAfter;
                source.restart(restart.first, restart.count, in_order);
            }
        }
        for source in &mut self.host.sources {
            // Where nothing of it is in flight, nothing will remind it.
            source.rewind();
        }
        for index in 0..self.host.sources.len() {
            let source = &self.host.sources[index];
            self.host.counters.unfinished += match source.halted {
                Some(_) => u64::from(source.in_flight),
                None => source.unfinished(),
            };
            self.host.list(index);
        }
        let stale: BTreeSet<u32> = plan.stale.into_iter().collect();
        if let Some(durable) = &mut self.host.durable {
            durable.took_up(any, stale);
        }
        Ok(())
    }
}
