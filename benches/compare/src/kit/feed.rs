//! The client of a rama module: hands over batches, and waits until each is processed.

use futures_util::{StreamExt, stream::FuturesUnordered};
use rama_runtime::Result;
use std::future::Future;

/// The runtime of the client: one thread, the one that calls.
pub fn client() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().build()
}

/// Appends all batches, at most `under_way` at once, and returns when every record of every batch is processed: at the
/// default level of acknowledgement.
pub async fn feed<R, Ack, F>(batches: Vec<Vec<R>>, under_way: usize, append: impl Fn(Vec<R>) -> F) -> Result<()>
where
    F: Future<Output = Result<Vec<Ack>>>,
{
    let mut appends = FuturesUnordered::new();
    for batch in batches {
        appends.push(append(batch));
        if appends.len() == under_way
            && let Some(done) = appends.next().await
        {
            done?;
        }
    }
    while let Some(done) = appends.next().await {
        done?;
    }
    Ok(())
}
