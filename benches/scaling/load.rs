//! The work of one point: which module, on what, with how much.

use crate::modules::{
    Looped, Payload, Straight0, Straight1, Straight2, Straight4, Straight8, Topologies1, Topologies2, Topologies4,
    Topologies8,
};
use crate::point::Measured;
use rama_benches::input::mix;
use rama_benches::memory;
use rama_benches::modules::Exchange;
use rama_benches::running::Running;
use rama_runtime::client::{App, DepotClient};
use rama_runtime::cluster::Launch;
use rama_runtime::module::Module;
use serde::{Serialize, de::DeserializeOwned};
use std::ops::Deref;
use std::time::Instant;

/// The most records that a client puts into one append.
const BATCH: u64 = 1000;

/// What is done with a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// One hop, and one update of so many keys, all equally frequent.
    Exchange { keys: u64 },
    /// One hop with so many bytes, and one update.
    Payload { bytes: u64 },
    /// So many hops, written out: 0, 1, 2, 4 or 8.
    Straight { hops: u64 },
    /// So many hops, in a loop.
    Looped { hops: u64 },
    /// One hop and one update in each of so many topologies: 1, 2, 4 or 8.
    Topologies { number: u64 },
}

/// One point's work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) work: Work,
    pub(crate) threads: u32,
    pub(crate) tasks: u32,
    /// How many records there are.
    pub(crate) records: u64,
    /// How many of them the client has appended and not heard of.
    pub(crate) in_flight: u64,
    /// Whether they are made before the time runs. If not, their making is timed, and they take no memory before that.
    pub(crate) made: bool,
}

impl Load {
    /// Does it, and measures.
    pub(crate) fn run(&self) -> Measured {
        match self.work {
            Work::Exchange { keys } => {
                let different = keys.min(self.records);
                let check = |running: &Running<Exchange>| {
                    let counts = running.client().counts();
                    let len = running.block_on(async { counts.len().await.unwrap() });
                    assert_eq!(len as u64, different, "every key is there");
                };
                // Neighbours are different keys, as long as there are any.
                let key = |n: u64| mix(n % keys);
                self.drive::<Exchange, _>(|client| client.numbers(), key, 1, 1, check)
            }
            Work::Payload { bytes } => {
                let record = |n: u64| (mix(n % 100_000), vec![n as u8; bytes as usize]);
                self.drive::<Payload, _>(|client| client.records(), record, 1, 1, |_| {})
            }
            Work::Straight { hops: 0 } => self.travel::<Straight0>(|client| client.records(), 0),
            Work::Straight { hops: 1 } => self.travel::<Straight1>(|client| client.records(), 1),
            Work::Straight { hops: 2 } => self.travel::<Straight2>(|client| client.records(), 2),
            Work::Straight { hops: 4 } => self.travel::<Straight4>(|client| client.records(), 4),
            Work::Straight { hops: 8 } => self.travel::<Straight8>(|client| client.records(), 8),
            Work::Straight { hops } => panic!("no module has {hops} hops written out"),
            Work::Looped { hops } => self.travel::<Looped>(|client| client.records(), hops),
            Work::Topologies { number: 1 } => self.count::<Topologies1>(|client| client.numbers(), 1),
            Work::Topologies { number: 2 } => self.count::<Topologies2>(|client| client.numbers(), 2),
            Work::Topologies { number: 4 } => self.count::<Topologies4>(|client| client.numbers(), 4),
            Work::Topologies { number: 8 } => self.count::<Topologies8>(|client| client.numbers(), 8),
            Work::Topologies { number } => panic!("no module has {number} topologies"),
        }
    }

    fn travel<M>(&self, depot: impl Fn(&M::Client) -> DepotClient<M, (u64, u64), ()>, hops: u64) -> Measured
    where
        M: Module<Client: Deref<Target = App<M>>>,
    {
        self.drive(depot, |n| (mix(n), hops), hops, 1, |_| {})
    }

    fn count<M>(&self, depot: impl Fn(&M::Client) -> DepotClient<M, u64, ()>, topologies: u64) -> Measured
    where
        M: Module<Client: Deref<Target = App<M>>>,
    {
        self.drive(depot, |n| mix(n % 100_000), 1, topologies, |_| {})
    }

    /// Appends all records, the `n`th of which `record` makes. Each is processed by so many `topologies`, with so many `hops` in
    /// each.
    fn drive<M, R>(
        &self,
        depot: impl Fn(&M::Client) -> DepotClient<M, R, ()>,
        record: impl Fn(u64) -> R,
        hops: u64,
        topologies: u64,
        check: impl FnOnce(&Running<M>),
    ) -> Measured
    where
        M: Module<Client: Deref<Target = App<M>>>,
        R: Clone + Serialize + DeserializeOwned + Send + 'static,
    {
        let Load {
            threads,
            tasks,
            records,
            in_flight,
            ..
        } = *self;
        // The client is what limits: a partition takes whatever it sends.
        let limit = u32::try_from(in_flight).unwrap();
        let launch = Launch::tasks(tasks)
            .threads(threads)
            .max_unfinished(limit)
            .max_backlog(limit);
        let running = Running::<M>::start(launch);
        let depot = depot(running.client());
        // Several appends under way rather than one large one, so that there is always something to do.
        let batch = (in_flight / 10).clamp(1, BATCH);
        let under_way = usize::try_from(in_flight / batch).unwrap();
        let mut rest = (0..records)
            .step_by(batch as usize)
            .map(|first| (first..records.min(first + batch)).map(&record).collect::<Vec<R>>());
        let made: Vec<Vec<R>> = if self.made { rest.by_ref().collect() } else { Vec::new() };

        memory::forget_peak();
        let before = memory::resident().unwrap_or(0);
        let started = Instant::now();
        running.append(&depot, made.into_iter().chain(rest), under_way);
        let seconds = started.elapsed().as_secs_f64();
        let (peak, after) = (memory::peak().unwrap_or(0), memory::resident().unwrap_or(0));

        let counters = running.client().counters();
        assert_eq!(counters.records, records * topologies, "every record is processed once");
        assert_eq!(counters.hops, records * topologies * hops, "every hop is made");
        assert_eq!((counters.retries, counters.failures), (0, 0), "nothing fails");
        check(&running);
        Measured {
            rate: records as f64 / seconds,
            before,
            peak,
            after,
        }
    }
}
