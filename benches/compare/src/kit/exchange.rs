//! Two hand-written workers that send each other batches: what the hand-written contenders have in common.
//!
//! Each worker keeps its own items, and gathers those of the other one in an outbox. A full outbox goes over a bounded
//! channel; once its items are taken in, it comes back, to be filled again. Nobody waits for room in a channel without
//! taking in what came for itself, so there is no deadlock, and memory stays bounded.

use super::clock::{Clock, Cost};
use super::hash::owner;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::thread;

/// Items in a batch.
pub const BATCH: usize = 1024;
/// Batches on their way from one worker to the other, at most.
const UNDER_WAY: usize = 64;

/// What is sent: items, however they are kept.
pub trait Batch: Send {
    /// One with room for [`BATCH`] items.
    fn empty() -> Self;

    /// Makes one that came back empty again.
    fn clear(&mut self);
}

impl<T: Send> Batch for Vec<T> {
    fn empty() -> Self {
        Vec::with_capacity(BATCH)
    }

    fn clear(&mut self) {
        self.clear();
    }
}

/// One of the two workers.
pub struct Worker<B, S> {
    /// 0 or 1.
    pub me: usize,
    /// What it has made of its items.
    pub state: S,
    /// Items for the other one.
    pub outbox: B,
    take: fn(&mut S, &mut B),
    to_other: Sender<B>,
    come_back: Receiver<B>,
    from_other: Receiver<B>,
    give_back: Sender<B>,
}

impl<B: Batch, S> Worker<B, S> {
    /// Whether what has this hash is this worker's.
    #[inline]
    pub fn owns(&self, hash: u64) -> bool {
        owner(hash) == self.me
    }

    /// Sends the outbox; another one stands in its place.
    pub fn send(&mut self) {
        let next = match self.come_back.try_recv() {
            Ok(mut batch) => {
                batch.clear();
                batch
            }
            Err(_) => B::empty(),
        };
        let mut batch = std::mem::replace(&mut self.outbox, next);
        while let Err(TrySendError::Full(refused)) = self.to_other.try_send(batch) {
            batch = refused;
            if !self.take_one() {
                thread::yield_now();
            }
        }
    }

    /// Takes in what has come.
    pub fn take_in(&mut self) {
        while self.take_one() {}
    }

    fn take_one(&mut self) -> bool {
        let received = self.from_other.try_recv();
        received.map(|batch| self.take(batch)).is_ok()
    }

    fn take(&mut self, mut batch: B) {
        (self.take)(&mut self.state, &mut batch);
        // The other one may have ended; and where many batches come back at once, some are let go.
        let _ = self.give_back.try_send(batch);
    }

    /// Sends the last items, and takes in what still comes.
    fn finish(mut self) -> S {
        self.send();
        let Worker {
            mut state,
            take,
            to_other,
            from_other,
            give_back,
            ..
        } = self;
        drop(to_other);
        for mut batch in from_other {
            take(&mut state, &mut batch);
            let _ = give_back.try_send(batch);
        }
        state
    }
}

/// Runs `work` on two workers, each on a thread of its own, and hands back their states. `take` takes in a batch of the
/// other worker; what it leaves in the batch goes back to the sender, and is dropped there.
pub fn two_workers<B: Batch, S: Default + Send>(
    take: fn(&mut S, &mut B),
    work: impl Fn(&mut Worker<B, S>) + Sync,
) -> (Vec<S>, Cost) {
    let clock = Clock::start();
    let ((to_0, from_1), (to_1, from_0)) = (bounded(UNDER_WAY), bounded(UNDER_WAY));
    let ((back_to_0, back_from_1), (back_to_1, back_from_0)) = (bounded(2 * UNDER_WAY), bounded(2 * UNDER_WAY));
    let ends = [
        (to_1, back_from_1, from_1, back_to_1),
        (to_0, back_from_0, from_0, back_to_0),
    ];
    let states = thread::scope(|scope| {
        let start = |(me, (to_other, come_back, from_other, give_back))| {
            let work = &work;
            scope.spawn(move || {
                let mut worker = Worker {
                    me,
                    state: S::default(),
                    outbox: B::empty(),
                    take,
                    to_other,
                    come_back,
                    from_other,
                    give_back,
                };
                work(&mut worker);
                worker.finish()
            })
        };
        let workers: Vec<_> = ends.into_iter().enumerate().map(start).collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker panicked"));
        joined.collect()
    });
    (states, clock.stop())
}
