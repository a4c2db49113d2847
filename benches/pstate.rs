//! Edits and reads of PStates, each on a PState alone (edit, commit), and in events of a stream that a client's batches set
//! off, on the task where the record arrives: the difference is what an event costs. An element is an edit, or a read of one
//! range.
//!
//! `cargo bench -p rama-benches --bench pstate`, with `--no-default-features` for the system's allocator instead of mimalloc: the
//! allocator is a choice of the application. `-- 'nested'` for one group.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{BatchSize, Criterion};
use rama_benches::harness::{self, Setup, bench_appends, counts, group, sized};
use rama_benches::input::{Random, Zipf, keys, lines, mix};
use rama_benches::running::{BATCH, Running, UNDER_WAY, batches};
use rama_runtime::client::DepotClient;
use rama_runtime::prelude::*;
use rama_runtime::topology::TaskInfo;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

/// How many entries a range has, and how many a read of it takes.
const SAMPLES: u64 = 100;
const TAKEN: u64 = 10;

/// One PState of each kind, and a depot for each thing to do with it.
#[module]
pub struct Edits {
    #[depot(hash_by = |number| number, keep = 0)]
    numbers: Depot<u64>,
    #[depot(hash_by = |word| word, keep = 0)]
    words: Depot<String>,
    #[depot(hash_by = |pair| &pair.0, keep = 0)]
    pairs: Depot<(u64, u64)>,
    #[depot(hash_by = |pair| &pair.0, keep = 0)]
    members: Depot<(u64, u64)>,
    #[depot(hash_by = |sample| &sample.0, keep = 0)]
    samples: Depot<(u64, u64)>,
    #[depot(hash_by = |range| &range.0, keep = 0)]
    ranges: Depot<(u64, u64)>,
    #[pstate(owner = count_number)]
    by_number: PState<Map<u64, u64>>,
    #[pstate(owner = count_word)]
    by_word: PState<Map<String, u64>>,
    #[pstate(owner = count_pair)]
    by_pair: PState<Map<u64, Map<u64, u64>>>,
    #[pstate(owner = join)]
    groups: PState<Map<u64, Set<u64>>>,
    #[pstate(owner = series)]
    series: PState<Map<u64, Subindexed<Map<u64, u64>>>>,
    /// The sum of what the ranges held.
    #[pstate(owner = series)]
    found: PState<u64>,
}

topology! {
    impl Edits {
        #[stream(source = numbers)]
        async fn count_number(&mut self, number: u64) {
            self.by_number.key(&number).update(|n| *n += 1);
        }

        #[stream(source = words)]
        async fn count_word(&mut self, word: String) {
            self.by_word.key(&word).update(|n| *n += 1);
        }

        #[stream(source = pairs)]
        async fn count_pair(&mut self, (outer, inner): (u64, u64)) {
            self.by_pair.key(&outer).key(&inner).update(|n| *n += 1);
        }

        #[stream(source = members)]
        async fn join(&mut self, (group, member): (u64, u64)) {
            self.groups.key(&group).insert(member);
        }

        #[stream(series, source = samples)]
        async fn sample(&mut self, (series, at): (u64, u64)) {
            self.series.key(&series).key(&at).set(at);
        }

        #[stream(series, source = ranges)]
        async fn read_range(&mut self, (series, from): (u64, u64)) {
            let values = self.series.key(&series).range(from..).limit(TAKEN as usize).values();
            let sum: u64 = values.iter().sum();
            self.found.update(|found| *found += sum);
        }
    }
}

