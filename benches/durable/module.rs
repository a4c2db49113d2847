//! Our candidate: a record goes to a depot, and a topology counts it on the task of its key, in the same epoch.

use crate::by_hand::{drive, drive_at_rate};
use crate::{Candidate, RECORD};
use rama_benches::running::{Running, launch};
use rama_runtime::prelude::*;
use std::path::Path;
use std::time::Duration;

/// Keeps records, and counts them.
#[module]
pub(crate) struct Records {
    #[depot(random)]
    records: Depot<Vec<u8>>,
    #[pstate(owner = count)]
    counts: PState<Map<u8, u64>>,
}

topology! {
    impl Records {
        #[stream(source = records)]
        async fn count(&mut self, record: Vec<u8>) {
            let key = record.len() as u8;
            hash_partition(&key).await;
            self.counts.key(&key).update(|n| *n += 1);
        }
    }
}

/// A durable module, with full acks.
pub(crate) struct Ours(Running<Records>);

impl Candidate for Ours {
    const NAME: &'static str = "rama";

    fn start(folder: &Path) -> Self {
        Ours(Running::open(folder, launch(2, 2)))
    }

    fn append(&self, records: usize, in_flight: usize) -> Vec<Duration> {
        let depot = self.0.client().records();
        drive(records, in_flight, || {
            let append = depot.append(vec![7; RECORD]).into_future();
            async { append.await.unwrap() }
        })
    }

    fn append_at_rate(&self, records: usize, pause: Duration) -> Vec<Duration> {
        let depot = self.0.client().records();
        drive_at_rate(records, pause, || {
            let append = depot.append(vec![7; RECORD]).into_future();
            async { append.await.unwrap() }
        })
    }
}
