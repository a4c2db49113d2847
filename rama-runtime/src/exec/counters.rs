//! Numbers about a running module.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one task thread has done and has to do. Counted by the thread for itself, published once a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadCounters {
    /// Records that a source has finished: processed, or failed for good.
    pub records: u64,
    /// Scopes sent to tasks by a partitioner.
    pub hops: u64,
    /// Attempts that were begun again because an earlier one failed.
    pub retries: u64,
    /// Records that failed for good.
    pub failures: u64,
    /// Hops that wait in the thread's queue.
    pub queued: u64,
    /// Records appended that some source has not finished (halted sources not counted).
    pub unfinished: u64,
}

/// What a module has done and has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Over all threads.
    pub total: ThreadCounters,
    /// Each task thread's own, in order of their numbers.
    pub threads: Vec<ThreadCounters>,
}

impl std::ops::Deref for Counters {
    type Target = ThreadCounters;

    fn deref(&self) -> &ThreadCounters {
        &self.total
    }
}

/// The published numbers of one thread, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Gauges {
    values: [AtomicU64; 6],
}

impl Gauges {
    /// Publishes: each number is right, though a reader may see some of them a turn earlier than others.
    pub(crate) fn publish(&self, counters: &ThreadCounters) {
        let ThreadCounters {
            records,
            hops,
            retries,
            failures,
            queued,
            unfinished,
        } = *counters;
        for (gauge, value) in self
            .values
            .iter()
            .zip([records, hops, retries, failures, queued, unfinished])
        {
            gauge.store(value, Ordering::Relaxed);
        }
    }

    /// Reads what was last published.
    pub(crate) fn read(&self) -> ThreadCounters {
        let [records, hops, retries, failures, queued, unfinished] =
            std::array::from_fn(|index| self.values[index].load(Ordering::Relaxed));
        ThreadCounters {
            records,
            hops,
            retries,
            failures,
            queued,
            unfinished,
        }
    }
}

impl Counters {
    /// Reads all threads' numbers.
    pub(crate) fn read(gauges: &[Gauges]) -> Self {
        let threads: Vec<ThreadCounters> = gauges.iter().map(Gauges::read).collect();
        let mut total = ThreadCounters::default();
        for thread in &threads {
            total.records += thread.records;
            total.hops += thread.hops;
            total.retries += thread.retries;
            total.failures += thread.failures;
            total.queued += thread.queued;
            total.unfinished += thread.unfinished;
        }
        Counters { total, threads }
    }
}
