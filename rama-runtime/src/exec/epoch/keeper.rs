//! The keeper: brings to the store, in the background, what the log has.

use crate::group::StoreError;
use crate::group::store::{Coalesced, Store};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::time::Duration;

/// Brings commits to the store.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    commits: Receiver<(u64, Arc<[u8]>)>,
    kept: Sender<Kept>,
    /// Those that are not in the store, in order.
    collected: Vec<Arc<[u8]>>,
    last: u64,
    bytes: usize,
    /// So many bytes are collected.
    at: usize,
}

/// What the committer hears of the keeper.
pub(crate) enum Kept {
    /// All commits up to this one are durable in the store.
    UpTo(u64),
    /// The store has failed.
    Failed(StoreError),
}

impl Keeper {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        commits: Receiver<(u64, Arc<[u8]>)>,
        kept: Sender<Kept>,
        at: usize,
    ) -> Self {
        Keeper {
            store,
            commits,
            kept,
            collected: Vec::new(),
            last: 0,
            bytes: 0,
            at,
        }
    }

    /// Works until the committer has gone; then brings the rest.
    pub(crate) fn run(mut self) {
        while let Ok((number, commit)) = self.commits.recv() {
            if !self.take(number, commit) {
                return;
            }
        }
        self.bring();
    }

    /// Takes one commit, if there is one. For simulations.
    pub(crate) fn step(&mut self) -> bool {
        match self.commits.recv_timeout(Duration::ZERO) {
            Ok((number, commit)) => self.take(number, commit),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    fn take(&mut self, number: u64, commit: Arc<[u8]>) -> bool {
        self.bytes += commit.len();
        self.last = number;
        self.collected.push(commit);
        self.bytes < self.at || self.bring()
    }

    /// Brings what is collected to the store, and makes it durable there. Says whether it could.
    pub(crate) fn bring(&mut self) -> bool {
        if self.collected.is_empty() {
            return true;
        }
        let brought = bring(&*self.store, &self.collected, self.last);
        self.collected.clear();
        self.bytes = 0;
        let (kept, fine) = match brought {
            Ok(()) => (Kept::UpTo(self.last), true),
            Err(error) => {
                tracing::error!(%error, "the store failed");
                (Kept::Failed(error), false)
            }
        };
        // The committer has gone: the module has ended.
        let _ = self.kept.send(kept);
        fine
    }
}

/// Brings these commits, up to number `last`, to the store.
pub(crate) fn bring(store: &dyn Store, commits: &[Arc<[u8]>], last: u64) -> Result<(), StoreError> {
    let mut changes = Coalesced::default();
    for commit in commits {
        changes.add(commit)?;
    }
    store.apply(&changes, last)?;
    store.persist()
}
