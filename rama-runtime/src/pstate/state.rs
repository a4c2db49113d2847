//! One task's partition of a PState.

use super::alignment::Ownership;
use super::edit::{Edit, PlaceUndo, undo_place};
use super::lookup::{Foreseen, Lookup};
use super::path::{Path, Root};
use super::schema::{Key, Schema};
use super::site::{Local, Shared};
use super::storage::Step;
use crate::exec::discard;
use crate::group::{Changes, Entries, Evicting, StoreError};
use crate::topology::TaskInfo;
use std::fmt;

/// An undo log that grew beyond this many records gives its memory back when its event ends.
const KEPT_RECORDS: usize = 1 << 16;

/// One task's partition of a PState of schema `S`.
///
/// Reads and writes are made through cursors, which begin at the root: the methods of the root's cursor are methods of
/// the PState itself. A write leads through places that hold nothing by creating them.
///
/// The writes since the last [`commit`](PState::commit) are taken back by [`rollback`](PState::rollback): so an event's
/// writes are atomic. Each write adds at most one typed record to an undo log, which keeps its memory from event to event.
///
/// ```
/// use rama_runtime::prelude::*;
/// use rama_runtime::topology::TaskInfo;
///
/// let task = TaskInfo { task: 0, tasks: 1 };
/// let mut counts = PState::<Map<String, u64>>::new(task, None);
/// counts.key("be").update(|n| *n += 1);
/// counts.key("be").update(|n| *n += 1);
/// counts.commit();
/// counts.key("not").set(7);
/// counts.rollback();
/// assert_eq!(counts.key("be").get(), Some(2));
/// assert_eq!(counts.items(), [("be".to_owned(), 2)]);
/// ```
pub struct PState<S: Schema> {
    root: Option<S::Node>,
    log: Vec<PlaceUndo<S>>,
    task: TaskInfo,
    /// Lookups among fewer entries are not prepared.
    prepared_from: usize,
    /// Checks that what is looked up lives here; `None` where nothing is checked.
    ownership: Option<Ownership>,
    /// Whether something may be stored.
    stands: bool,
    /// Whether it is stored that there is nothing.
    nothing: bool,
    /// Whether something was written since it was stored.
    changed: bool,
}

/// Where it is stored that a partition holds nothing: nothing else of it is there then.
const NOTHING: u8 = 0xff;

/// So many entries of one PState, on all tasks of a thread, are taken to be in the processor's caches. (How many tasks share a thread is
/// not known here; that it may be all of them is the safe guess, as preparing what is near costs little.)
const IN_CACHE: usize = 1 << 14;
/// Fewer entries are near in any case.
const FEW: usize = 64;

impl<S: Schema> PState<S> {
    /// The partition of a task, holding `initial`: an empty collection, or no value, where that is `None`.
    #[must_use]
    pub fn new(task: TaskInfo, initial: Option<S::Value>) -> Self {
        PState {
            root: initial.map(S::build).or_else(S::vacant),
            log: Vec::new(),
            task,
            prepared_from: (IN_CACHE / task.tasks.max(1) as usize).max(FEW),
            ownership: None,
            stands: false,
            nothing: false,
            changed: true,
        }
    }

    /// The same partition; with an [`Ownership`], every access is checked: a key that lives on another task fails its event.
    /// `#[module]` gives one in debug builds, and in release builds where it says `check_alignment`.
    #[must_use]
    pub fn checked(mut self, ownership: Option<Ownership>) -> Self {
        self.ownership = ownership;
        self
    }

    /// The id of the task whose partition this is.
    #[must_use]
    pub fn task(&self) -> u32 {
        self.task.task
    }

