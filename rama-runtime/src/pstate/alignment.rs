//! The check that a key is looked up on the task that owns it: what the compiler could not decide, when it runs.

use super::schema::Key;
use crate::key::hash_of;
use crate::topology::{EventError, TaskInfo};
use std::any::Any;
use std::fmt;

/// How a PState with its own partitioner (`partition_by`) finds a key's hash. The key is of the PState's key type.
pub type PartitionHash = fn(&dyn Any) -> Result<u64, postcard::Error>;

/// The hash of a key whose type is known again: what [`PartitionHash`] functions are made of.
///
/// # Errors
/// As `hash`, and when the key is of another type.
pub fn hash_with<K: 'static>(
    key: &dyn Any,
    hash: fn(&K) -> Result<u64, postcard::Error>,
) -> Result<u64, postcard::Error> {
    use serde::ser::Error as _;
    match key.downcast_ref::<K>() {
        Some(key) => hash(key),
        None => Err(postcard::Error::custom("the key is of another type than the PState's")),
    }
}

/// Says which task owns a key of one PState. A PState that has one checks every access through it (`RM0007`).
///
/// Cost of a check: a clone of the key, its encoding and its hash.
#[derive(Clone, Copy)]
pub struct Ownership {
    pstate: &'static str,
    global: bool,
    partitioner: Option<PartitionHash>,
}

impl Ownership {
    /// Of the PState of that name, whose keys are placed by their own hash.
    #[must_use]
    pub fn by_hash(pstate: &'static str) -> Self {
        Ownership {
            pstate,
            global: false,
            partitioner: None,
        }
    }

    /// Of a `global` PState: task 0 owns all of it.
    #[must_use]
    pub fn global(pstate: &'static str) -> Self {
        Ownership {
            pstate,
            global: true,
            partitioner: None,
        }
    }

    /// Of a PState with `partition_by`.
    #[must_use]
    pub fn by(pstate: &'static str, partitioner: PartitionHash) -> Self {
        Ownership {
            pstate,
            global: false,
            partitioner: Some(partitioner),
        }
    }

    /// Fails the event if `key` is not owned by the task `here`. `proven`: the compiler said that it is.
    pub(super) fn check_key<K: Key>(&self, key: K, here: TaskInfo, proven: bool) {
        if self.global {
            return;
        }
        let hash = match self.partitioner {
            Some(partitioner) => partitioner(&key),
            None => hash_of(&key),
        };
        match hash {
            // The number of tasks is a power of two: the mask keeps the hash's lowest bits.
            Ok(hash) => {
                let owner = hash as u32 & (here.tasks - 1);
                if owner != here.task {
                    self.refuse(&key, owner, here, proven);
                }
            }
            Err(error) => fail(EventError::from(error)),
        }
    }

    /// Fails the event if this is a `global` PState, and `here` is not its task.
    pub(super) fn check_task(&self, here: TaskInfo) {
        if self.global && here.task != 0 {
            fail(EventError::new(format!(
                "[RM0007] PState `{0}` is `global`: it lives on task 0, and this event runs on task {1}; go there first, `global_partition().await`, or, if this task's own part is meant, write `self.{0}.unaligned()`",
                self.pstate, here.task
            )));
        }
    }

    #[cold]
    fn refuse<K: Key>(&self, key: &K, owner: u32, here: TaskInfo, proven: bool) -> ! {
        // Keys are `Serialize`, and need not be `Debug`.
        let key = serde_json::to_string(key).unwrap_or_else(|_| "(of a type that JSON cannot show)".to_owned());
        let way_out = if proven {
            "; the compiler took this access for proven, which is a mistake of rama's own, or of a `Clone`, `Serialize` or partitioner that gives two results for one value".to_owned()
        } else {
            format!(
                "; go to its task first, `hash_partition(&key).await` (`path_partition` where the PState has a `partition_by`), or, if this task's partition is meant, write `self.{}.unaligned()`",
                self.pstate
            )
        };
        fail(EventError::new(format!(
            "[RM0007] key {key} of PState `{}` lives on task {owner}, and this event runs on task {}{way_out}",
            self.pstate, here.task
        )))
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership")
            .field("pstate", &self.pstate)
            .field("global", &self.global)
            .field("own_partitioner", &self.partitioner.is_some())
            .finish()
    }
}

/// Ends the event with `error`. It unwinds as a panic does, but is none: no panic hook runs, nothing is printed.
#[cold]
fn fail(error: EventError) -> ! {
    std::panic::resume_unwind(Box::new(error))
}
