//! Waiting until there is nothing left to do.

use crate::error::Result;
use crate::exec::{Message, Shared};
use crate::module::Module;
use futures_util::future::try_join_all;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Waits until every record appended so far, also by topologies, is processed.
///
/// Each thread answers when all records of its partitions are processed, with the number of records ever appended to
/// them. When two rounds give the same numbers, every thread was idle from its first answer to its second, so there was a
/// moment when all were: between the rounds.
pub(super) async fn settled<M: Module>(shared: Arc<Shared<M>>) -> Result<()> {
    let mut before = round(&shared).await?;
    loop {
        let after = round(&shared).await?;
        if after == before {
            return Ok(());
        }
        before = after;
    }
}

async fn round<M: Module>(shared: &Shared<M>) -> Result<Vec<u64>> {
    let mut answers = Vec::new();
    for thread in 0..shared.layout.threads {
        let (probe, answer) = oneshot::channel();
        shared.send(thread, Message::Probe(probe))?;
        answers.push(async { answer.await.map_err(|_| shared.ended()) });
    }
    try_join_all(answers).await
}
