//! What is unfinished on a thread when a cut is made: event trees, and the hops that belong to them.
//!
//! ```text
//!   Shape what the hops of a topology look like
//!   Tree  where it stands, its source, its records, those of them that have failed
//!   Run   a topology's hops of one tree, in order, with the tasks that they go to; perhaps they wait for a record
//!   Lost  an event that failed while the news of it was under way
//! ```
//!
//! An event that waits for a future stands there as the hop that the future was made from, so it is made again.
//!
//! The words of trees are not written: what is unfinished is known as a whole, so they follow from it.

use crate::exec::batch::Batch;
use crate::exec::host::Host;
use crate::exec::thread::Thread;
use crate::exec::trees::TreeUpdate;
use crate::group::{Numbers, StoreError, value};
use crate::module::Module;
use crate::topology::TreeRef;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a tree stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct TreeId {
    pub(crate) thread: u32,
    pub(crate) slot: u32,
    pub(crate) attempt: u32,
}

impl From<TreeRef> for TreeId {
    fn from(tree: TreeRef) -> Self {
        TreeId {
            thread: tree.thread,
            slot: tree.slot,
            attempt: tree.attempt,
        }
    }
}

/// A flight that is on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredTree {
    pub(crate) id: TreeId,
    /// The source's number.
    pub(crate) source: u16,
    pub(crate) task: u32,
    pub(crate) first: u64,
    pub(crate) count: u32,
    /// Places of records in the flight, and their errors.
    pub(crate) failed: Vec<(u32, String)>,
}

/// The record that hops wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitFor {
    /// The depot's number.
    pub(crate) depot: u16,
    pub(crate) task: u32,
    pub(crate) offset: u64,
}

/// The head of a run: `hops` hops follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RunHead {
    topology: u16,
    tree: TreeId,
    wait: Option<WaitFor>,
    hops: u32,
}

/// An event that failed, of a tree that is kept elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) tree: TreeId,
    pub(crate) record: u32,
    pub(crate) error: String,
}

/// Hops of one tree.
#[derive(Debug)]
pub(crate) struct StoredRun<'a> {
    pub(crate) topology: u16,
    pub(crate) tree: TreeId,
    pub(crate) wait: Option<WaitFor>,
    /// The task, the record's place in the flight, and the encoded hop.
    pub(crate) hops: Vec<(u32, u32, &'a [u8])>,
}

/// What the hops of a topology look like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) topology: u16,
    pub(crate) fingerprint: u64,
}

/// One thing that is unfinished.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Shape(Shape),
    Tree(StoredTree),
    Run(StoredRun<'a>),
    Lost(Lost),
}

/// Trees and lost events as they were written while a record with a future in flight began anew. They are not read any more.
const OLD: [u8; 2] = [0, 2];
const RUN: u8 = 1;
const SHAPE: u8 = 3;
const TREE: u8 = 4;
const LOST: u8 = 5;

/// What is unfinished, being written down.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    bytes: Vec<u8>,
}

/// Writes hops of one topology: they are typed, so the topology's program does it.
pub struct RunWriter<'u> {
    pub(super) unfinished: &'u mut Unfinished,
    pub(super) topology: u16,
    pub(super) wait: Option<WaitFor>,
}

fn damaged<E>(_: E) -> StoreError {
    StoreError::Damaged {
        reason: "what was unfinished cannot be read".to_owned(),
    }
}

impl Unfinished {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// First what the hops look like, then the rest.
    pub(super) fn encode(&self, numbers: &Numbers, out: &mut Vec<u8>) -> Result<(), StoreError> {
        for (&topology, &fingerprint) in numbers.topologies.iter().zip(&numbers.fingerprints) {
            out.push(SHAPE);
            value::encode(&Shape { topology, fingerprint }, out)?;
        }
        out.extend_from_slice(&self.bytes);
        Ok(())
    }

    fn tree(&mut self, tree: &StoredTree) -> Result<(), StoreError> {
        self.bytes.push(TREE);
        value::encode(tree, &mut self.bytes)
    }

    fn lost(&mut self, lost: &Lost) -> Result<(), StoreError> {
        self.bytes.push(LOST);
        value::encode(lost, &mut self.bytes)
    }
}

impl RunWriter<'_> {
    /// A run begins, of so many hops.
    pub(crate) fn begin(&mut self, tree: TreeRef, hops: usize) -> Result<(), StoreError> {
        let head = RunHead {
            topology: self.topology,
            tree: tree.into(),
            wait: self.wait,
            hops: u32::try_from(hops).map_err(|_| StoreError::TooLarge)?,
        };
        self.unfinished.bytes.push(RUN);
        value::encode(&head, &mut self.unfinished.bytes)
    }

    /// The next hop of the run.
    pub(crate) fn hop(
        &mut self,
        task: u32,
        record: u32,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let bytes = &mut self.unfinished.bytes;
        value::encode(&(task, record), bytes)?;
        let length_at = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        encode(bytes)?;
        let length = u32::try_from(bytes.len() - length_at - 4).map_err(|_| StoreError::TooLarge)?;
        bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }
}

