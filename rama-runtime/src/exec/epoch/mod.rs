//! Epochs of a durable module: what its task threads, and the thread that commits, share.
//!
//! An epoch ends with a *cut*: each thread, between two turns, writes down what has changed on it and what is unfinished
//! (`cut.rs`). Nobody waits for anybody: a cut is consistent by the rule of Chandy and Lamport (1985). A thread that has made it tells
//! all others before it sends anything else, and a thread that hears of a cut makes it at once: as messages of a thread arrive in the
//! order sent, nothing from behind a cut can have effects before it. Messages carry the number of the last cut that their sender
//! has made: one with a lower number than the receiver's was under way when the cut was made, so it belongs to what is unfinished.
//! When a thread has heard of the cut from every other one, it knows all that was under way to it, and hands its *part* to the
//! committer (`committer.rs`), which writes all parts with one sync. One cut is under way at a time: what comes meanwhile goes into
//! the next.

mod committer;
mod cut;
mod held;
mod keeper;
mod memory;
mod restore;
mod sabotage;
mod unfinished;

pub(crate) use committer::{Committer, Step, ToCommitter};
pub(crate) use cut::Durable;
pub(crate) use held::Held;
pub(crate) use keeper::{Keeper, ToKeeper};
pub(crate) use restore::{Plan, PlannedRun, ThreadPlan};
pub use sabotage::Sabotage;
pub(crate) use unfinished::RunWriter;

use crate::group::Numbers;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What one thread has to say of a cut.
pub(crate) struct Part {
    pub(crate) cut: u64,
    /// Operations on the store.
    pub(crate) changes: Vec<u8>,
    /// What leaves when the cut is durable.
    pub(crate) held: Held,
}

/// When epochs end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EpochLimits {
    /// An epoch in which nobody waits for anything is at most so long.
    pub(crate) interval: Duration,
    /// So many bytes of PStates are kept in memory, on each thread; `None`: all.
    pub(crate) memory: Option<usize>,
}

/// Shared by all threads of a durable module.
pub(crate) struct Epochs {
    /// The number of the last cut that has begun.
    begun: AtomicU64,
    /// The number of the last cut that is durable.
    durable: AtomicU64,
    /// Somebody who has nothing else to do waits for another cut.
    wanted: AtomicBool,
    /// The number of the last cut whose changes are in the store.
    archived: AtomicU64,
    /// Some thread has more in memory than it should, and can let go of it only when the store has caught up to that cut. 0: none.
    pressed: AtomicU64,
    pub(crate) committer: Sender<ToCommitter>,
    pub(crate) limits: EpochLimits,
    /// What the store calls the things that the module declares.
    pub(crate) numbers: Arc<Numbers>,
    /// For tests of the tests: what is broken on purpose.
    pub(crate) sabotage: Sabotage,
}

impl Epochs {
    pub(crate) fn new(
        committer: Sender<ToCommitter>,
        limits: EpochLimits,
        numbers: Arc<Numbers>,
        sabotage: Sabotage,
    ) -> Self {
        Epochs {
            begun: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            wanted: AtomicBool::new(false),
            archived: AtomicU64::new(0),
            pressed: AtomicU64::new(0),
            committer,
            limits,
            numbers,
            sabotage,
        }
    }

    /// The number of the last durable cut.
    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::SeqCst)
    }

    /// The number of the last cut whose changes are in the store.
    pub(crate) fn archived(&self) -> u64 {
        self.archived.load(Ordering::SeqCst)
    }

    /// A thread waits for the store to catch up to that cut.
    pub(crate) fn press(&self, cut: u64) {
        if self.pressed.fetch_max(cut, Ordering::SeqCst) < cut {
            // The committer has stopped: the module is ending.
            let _ = self.committer.send(ToCommitter::Press);
        }
    }

    /// Whether a thread waits for the store to have more than it has.
    fn is_pressed(&self) -> bool {
        self.pressed.load(Ordering::SeqCst) > self.archived()
    }

    /// The store has caught up to that cut. Says whether somebody has waited for it to move.
    fn caught_up(&self, cut: u64) -> bool {
        let before = self.archived.fetch_max(cut, Ordering::SeqCst);
        self.pressed.load(Ordering::SeqCst) > before
    }

    /// Begins the next cut, unless one is under way. Says which it is: whoever calls tells the threads.
    pub(crate) fn begin(&self) -> Option<u64> {
        let durable = self.durable();
        self.begun
            .compare_exchange(durable, durable + 1, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
            .then_some(durable + 1)
    }

    /// Another cut is wanted as soon as the one under way is durable. Says that it can begin at once, if it has become so meanwhile.
    pub(crate) fn want(&self) -> Option<u64> {
        self.wanted.store(true, Ordering::SeqCst);
        // The committer looks at `wanted` after it has changed `durable`: so one of the two sees what the other did.
        self.begin()
    }

    /// That cut is durable. Says which one is to begin next, if one is wanted.
    pub(crate) fn done(&self, cut: u64) -> Option<u64> {
        self.durable.store(cut, Ordering::SeqCst);
        self.wanted
            .swap(false, Ordering::SeqCst)
            .then(|| self.begin())
            .flatten()
    }
}
