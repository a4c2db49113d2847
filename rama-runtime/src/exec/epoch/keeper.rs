//! The keeper: brings to the store, in the background, what the log has; and moves there what migrates.

use super::ToCommitter;
use crate::group::StoreError;
use crate::group::store::{Coalesced, Mover, Store};
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use std::sync::Arc;

/// Brings commits to the store.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    inbox: Receiver<ToKeeper>,
    committer: Sender<ToCommitter>,
    /// Those that are not in the store, in order.
    collected: Vec<Arc<[u8]>>,
    /// The last of them, and the cut that it was.
    last: (u64, u64),
    bytes: usize,
    /// They are brought when they are so many bytes.
    at: usize,
    /// Moves values of PStates that migrate, when there is nothing else to do. Here, as nobody else writes to the store.
    mover: Option<Mover>,
}

/// Behind so many messages, some values are moved though there are more messages.
const PATIENCE: u32 = 16;

/// What the keeper hears.
pub(crate) enum ToKeeper {
    /// A commit that is durable in the log.
    Commit { number: u64, cut: u64, changes: Arc<[u8]> },
    /// The store is to have all of them, now.
    Now,
}

impl Keeper {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        inbox: Receiver<ToKeeper>,
        committer: Sender<ToCommitter>,
        at: usize,
        mover: Option<Mover>,
    ) -> Self {
        Keeper {
            store,
            inbox,
            committer,
            collected: Vec::new(),
            last: (0, 0),
            bytes: 0,
            at,
            mover,
        }
    }

    /// Works until the committer has gone; then brings the rest. What is left to be moved is moved another time.
    pub(crate) fn run(mut self) {
        let mut heard = 0u32;
        loop {
            let message = if self.mover.is_some() {
                self.inbox.try_recv()
            } else {
                self.inbox.recv().map_err(|_| TryRecvError::Disconnected)
            };
            let fine = match message {
                Ok(message) => {
                    heard = heard.wrapping_add(1);
                    // Also where there is always something more urgent, it comes to an end.
                    self.hear(message) && (!u32::is_multiple_of(heard, PATIENCE) || self.move_some())
                }
                Err(TryRecvError::Empty) => self.move_some(),
                Err(TryRecvError::Disconnected) => break,
            };
            if !fine {
                return;
            }
        }
        self.bring();
    }

    /// Takes in one message, if there is one. For simulations.
    pub(crate) fn step(&mut self) -> bool {
        self.inbox.try_recv().is_ok_and(|message| self.hear(message))
    }

    /// Moves some values of PStates that migrate. Says whether the store is all right.
    pub(crate) fn move_some(&mut self) -> bool {
        match self.mover.as_mut().map_or(Ok(false), Mover::step) {
            Ok(true) => true,
            Ok(false) => {
                self.mover = None;
                true
            }
            Err(error) => {
                self.mover = None;
                let _ = self.committer.send(ToCommitter::Failed(error));
                false
            }
        }
    }

    /// Says whether the store is all right.
    fn hear(&mut self, message: ToKeeper) -> bool {
        match message {
            ToKeeper::Commit { number, cut, changes } => {
                self.bytes += changes.len();
                self.last = (number, cut);
                self.collected.push(changes);
                self.bytes < self.at || self.bring()
            }
            ToKeeper::Now => self.bring(),
        }
    }

    /// Brings what is collected to the store, and makes it durable there. Says whether it could.
    pub(crate) fn bring(&mut self) -> bool {
        let ((commit, cut), bytes) = (self.last, self.bytes);
        let brought = if self.collected.is_empty() {
            Ok(())
        } else {
            bring(&*self.store, &self.collected, commit)
        };
        self.collected.clear();
        self.bytes = 0;
        let fine = brought.is_ok();
        // Also when there was nothing to do: somebody may wait for the answer. The committer has gone: the module has ended.
        let _ = self.committer.send(match brought {
            Ok(()) => ToCommitter::Kept { commit, cut, bytes },
            Err(error) => ToCommitter::Failed(error),
        });
        fine
    }
}

/// Brings these commits, up to number `last`, to the store.
fn bring(store: &dyn Store, commits: &[Arc<[u8]>], last: u64) -> Result<(), StoreError> {
    let mut changes = Coalesced::default();
    for commit in commits {
        changes.add(commit)?;
    }
    store.apply(changes, last)?;
    store.persist()
}
