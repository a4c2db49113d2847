//! A launched module, and how a client drives it.

use futures_util::{StreamExt, stream::FuturesUnordered};
use rama_runtime::client::DepotClient;
use rama_runtime::cluster::{InProcessCluster, Launch};
use rama_runtime::module::Module;
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tokio::runtime::Runtime;

/// Records that a client sends in one append.
pub const BATCH: usize = 1024;
/// Appends that a client has under way at once.
pub const UNDER_WAY: usize = 16;
/// Polls before a client that polls busily lets others run.
const POLLS: usize = 2_000;

/// A launched module in a cluster of its own, with the runtime of its client: one thread, the caller's.
pub struct Running<M: Module> {
    runtime: Runtime,
    client: M::Client,
    // Dropped last: it stops the module.
    _cluster: InProcessCluster,
}

impl<M: Module> Running<M> {
    /// Launches the module in memory.
    #[must_use]
    pub fn start(launch: Launch) -> Self {
        Self::launch(InProcessCluster::start().unwrap(), launch)
    }

    /// Launches the module on a folder.
    #[must_use]
    pub fn open(path: &Path, launch: Launch) -> Self {
        Self::launch(InProcessCluster::open(path).unwrap(), launch)
    }

    fn launch(cluster: InProcessCluster, launch: Launch) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(cluster.launch::<M>(launch)).unwrap();
        Running {
            runtime,
            client,
            _cluster: cluster,
        }
    }

    /// The module's client.
    pub fn client(&self) -> &M::Client {
        &self.client
    }

    /// Waits for `future`, asleep as long as there is nothing to do.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Appends all `batches`, at most `under_way` at once, and waits until all is processed.
    pub fn append<R, Ack>(
        &self,
        depot: &DepotClient<M, R, Ack>,
        batches: impl IntoIterator<Item = Vec<R>>,
        under_way: usize,
    ) where
        R: Clone + Serialize + DeserializeOwned + Send + 'static,
        Ack: Send + 'static,
    {
        self.block_on(async {
            let mut appends = FuturesUnordered::new();
            for batch in batches {
                appends.push(depot.append_batch(batch).into_future());
                if appends.len() >= under_way {
                    appends.next().await.unwrap().unwrap();
                }
            }
            while let Some(done) = appends.next().await {
                done.unwrap();
            }
        });
    }
}

/// Waits for `future` by polling it again and again, as a client does that spends a processor on not being woken.
///
/// After some 0.1 ms without an answer it also lets others run: where there is no processor to spare, the one who is to answer
/// would wait for the end of this thread's time slice.
pub fn poll_busily<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        for _ in 0..POLLS {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            std::hint::spin_loop();
        }
        std::thread::yield_now();
    }
}

/// `records` as the batches of a client.
#[must_use]
pub fn batches<R: Clone>(records: &[R], size: usize) -> Vec<Vec<R>> {
    records.chunks(size).map(<[R]>::to_vec).collect()
}

/// A launch whose limits do not limit a client with [`UNDER_WAY`] batches under way: the benches measure the work, and
/// not the waiting for room. (`scaling` has a series for what is under way.)
pub fn launch(tasks: u32, threads: u32) -> Launch {
    Launch::tasks(tasks)
        .threads(threads)
        .max_unfinished(16_384)
        .max_backlog(32_768)
}
