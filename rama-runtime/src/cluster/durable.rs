//! What a durable module needs beside its task threads.

use super::launch::Durability;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::exec::{
    Committer, EpochLimits, Epochs, Keeper, Layout, Plan, Shared, ThreadPlan, ToCommitter, attempt, discard,
};
use crate::group::{AT_ONCE, Adoption, Declaration, Folder, Group, Recovery, StorageError};
use crate::module::{Module, Shapes};
use crate::topology::TaskInfo;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::sync::Arc;
use std::time::Duration;

/// A module's folder, opened; and what each thread takes up.
pub(super) struct Opened {
    group: Group,
    folder: Arc<Folder>,
    pub(super) epochs: Epochs,
    pub(super) plans: Vec<ThreadPlan>,
    parts: Receiver<ToCommitter>,
    to_committer: Sender<ToCommitter>,
    durability: Durability,
    began: Duration,
}

/// The two threads of a durable module that run no events.
pub(super) struct Background<M: Module> {
    pub(super) committer: Committer<M>,
    pub(super) keeper: Keeper,
    /// Held until both have ended.
    pub(super) folder: Arc<Folder>,
}

/// Opens the folder of `M`.
pub(super) fn open<M: Module>(
    env: &Env,
    folder: &Arc<Folder>,
    layout: &Layout,
    durability: Durability,
) -> Result<Opened> {
    let began = env.clock().now();
    let shapes = shapes::<M>(layout.tasks)?;
    open_group::<M>(env, folder, layout, durability, began, shapes).map_err(|error| Error::Storage {
        module: M::DESCRIPTOR.name,
        error,
    })
}

/// What the module's PStates and records look like.
fn shapes<M: Module>(tasks: u32) -> Result<Shapes> {
    // The view of some task; its initial values are the user's code.
    let view = attempt(|| M::new(TaskInfo { task: 0, tasks }));
    let mut view = view.map_err(|error| Error::LaunchFailed {
        module: M::DESCRIPTOR.name,
        reason: error.to_string(),
    })?;
    let mut shapes = M::shapes();
    for (index, shape) in shapes.pstates.iter_mut().enumerate() {
        shape.shape = view.pstate(index).map_or_else(String::new, |pstate| pstate.shape());
    }
    discard(view);
    Ok(shapes)
}

fn open_group<M: Module>(
    env: &Env,
    folder: &Arc<Folder>,
    layout: &Layout,
    durability: Durability,
    began: Duration,
    shapes: Shapes,
) -> Result<Opened, StorageError> {
    let programs = M::programs();
    let fingerprints = programs
        .iter()
        .enumerate()
        .map(|(index, program)| program.fingerprint(index));
    let declared = Declaration::of(M::DESCRIPTOR, shapes, &fingerprints.collect::<Vec<_>>());
    let module = M::DESCRIPTOR.name;
    let mut group = folder.open_group(module, layout.tasks, declared, &durability.removed)?;
    let plan = Plan::make(
        layout,
        &group.store,
        &group.numbers,
        &mut env.rng(),
        durability.memory.is_some(),
    )?;
    if let Some(other) = plan.others.first()
        && !durability.restart_unfinished
    {
        return Err(StorageError::Unfinished {
            topology: group.topology(other.topology),
            records: other.records,
        });
    }
    group.recovery.unfinished = plan.flights as u64;
    let (to_committer, parts) = unbounded();
    let limits = EpochLimits {
        interval: durability.epoch,
        memory: durability.memory.map(|bytes| bytes / layout.threads as usize),
    };
    let epochs = Epochs::new(
        to_committer.clone(),
        limits,
        Arc::clone(&group.numbers),
        durability.sabotage,
    );
    Ok(Opened {
        group,
        folder: Arc::clone(folder),
        epochs,
        plans: plan.threads,
        parts,
        to_committer,
        durability,
        began,
    })
}

/// What is left of an [`Opened`] when its epochs and plans are where they belong.
pub(super) struct Rest {
    group: Group,
    folder: Arc<Folder>,
    parts: Receiver<ToCommitter>,
    to_committer: Sender<ToCommitter>,
    durability: Durability,
    began: Duration,
}

impl Opened {
    /// Takes it apart.
    pub(super) fn split(self) -> (Epochs, Vec<ThreadPlan>, Rest) {
        let Opened {
            group,
            folder,
            epochs,
            plans,
            parts,
            to_committer,
            durability,
            began,
        } = self;
        let rest = Rest {
            group,
            folder,
            parts,
            to_committer,
            durability,
            began,
        };
        (epochs, plans, rest)
    }
}

impl Rest {
    /// The threads that commit; what is to be done when the task threads have read what they need, and before either of these begins;
    /// and what the opening came to, so far. The time that it took is known when the threads run: it began then.
    pub(super) fn background<M: Module>(
        self,
        shared: &Arc<Shared<M>>,
    ) -> (Background<M>, Adoption, Recovery, Duration) {
        let Group {
            log,
            store,
            recovery,
            migrating,
            adoption,
            ..
        } = self.group;
        // Where memory is short, so is what the store has not.
        let by_memory = self.durability.memory.map_or(AT_ONCE, |bytes| (bytes / 8).min(AT_ONCE));
        let keep_at = self.durability.keep_at.unwrap_or(by_memory);
        let (commits, for_keeper) = unbounded();
        let committer = Committer::new(
            Arc::clone(shared),
            log,
            self.parts,
            self.durability.sync,
            commits,
            keep_at,
        );
        let mut mover = None;
        if let Some(migrating) = migrating {
            let at_once = self.durability.move_at_once.unwrap_or(usize::MAX);
            mover = (at_once > 0).then(|| migrating.mover(at_once));
            shared.migrates(migrating);
        }
        let background = Background {
            committer,
            keeper: Keeper::new(store, for_keeper, self.to_committer, keep_at, mover),
            folder: self.folder,
        };
        (background, adoption, recovery, self.began)
    }
}
