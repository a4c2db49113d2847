//! The committer: writes the parts of a cut as one commit, and lets go of what waited for it.

use super::{Part, Sabotage, ToKeeper};
use crate::exec::message::Message;
use crate::exec::shared::Shared;
use crate::group::log::LogEngine;
use crate::group::{StoreError, SyncPolicy};
use crate::module::Module;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::Arc;
use std::time::Duration;

/// Writes commits, one after the other.
pub(crate) struct Committer<M: Module> {
    shared: Arc<Shared<M>>,
    log: Box<dyn LogEngine>,
    inbox: Receiver<ToCommitter>,
    /// The parts of the cut that is under way.
    collected: Vec<Part>,
    payload: Vec<u8>,
    sync: SyncPolicy,
    synced_at: Duration,
    /// Commits that the keeper does not have, and their bytes. It gets them when they are durable, as the store must not have what the
    /// log may lose; and many at once, as each time a thread is woken.
    to_keep: Vec<ToKeeper>,
    to_keep_bytes: usize,
    /// Whether the last of them are not durable.
    unsynced: bool,
    /// So many bytes are handed on at once.
    hand_on_at: usize,
    /// So many bytes has the keeper that are not in the store.
    behind: usize,
    /// There will be no more parts.
    ending: bool,
    /// Nothing more comes to the store.
    keeper_failed: bool,
    /// What the keeper is given to do.
    keeper: Sender<ToKeeper>,
}

/// What the committer hears.
pub(crate) enum ToCommitter {
    /// From a thread that has made a cut.
    Part(Part),
    /// From the keeper: the store has that commit, durably, and all before it; it was that cut's.
    Kept { commit: u64, cut: u64, bytes: usize },
    /// From the keeper: the store has failed.
    Failed(StoreError),
    /// From a thread: the store is to catch up now.
    Press,
    /// There will be no more parts.
    End,
}

/// However rarely the log is synced, so many bytes are not left to the system for longer.
const MOST_UNSYNCED: usize = 32 << 20;

/// So many bytes of commits are handed on to the keeper at once.
const HAND_ON_AT: usize = 1 << 20;

/// So many bytes may the keeper have that are not in the store.
const MOST_BEHIND: usize = 128 << 20;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Progress,
    Idle,
    Ended,
}

impl<M: Module> Committer<M> {
    pub(crate) fn new(
        shared: Arc<Shared<M>>,
        log: Box<dyn LogEngine>,
        inbox: Receiver<ToCommitter>,
        sync: SyncPolicy,
        keeper: Sender<ToKeeper>,
        hand_on_at: usize,
    ) -> Self {
        Committer {
            shared,
            log,
            inbox,
            collected: Vec::new(),
            payload: Vec::new(),
            sync,
            synced_at: Duration::ZERO,
            to_keep: Vec::new(),
            to_keep_bytes: 0,
            unsynced: false,
            hand_on_at: hand_on_at.min(HAND_ON_AT),
            behind: 0,
            ending: false,
            keeper_failed: false,
            keeper,
        }
    }

    /// Works until all task threads have gone.
    pub(crate) fn run(mut self) {
        loop {
            let message = match self.sync_in() {
                None => self.inbox.recv().ok(),
                Some(time) => match self.inbox.recv_timeout(time) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => {
                        self.sync_if_due();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => None,
                },
            };
            if !message.is_some_and(|message| self.hear(message)) {
                break;
            }
        }
        self.end();
    }

    /// Takes in one message, if there is one: for simulations.
    pub(crate) fn step(&mut self) -> Step {
        match self.inbox.try_recv() {
            Ok(message) => {
                if self.hear(message) {
                    Step::Progress
                } else {
                    Step::Ended
                }
            }
            Err(TryRecvError::Empty) => Step::Idle,
            Err(TryRecvError::Disconnected) => Step::Ended,
        }
    }

    /// Says whether there is more to come.
    fn hear(&mut self, message: ToCommitter) -> bool {
        match message {
            ToCommitter::Part(part) => {
                self.collected.push(part);
                if self.collected.len() == self.shared.layout.threads as usize {
                    self.wait_for_keeper();
                    self.commit();
                }
            }
            ToCommitter::Kept { commit, cut, bytes } => {
                self.behind = self.behind.saturating_sub(bytes);
                self.kept(commit, cut);
            }
            ToCommitter::Failed(error) => {
                self.keeper_failed = true;
                self.shared.fail(error);
            }
            ToCommitter::Press => self.catch_up(),
            ToCommitter::End => self.ending = true,
        }
        !self.ending
    }