    /// The cursor at the root, to read and write.
    #[inline(always)]
    pub fn root(&mut self) -> S::Cursor<Local<'_, S>, Root<S>> {
        self.check_task();
        S::cursor(Local::checked(self), Root::new())
    }

    /// The cursor at the root, to read only.
    #[inline(always)]
    pub fn reader(&self) -> S::Cursor<Shared<'_, S>, Root<S>> {
        self.check_task();
        S::cursor(Shared { state: self }, Root::new())
    }

    /// The cursor at the root, for a key that the computation was not partitioned by: `self.p.unaligned().key(&k)` says "this
    /// task's partition is meant, whoever owns `k`".
    ///
    /// Neither the compiler nor the runtime checks what follows (`RM0007`). A client that looks for `k` asks the task that owns it,
    /// and does not find what was written here: such a PState is this task's own scratch space.
    #[inline(always)]
    pub fn unaligned(&mut self) -> S::Cursor<Local<'_, S>, Root<S>> {
        S::cursor(Local::unchecked(self), Root::new())
    }

    /// The cursor at the root, for a key that the compiler proved to live here.
    #[doc(hidden)]
    #[inline(always)]
    pub fn proven(&mut self) -> S::Cursor<Local<'_, S>, Root<S>> {
        S::cursor(Local::proven(self), Root::new())
    }

    /// The cursor at the root, for the last write of an event, by a key that the compiler proved to live here: it cannot be taken
    /// back, and costs no undo record.
    #[doc(hidden)]
    #[inline(always)]
    pub fn last_write(&mut self) -> S::Cursor<Local<'_, S>, Root<S>> {
        S::cursor(Local::last(self), Root::new())
    }

    /// Prepares a lookup of `key` (if it is of the key's type at all), so that what it needs is in the processor's caches when
    /// an event looks it up: a large state is mostly elsewhere, and so the waits of many events become one.
    #[doc(hidden)]
    #[inline]
    pub fn prepare<Q: Foreseen + ?Sized>(&self, key: &Q, step: Step, found: &mut u64) {
        if let Some(root) = &self.root {
            S::prepare(root, key, self.prepared_from, step, found);
        }
    }

    #[inline]
    fn check_task(&self) {
        if let Some(ownership) = &self.ownership {
            ownership.check_task(self.task);
        }
    }

    /// Fails the event if another task owns `key`.
    #[inline]
    pub(super) fn check_key<K: Key, Q: Lookup<K> + ?Sized>(&self, key: &Q, proven: bool) {
        if let Some(ownership) = &self.ownership {
            ownership.check_key::<K>(key.to_owned(), self.task, proven);
        }
    }

    /// Makes the writes since the last commit permanent. Cost: next to nothing where there were none.
    #[inline]
    pub fn commit(&mut self) {
        if !self.log.is_empty() {
            self.forget();
        }
    }

    /// Takes back the writes since the last commit. Cost: as that of the writes.
    pub fn rollback(&mut self) {
        while let Some(undo) = self.log.pop() {
            undo_place(&mut self.root, undo);
        }
        self.forget();
    }

    #[inline(never)]
    fn forget(&mut self) {
        // One by one: were two of them to panic when dropped together, the process would abort.
        while let Some(undo) = self.log.pop() {
            drop(undo);
        }
        if self.log.capacity() > KEPT_RECORDS {
            self.log.shrink_to(KEPT_RECORDS);
        }
    }

    pub(super) fn info(&self) -> TaskInfo {
        self.task
    }

    pub(super) fn place(&self) -> &Option<S::Node> {
        &self.root
    }

    /// Runs one write. When user code in it panics, nothing of it is left behind.
    /// `undoable`: it can be taken back.
    #[inline(always)]
    pub(super) fn edit<P, E>(&mut self, path: P, edit: E, undoable: bool) -> E::Out
    where
        P: Path<Root = S>,
        E: Edit<P::Target>,
    {
        let (out, undo) = path.edit(&mut self.root, edit);
        if let Some(undo) = undo {
            self.changed = true;
            if undoable {
                self.log.push(undo);
            } else if undo.is_trivial() {
                // Nothing in it needs to be dropped.
                std::mem::forget(undo);
            } else {
                discard(undo);
            }
        }
        out
    }
}

/// A PState partition whose schema does not matter: what the runtime asks of it, once an epoch.
pub trait PStatePartition {
    /// Whether something was written since the last [`store`](Self::store).
    fn changed(&self) -> bool;

    /// Writes what has changed since the last time, between two events: see [`Schema::store`].
    ///
    /// # Errors
    /// When a key's or a value's own `Serialize` fails: then the partition cannot be stored any more.
    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError>;

    /// What it is, in words: see [`Schema::shape`].
    fn shape(&self) -> String;

    /// About how many bytes of it are in memory, as far as they may leave it.
    fn weight(&self) -> usize;

    /// What the store has leaves memory, right behind [`store`](Self::store).
    fn evict(&mut self, evicting: &mut Evicting);

    /// Becomes what [`store`](Self::store) wrote; stays what it is where nothing ever was.
    ///
    /// # Errors
    /// When something else stands there.
    fn load(&mut self, entries: &mut Entries<'_>) -> Result<(), StoreError>;
}

impl<S: Schema> PStatePartition for PState<S> {
    fn changed(&self) -> bool {
        self.changed
    }

    fn store(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.changed) {
            if let Some(root) = self.root.as_mut().filter(|_| changes.stamp().is_some()) {
                S::settle(root, changes);
            }
            return Ok(());
        }
        match &mut self.root {
            Some(root) => {
                self.stands = true;
                if std::mem::take(&mut self.nothing) {
                    changes.clear();
                }
                S::store(root, changes)
            }
            None => {
                // That there is nothing has to be said: otherwise the initial value would be back.
                self.stands = false;
                self.nothing = true;
                changes.clear();
                let mark = changes.step_to_field(NOTHING);
                changes.put(|_| Ok(()))?;
                changes.back(mark);
                Ok(())
            }
        }
    }

    fn shape(&self) -> String {
        S::shape()
    }

    fn weight(&self) -> usize {
        self.root.as_ref().map_or(0, S::weight)
    }

    fn evict(&mut self, evicting: &mut Evicting) {
        if let Some(root) = &mut self.root {
            S::evict(root, evicting);
        }
    }

    fn load(&mut self, entries: &mut Entries<'_>) -> Result<(), StoreError> {
        self.nothing = match entries.step_to_field(NOTHING) {
            Some(place) => {
                let nothing = entries.here()?.is_some();
                entries.back(place)?;
                nothing
            }
            None => false,
        };
        self.root = if self.nothing { None } else { S::load(entries)? };
        self.stands = self.root.is_some();
        self.changed = false;
        Ok(())
    }
}

/// A PState that generated code looks at without its schema.
pub struct Partition<'a, P>(pub &'a mut P);

impl<'a, S: Schema> Partition<'a, PState<S>> {
    /// The same.
    #[must_use]
    pub fn find(self) -> Option<&'a mut dyn PStatePartition> {
        Some(self.0)
    }
}

/// What stands in for [`Partition::find`] where the type is no schema, which is reported at the PState's declaration: so that
/// generated code does not report it again.
pub trait NoPartition<'a>: Sized {
    /// Nothing: the program did not compile.
    fn find(self) -> Option<&'a mut dyn PStatePartition> {
        None
    }
}

impl<'a, P> NoPartition<'a> for Partition<'a, P> {}

impl<S: Schema> fmt::Debug for PState<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PState")
            .field("task", &self.task)
            .field("uncommitted", &self.log.len())
            .finish_non_exhaustive()
    }
}