/// Reads back what a thread has written down, in order.
///
/// # Errors
/// When the bytes are something else.
pub(crate) fn read<'a>(mut bytes: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Result<(), StoreError> {
    while let Some((&tag, rest)) = bytes.split_first() {
        bytes = rest;
        let item = match tag {
            TREE => Item::Tree(value::decode(&mut bytes)?),
            LOST => Item::Lost(value::decode(&mut bytes)?),
            SHAPE => Item::Shape(value::decode(&mut bytes)?),
            RUN => {
                let head: RunHead = value::decode(&mut bytes)?;
                let mut hops = Vec::new();
                for _ in 0..head.hops {
                    let (task, record) = value::decode(&mut bytes)?;
                    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(()).map_err(damaged)?;
                    let length = u32::from_le_bytes(*length) as usize;
                    let (hop, rest) = rest.split_at_checked(length).ok_or(()).map_err(damaged)?;
                    hops.push((task, record, hop));
                    bytes = rest;
                }
                Item::Run(StoredRun {
                    topology: head.topology,
                    tree: head.tree,
                    wait: head.wait,
                    hops,
                })
            }
            old if OLD.contains(&old) => {
                return Err(StoreError::Damaged {
                    reason: "what is half done was written by an older version of rama: let that shut the module down"
                        .to_owned(),
                });
            }
            _ => return Err(damaged(())),
        };
        each(item);
    }
    Ok(())
}

impl<M: Module> Thread<M> {
    /// Writes down everything that is unfinished here.
    pub(super) fn write_unfinished(&mut self, unfinished: &mut Unfinished) -> Result<(), StoreError> {
        let Some(epochs) = &self.host.shared.epochs else {
            return Ok(());
        };
        let numbers = Arc::clone(&epochs.numbers);
        let thread = self.host.index;
        for tree in self.host.trees.unfinished() {
            let source = &self.host.sources[tree.source as usize];
            unfinished.tree(&StoredTree {
                id: TreeId {
                    thread,
                    slot: tree.slot,
                    attempt: tree.attempt,
                },
                source: numbers.sources[source.kind],
                task: self.host.tasks[source.task as usize].id,
                first: tree.first,
                count: tree.count,
                failed: tree.failed,
            })?;
        }
        // Taken out, so that the programs may look at the host meanwhile.
        let mut queue = std::mem::take(&mut self.host.queue);
        let result = queue
            .iter_mut()
            .try_for_each(|batch| self.write_batch(batch, None, unfinished));
        self.host.queue = queue;
        result?;
        for task in 0..self.host.tasks.len() {
            for depot in 0..self.host.shared.layout.depots.len() {
                let mut waiting = self.host.tasks[task].slots[depot].take_waiting();
                let result = waiting.iter_mut().try_for_each(|(offset, waiting)| {
                    let wait = WaitFor {
                        depot: numbers_of(&self.host)?.depots[depot],
                        task: self.host.tasks[task].id,
                        offset: *offset,
                    };
                    self.write_batch(&mut waiting.batch, Some(wait), unfinished)
                });
                self.host.tasks[task].slots[depot].give_waiting_back(waiting);
                result?;
            }
        }
        self.write_externals(&numbers, unfinished)
    }

    /// Writes down the hops that the futures in flight were made from.
    fn write_externals(&mut self, numbers: &Numbers, unfinished: &mut Unfinished) -> Result<(), StoreError> {
        let Host {
            durable,
            trees,
            tasks,
            index,
            ..
        } = &mut self.host;
        let Some(durable) = durable else { return Ok(()) };
        // Of an attempt that is over, nothing goes on. (What trees of other threads are, the next opening finds out.)
        durable
            .externals
            .retain(|_, event| event.tree.thread != *index || trees.runs(event.tree.slot, event.tree.attempt));
        for event in durable.externals.values() {
            let mut writer = RunWriter {
                unfinished: &mut *unfinished,
                topology: numbers.topologies.get(event.program).copied().unwrap_or(u16::MAX),
                wait: None,
            };
            let task = tasks.get(event.task as usize).map_or(u32::MAX, |task| task.id);
            writer.begin(event.tree, 1)?;
            writer.hop(task, event.record, |out| {
                out.extend_from_slice(&event.made_from);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn write_batch(
        &mut self,
        batch: &mut Batch,
        wait: Option<WaitFor>,
        unfinished: &mut Unfinished,
    ) -> Result<(), StoreError> {
        let topology = numbers_of(&self.host)?.topologies.get(batch.program).copied();
        let writer = RunWriter {
            unfinished,
            topology: topology.unwrap_or(u16::MAX),
            wait,
        };
        match self.programs.get_mut(batch.program) {
            Some(program) => program.store(&mut *batch.envelopes, &self.host, writer),
            None => Ok(()),
        }
    }

    /// These hops have come with that number: where they were under way while a cut was made, they belong to it.
    pub(in crate::exec) fn note_hops(&mut self, cut: u64, batches: &mut [Batch]) {
        let Some(mut unfinished) = self.host.under_way(cut).map(std::mem::take) else {
            return;
        };
        let result = batches
            .iter_mut()
            .try_for_each(|batch| self.write_batch(batch, None, &mut unfinished));
        if let Some(place) = self.host.under_way(cut) {
            *place = unfinished;
        }
        if let Err(error) = result {
            self.host.shared.fail(error);
        }
    }

    /// The same, of what happened in trees that are kept here. Only failures are written: words follow from the hops, and nobody
    /// waits any more for what was returned.
    pub(in crate::exec) fn note_updates(&mut self, cut: u64, updates: &[TreeUpdate]) {
        let Some(unfinished) = self.host.under_way(cut) else {
            return;
        };
        let mut result = Ok(());
        for update in updates {
            for (record, error) in update.notes.failures() {
                result = result.and(unfinished.lost(&Lost {
                    tree: update.tree.into(),
                    record,
                    error: error.to_owned(),
                }));
            }
        }
        if let Err(error) = result {
            self.host.shared.fail(error);
        }
    }
}

/// What the store calls things.
fn numbers_of<M: Module>(host: &Host<M>) -> Result<&Numbers, StoreError> {
    let epochs = host.shared.epochs.as_ref();
    epochs.map(|epochs| &*epochs.numbers).ok_or(StoreError::TooLarge)
}
