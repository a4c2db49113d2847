//! Hand-written: one atomic each way, and threads that park: nothing but the system's sleep and wake.

use super::calls::{Calls, any_keys};
use crate::contender::Outcome;
use crate::kit::hash::FxMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Nothing is there; no key and no count is this number.
const NOTHING: u64 = 0;
/// Instead of a key: there are no more calls.
const END: u64 = u64::MAX;

pub(super) fn run() -> Outcome {
    let (call, answer) = (AtomicU64::new(NOTHING), AtomicU64::new(NOTHING));
    let mut calls = Calls::busy(any_keys());
    let caller = thread::current();
    thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut counts: FxMap<u64, u64> = FxMap::default();
            loop {
                let key = wait(&call);
                if key == END {
                    return;
                }
                let count = counts.entry(key).or_default();
                *count += 1;
                answer.store(*count, Ordering::Release);
                caller.unpark();
            }
        });
        let send = |key| {
            call.store(key, Ordering::Release);
            owner.thread().unpark();
        };
        while let Some(key) = calls.begin() {
            send(key);
            calls.end(wait(&answer));
        }
        send(END);
        calls.finish()
    })
}

/// Sleeps until there is something, and takes it.
fn wait(slot: &AtomicU64) -> u64 {
    loop {
        match slot.swap(NOTHING, Ordering::AcqRel) {
            NOTHING => thread::park(),
            something => return something,
        }
    }
}