/// Benches `edit` on a PState of its own, the whole of which `check` sees in the end, with the number of rounds.
fn direct<S: rama_runtime::pstate::Schema, R>(
    criterion: &mut Criterion,
    name: &str,
    records: &[R],
    prepare: impl FnOnce(&mut PState<S>),
    edit: impl Fn(&mut PState<S>, &R),
    check: impl FnOnce(&mut PState<S>, u64),
) {
    let mut group = group(criterion, name, records.len());
    let state = RefCell::new(PState::<S>::new(TaskInfo { task: 0, tasks: 1 }, None));
    prepare(&mut state.borrow_mut());
    let rounds = Cell::new(0);
    group.bench_function("direct", |bencher| {
        bencher.iter_batched(
            || rounds.set(rounds.get() + 1),
            |()| {
                let mut state = state.borrow_mut();
                for record in records {
                    edit(&mut state, record);
                    state.commit();
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    if rounds.get() > 0 {
        check(&mut state.borrow_mut(), rounds.get());
    }
}

/// Benches the appends of `records` in every setup.
fn streamed<R>(
    criterion: &mut Criterion,
    name: &str,
    records: &[R],
    prepare: impl Fn(&Running<Edits>),
    depot: impl Fn(&EditsClient) -> DepotClient<Edits, R, ()>,
    check: impl Fn(&Running<Edits>, u64),
) where
    R: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let mut group = group(criterion, name, records.len());
    for setup in Setup::ALL {
        let start = || {
            let running = setup.start();
            prepare(&running);
            running
        };
        bench_appends::<Edits, _, _>(&mut group, setup.id("stream"), records, start, &depot, &check);
    }
    group.finish();
}

fn numbers(criterion: &mut Criterion, keys: &[u64]) {
    let (name, expected) = ("pstate: update u64", |rounds| counts(keys.iter().copied(), rounds));
    direct::<Map<u64, u64>, _>(
        criterion,
        name,
        keys,
        |_| {},
        |state, key| state.key(key).update(|n| *n += 1),
        |state, rounds| assert_eq!(state.items(), expected(rounds)),
    );
    streamed(
        criterion,
        name,
        keys,
        |_| {},
        |client| client.numbers(),
        |running, rounds| {
            let counted = running.block_on(async { running.client().by_number().items().await.unwrap() });
            assert_eq!(counted, expected(rounds));
        },
    );
}

fn strings(criterion: &mut Criterion, words: &[String]) {
    let (name, expected) = ("pstate: update String", |rounds| counts(words.iter().cloned(), rounds));
    direct::<Map<String, u64>, _>(
        criterion,
        name,
        words,
        |_| {},
        |state, word| state.key(word).update(|n| *n += 1),
        |state, rounds| assert_eq!(state.items(), expected(rounds)),
    );
    streamed(
        criterion,
        name,
        words,
        |_| {},
        |client| client.words(),
        |running, rounds| {
            let counted = running.block_on(async { running.client().by_word().items().await.unwrap() });
            assert_eq!(counted, expected(rounds));
        },
    );
}

fn nested(criterion: &mut Criterion, pairs: &[(u64, u64)]) {
    let (name, expected) = ("pstate: update nested", |rounds| counts(pairs.iter().copied(), rounds));
    let flat = |items: Vec<(u64, std::collections::BTreeMap<u64, u64>)>| -> Vec<((u64, u64), u64)> {
        let entries = |(outer, inner): (u64, std::collections::BTreeMap<u64, u64>)| {
            inner.into_iter().map(move |(inner, count)| ((outer, inner), count))
        };
        items.into_iter().flat_map(entries).collect()
    };
    direct::<Map<u64, Map<u64, u64>>, _>(
        criterion,
        name,
        pairs,
        |_| {},
        |state, (outer, inner)| state.key(outer).key(inner).update(|n| *n += 1),
        |state, rounds| assert_eq!(flat(state.items()), expected(rounds)),
    );
    streamed(
        criterion,
        name,
        pairs,
        |_| {},
        |client| client.pairs(),
        |running, rounds| {
            let counted = running.block_on(async { running.client().by_pair().items().await.unwrap() });
            assert_eq!(flat(counted), expected(rounds));
        },
    );
}

fn sets(criterion: &mut Criterion, pairs: &[(u64, u64)]) {
    let name = "pstate: insert into set";
    let expected: usize = pairs.iter().collect::<BTreeSet<_>>().len();
    let size = |items: Vec<(u64, BTreeSet<u64>)>| -> usize { items.iter().map(|(_, members)| members.len()).sum() };
    direct::<Map<u64, Set<u64>>, _>(
        criterion,
        name,
        pairs,
        |_| {},
        |state, (group, member)| {
            black_box(state.key(group).insert(*member));
        },
        |state, _| assert_eq!(size(state.items()), expected),
    );
    streamed(
        criterion,
        name,
        pairs,
        |_| {},
        |client| client.members(),
        |running, _| {
            let groups = running.block_on(async { running.client().groups().items().await.unwrap() });
            assert_eq!(size(groups), expected);
        },
    );
}

fn ranges(criterion: &mut Criterion, all: u64, count: usize) {
    let name = "pstate: read a range";
    let samples: Vec<(u64, u64)> = (0..all)
        .flat_map(|series| (0..SAMPLES).map(move |at| (mix(series), at)))
        .collect();
    let mut random = Random::new(17);
    let ranges: Vec<(u64, u64)> = (0..count)
        .map(|_| {
            (
                mix(random.below(all as usize) as u64),
                random.below((SAMPLES - TAKEN) as usize) as u64,
            )
        })
        .collect();
    let sum: u64 = ranges.iter().flat_map(|(_, from)| *from..from + TAKEN).sum();
    let found = Cell::new(0);
    direct::<Map<u64, Subindexed<Map<u64, u64>>>, _>(
        criterion,
        name,
        &ranges,
        |state| {
            for (series, at) in &samples {
                state.key(series).key(at).set(*at);
            }
            state.commit();
        },
        |state, (series, from)| {
            let values = state.key(series).range(*from..).limit(TAKEN as usize).values();
            found.set(found.get() + values.iter().sum::<u64>());
        },
        |_, rounds| assert_eq!(found.get(), sum * rounds),
    );
    streamed(
        criterion,
        name,
        &ranges,
        |running| running.append(&running.client().samples(), batches(&samples, BATCH), UNDER_WAY),
        |client| client.ranges(),
        |running, rounds| {
            let client = running.client();
            let found = (0..client.tasks()).map(|task| {
                let found = client.found().partition(task).get_or(0);
                running.block_on(found).unwrap()
            });
            assert_eq!(found.sum::<u64>(), sum * rounds);
        },
    );
}

fn main() {
    let mut criterion = harness::criterion()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    let (count, different) = (sized(200_000, 1_000), sized(100_000, 300));
    let keys = keys(count, different);
    let words: Vec<String> = lines(count / 10, different)
        .iter()
        .flat_map(|line| line.split(' ').map(str::to_owned))
        .collect();
    // The outer key by Zipf, 100 inner ones each.
    let (zipf, mut random) = (Zipf::new(different / 100), Random::new(13));
    let pairs: Vec<(u64, u64)> = (0..count)
        .map(|_| (mix(zipf.draw(&mut random) as u64), random.below(100) as u64))
        .collect();
    numbers(&mut criterion, &keys);
    strings(&mut criterion, &words);
    nested(&mut criterion, &pairs);
    sets(&mut criterion, &pairs);
    ranges(&mut criterion, sized(1_000, 10), sized(100_000, 500));
    criterion.final_summary();
}
