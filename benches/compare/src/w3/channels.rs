//! Hand-written: threads with crossbeam channels between them.

use super::calls::{Calls, any_keys};
use crate::contender::Outcome;
use crate::kit::hash::FxMap;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use std::thread;

const ROOM: usize = 64;

/// Both sides look without a pause.
pub(super) fn spin() -> Outcome {
    let ((calls_to, calls_at), (answers_to, answers_at)) = (bounded(ROOM), bounded(ROOM));
    let mut calls = Calls::busy(any_keys());
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut counts = FxMap::default();
            while let Some(key) = next(&calls_at) {
                if answers_to.send(count(&mut counts, key)).is_err() {
                    return;
                }
            }
        });
        while let Some(key) = calls.begin() {
            calls_to.send(key)?;
            let answer = next(&answers_at).ok_or("the owner is gone")?;
            calls.end(answer);
        }
        drop(calls_to);
        calls.finish()
    })
}

/// Both sides wait as the channels do: they look a short while, then sleep.
pub(super) fn block() -> Outcome {
    two_threads(Calls::busy(any_keys()))
}

/// The same, with a pause before each call.
pub(super) fn asleep() -> Outcome {
    two_threads(Calls::asleep(any_keys()))
}

fn two_threads(mut calls: Calls) -> Outcome {
    let ((calls_to, calls_at), (answers_to, answers_at)) = (bounded(ROOM), bounded(ROOM));
    thread::scope(|scope| {
        scope.spawn(move || own(&calls_at, &answers_to));
        while let Some(key) = calls.begin() {
            calls_to.send(key)?;
            calls.end(answers_at.recv()?);
        }
        drop(calls_to);
        calls.finish()
    })
}

/// A call goes to a thread that keeps it in a log, from there to the owner, and back to the caller, with a pause before each
/// call.
pub(super) fn three_threads_asleep() -> Outcome {
    let mut calls = Calls::asleep(any_keys());
    let ((calls_to, calls_at), (answers_to, answers_at)) = (bounded(ROOM), bounded(ROOM));
    let (hops_to, hops_at) = bounded(ROOM);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut log: Vec<u64> = Vec::new();
            for key in calls_at {
                log.push(key);
                if hops_to.send(key).is_err() {
                    return;
                }
            }
        });
        scope.spawn(move || own(&hops_at, &answers_to));
        while let Some(key) = calls.begin() {
            calls_to.send(key)?;
            calls.end(answers_at.recv()?);
        }
        drop(calls_to);
        calls.finish()
    })
}

/// The owner of all keys, asleep between two calls.
fn own(calls: &Receiver<u64>, answers: &Sender<u64>) {
    let mut counts = FxMap::default();
    for key in calls {
        if answers.send(count(&mut counts, key)).is_err() {
            return;
        }
    }
}

fn count(counts: &mut FxMap<u64, u64>, key: u64) -> u64 {
    let count = counts.entry(key).or_default();
    *count += 1;
    *count
}

/// What comes next, without ever sleeping.
fn next(channel: &Receiver<u64>) -> Option<u64> {
    loop {
        match channel.try_recv() {
            Ok(next) => return Some(next),
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
            Err(TryRecvError::Disconnected) => return None,
        }
    }
}