    /// Where the store is far behind, nothing is committed: else what is on its way to it would fill the memory.
    fn wait_for_keeper(&mut self) {
        while self.behind > MOST_BEHIND && !self.ending && !self.keeper_failed {
            match self.inbox.recv() {
                // No part, as one cut is under way at a time.
                Ok(message) => _ = self.hear(message),
                Err(_) => return,
            }
        }
    }

    /// The store is to have all that is durable, now.
    fn catch_up(&mut self) {
        if self.unsynced {
            self.sync_log();
        } else {
            self.hand_on();
        }
        let _ = self.keeper.send(ToKeeper::Now);
    }

    /// Makes the log durable up to its end; then the keeper may have all of it.
    fn sync_log(&mut self) {
        // Also where it fails: it is not tried again.
        self.unsynced = false;
        match self.log.sync() {
            Ok(()) => {
                self.synced_at = self.shared.clock().now();
                self.hand_on();
            }
            Err(error) => {
                self.to_keep.clear();
                self.shared.fail(error);
            }
        }
    }

    /// The store has that commit, and all before it.
    fn kept(&mut self, commit: u64, cut: u64) {
        if let Err(error) = self.log.trim(commit) {
            // It only takes room; the next trim tries again.
            tracing::warn!(%error, "a log could not be trimmed");
        }
        let Some(epochs) = &self.shared.epochs else { return };
        // Cuts with which nothing was written are in the store as well as any.
        let all = self.to_keep.is_empty() && self.behind == 0;
        if epochs.caught_up(if all { epochs.durable() } else { cut }) {
            self.shared.tell_all(|| Message::Wake);
        }
    }

    /// Every thread has made the cut.
    fn commit(&mut self) {
        let Some(cut) = self.collected.first().map(|part| part.cut) else {
            return;
        };
        self.payload.clear();
        for part in &self.collected {
            self.payload.extend_from_slice(&part.changes);
        }
        if !self.payload.is_empty() && !self.write(cut) {
            // What waits is told by `fail`.
            self.collected.clear();
            return;
        }
        let next = self.shared.epochs.as_ref().and_then(|epochs| epochs.done(cut));
        if let Some(cut) = next {
            self.shared.tell_all(|| Message::Cut { cut, from: None });
        }
        // In order of the threads' parts: whoever waits on several threads hears of all of them.
        for mut part in self.collected.drain(..) {
            part.held.leave(&self.shared.pending);
        }
        // Behind the answers, for which somebody waits.
        if self.shared.epochs.as_ref().is_some_and(|epochs| epochs.is_pressed()) {
            self.catch_up();
        } else if self.unsynced {
            self.sync_if_due();
        } else if self.to_keep_bytes >= self.hand_on_at {
            self.hand_on();
        }
    }

    /// Writes the commit. Says whether it is as durable as it has to be.
    fn write(&mut self, cut: u64) -> bool {
        let sabotaged = self
            .shared
            .epochs
            .as_ref()
            .is_some_and(|epochs| epochs.sabotage == Sabotage::NoSync);
        let sync = matches!(self.sync, SyncPolicy::Always) && !sabotaged;
        match self.log.append(self.log.tail(), &self.payload, sync) {
            Ok(number) => {
                self.to_keep_bytes += self.payload.len();
                self.to_keep.push(ToKeeper::Commit {
                    number,
                    cut,
                    changes: self.payload.as_slice().into(),
                });
                self.unsynced = !sync && !sabotaged;
                true
            }
            Err(error) => {
                self.shared.fail(error);
                false
            }
        }
    }

    /// Gives the keeper what it does not have. All of it is durable.
    fn hand_on(&mut self) {
        self.behind += std::mem::take(&mut self.to_keep_bytes);
        for commit in self.to_keep.drain(..) {
            // The keeper has gone: the module is ending.
            let _ = self.keeper.send(commit);
        }
    }

    /// When the log is to be synced, if it has to be.
    fn sync_in(&self) -> Option<Duration> {
        if !self.unsynced {
            return None;
        }
        if self.to_keep_bytes > MOST_UNSYNCED {
            return Some(Duration::ZERO);
        }
        match self.sync {
            SyncPolicy::Every(time) => Some((self.synced_at + time).saturating_sub(self.shared.clock().now())),
            SyncPolicy::Always | SyncPolicy::Os => None,
        }
    }

    fn sync_if_due(&mut self) {
        if self.sync_in().is_some_and(|time| time.is_zero()) {
            self.sync_log();
        }
    }

    /// The threads have gone.
    pub(crate) fn end(&mut self) {
        let synced = if self.unsynced { self.log.sync() } else { Ok(()) };
        match synced {
            Ok(()) => self.hand_on(),
            Err(error) => tracing::error!(%error, "the end of a log could not be made durable"),
        }
        // Nobody answers any more.
        self.shared.pending.abandon();
    }
}
