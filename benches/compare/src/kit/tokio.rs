//! What one writes by hand with tokio today: two tasks that read, two that fold, batches over bounded channels.

use super::clock::{Clock, Cost};
use super::exchange::BATCH;
use tokio::sync::mpsc;

/// Batches that wait for a folding task, at most.
const UNDER_WAY: usize = 64;

/// Sends what each of the two sources gives to the folding task that `owner` names, in batches, on a runtime of two
/// threads. Hands back what the two folding tasks made of it.
pub fn two_tasks<T, S>(
    sources: [impl Iterator<Item = T> + Send + 'static; 2],
    owner: impl Fn(&T) -> usize + Copy + Send + 'static,
    fold: impl Fn(&mut S, T) + Copy + Send + 'static,
) -> std::io::Result<(Vec<S>, Cost)>
where
    T: Send + 'static,
    S: Default + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let clock = Clock::start();
    let states = runtime.block_on(async {
        let (senders, folding): (Vec<_>, Vec<_>) = (0..2)
            .map(|_| {
                let (sender, mut batches) = mpsc::channel::<Vec<T>>(UNDER_WAY);
                let folding = tokio::spawn(async move {
                    let mut state = S::default();
                    while let Some(batch) = batches.recv().await {
                        for item in batch {
                            fold(&mut state, item);
                        }
                    }
                    state
                });
                (sender, folding)
            })
            .unzip();
        for source in sources {
            tokio::spawn(read(source, senders.clone(), owner));
        }
        drop(senders);
        let mut states = Vec::new();
        for state in folding {
            states.push(state.await.expect("a folding task panicked"));
        }
        states
    });
    Ok((states, clock.stop()))
}

/// Reads one source to its end.
async fn read<T>(
    source: impl Iterator<Item = T> + Send,
    senders: Vec<mpsc::Sender<Vec<T>>>,
    owner: impl Fn(&T) -> usize + Send,
) {
    let mut buffers: Vec<Vec<T>> = senders.iter().map(|_| Vec::with_capacity(BATCH)).collect();
    for item in source {
        let to = owner(&item);
        buffers[to].push(item);
        if buffers[to].len() == BATCH {
            let full = std::mem::replace(&mut buffers[to], Vec::with_capacity(BATCH));
            send(&senders[to], full).await;
        }
    }
    for (sender, rest) in senders.iter().zip(buffers) {
        send(sender, rest).await;
    }
}

async fn send<T>(sender: &mpsc::Sender<Vec<T>>, batch: Vec<T>) {
    // A folding task that is gone has panicked, which whoever waits for it finds out.
    let _ = sender.send(batch).await;
}
