//! How the criterion benches are set up: every one over the same numbers of threads and tasks, short, and tiny in test mode.

use crate::running::{BATCH, Running, UNDER_WAY, batches, launch};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use rama_runtime::client::DepotClient;
use rama_runtime::module::Module;
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, OnceCell};
use std::time::Duration;

/// On how much a module runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Task threads.
    pub threads: u32,
    /// Tasks, spread over them.
    pub tasks: u32,
}

impl Setup {
    /// All that the benches go through.
    pub const ALL: [Setup; 4] = [
        Setup { threads: 1, tasks: 2 },
        Setup { threads: 1, tasks: 64 },
        Setup { threads: 2, tasks: 2 },
        Setup { threads: 2, tasks: 64 },
    ];

    /// The module, running on it.
    #[must_use]
    pub fn start<M: Module>(self) -> Running<M> {
        Running::start(launch(self.tasks, self.threads))
    }

    /// Its name under that of a bench; `name` is empty where a group has but one.
    #[must_use]
    pub fn id(self, name: &str) -> BenchmarkId {
        let Setup { threads, tasks } = self;
        let parameter = format!("threads {threads}, tasks {tasks}");
        if name.is_empty() {
            BenchmarkId::from_parameter(parameter)
        } else {
            BenchmarkId::new(name, parameter)
        }
    }
}

/// Whether everything runs just once, small: with `--test`, and as `cargo test` runs benches.
#[must_use]
pub fn is_test() -> bool {
    let has = |wanted| std::env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}

/// `full`, or `tiny` in test mode.
#[must_use]
pub fn sized<T>(full: T, tiny: T) -> T {
    if is_test() { tiny } else { full }
}

/// Criterion with the settings of all benches here.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

/// A group of benches whose iterations take `elements` each.
pub fn group<'c>(criterion: &'c mut Criterion, name: &str, elements: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .throughput(Throughput::Elements(elements as u64))
        .sampling_mode(SamplingMode::Flat);
    group
}

/// Benches the appends of all `records` to a depot: an iteration is done when all are processed. They are copied outside of the
/// timing, and moved into the module within it.
///
/// `prepare` makes the module; `check` sees it when the bench is over, with the number of times that all records were
/// appended. Neither is called for a bench that the command line leaves out.
pub fn bench_appends<M, R, Ack>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    records: &[R],
    prepare: impl FnOnce() -> Running<M>,
    depot: impl Fn(&M::Client) -> DepotClient<M, R, Ack>,
    check: impl FnOnce(&Running<M>, u64),
) where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: Send + 'static,
{
    let (started, rounds) = (OnceCell::new(), Cell::new(0));
    let mut prepare = Some(prepare);
    group.bench_function(id, |bencher| {
        let running = started.get_or_init(|| prepare.take().unwrap()());
        let depot = depot(running.client());
        bencher.iter_batched(
            || batches(records, BATCH),
            |batches| {
                running.append(&depot, batches, UNDER_WAY);
                rounds.set(rounds.get() + 1);
            },
            BatchSize::PerIteration,
        );
    });
    if let Some(running) = started.get() {
        check(running, rounds.get());
    }
}

/// How often each item comes, `rounds` times over: what a counting PState must hold in the end, in its order.
#[must_use]
pub fn counts<T: Ord + Clone>(items: impl IntoIterator<Item = T>, rounds: u64) -> Vec<(T, u64)> {
    let mut counts = std::collections::BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += rounds;
    }
    counts.into_iter().collect()
}
