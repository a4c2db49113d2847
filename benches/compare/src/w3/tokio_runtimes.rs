//! tokio: the caller and the owner each on a runtime of one thread. (On one runtime the woken task would run on the same
//! thread: no hop.)

use super::calls::{Calls, any_keys};
use crate::contender::Outcome;
use crate::kit::feed::client;
use crate::kit::hash::FxMap;
use tokio::sync::{mpsc, oneshot};

pub(super) fn run() -> Outcome {
    let (calls_to, mut calls_at) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(1024);
    let owner = client()?;
    let caller = client()?;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            owner.block_on(async {
                let mut counts: FxMap<u64, u64> = FxMap::default();
                while let Some((key, answer)) = calls_at.recv().await {
                    let count = counts.entry(key).or_default();
                    *count += 1;
                    // The caller waits for it, or has failed.
                    let _ = answer.send(*count);
                }
            });
        });
        caller.block_on(async move {
            let mut calls = Calls::busy(any_keys());
            while let Some(key) = calls.begin() {
                let (to_caller, answer) = oneshot::channel();
                calls_to.send((key, to_caller)).await?;
                calls.end(answer.await?);
            }
            calls.finish()
        })
    })
}
