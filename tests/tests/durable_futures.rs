//! Records that wait for futures when a process ends: each future is made again, and nothing in front of it is done again.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::StorageError;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Simulation, World};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Where a record has its futures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum How {
    Straight,
    Loop,
    Operation,
    Branches,
    Condition,
    Arguments,
    Panics,
}

const ALL: [How; 6] = [
    How::Straight,
    How::Loop,
    How::Operation,
    How::Branches,
    How::Condition,
    How::Arguments,
];

/// `case`: the test's own number, as futures look at statics.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Errand {
    case: u64,
    id: u64,
    how: How,
}

const ROUNDS: u64 = 4;
/// Below which round futures of a case end; none if it is not known.
static OPEN: Mutex<BTreeMap<u64, u64>> = Mutex::new(BTreeMap::new());
/// How often the future of a case, a record and a round was made.
static MADE: Mutex<BTreeMap<(u64, u64, u64), u32>> = Mutex::new(BTreeMap::new());

fn open(case: u64, rounds: u64) {
    OPEN.lock().unwrap().insert(case, rounds);
}

fn made(case: u64, id: u64, round: u64) -> u32 {
    MADE.lock().unwrap().get(&(case, id, round)).copied().unwrap_or(0)
}

/// The next round, if the case is open that far; else it never ends.
fn answer(case: u64, id: u64, round: u64) -> impl Future<Output = u64> + Send + 'static {
    *MADE.lock().unwrap().entry((case, id, round)).or_default() += 1;
    let opened = OPEN.lock().unwrap().get(&case).copied().unwrap_or(0);
    async move {
        if round >= opened {
            std::future::pending::<()>().await;
        }
        round + 1
    }
}

/// As [`answer`], but the second one that is made panics.
fn answer_or_panic(case: u64, id: u64) -> impl Future<Output = u64> + Send + 'static {
    let answer = answer(case, id, 0);
    let panics = made(case, id, 0) == 2;
    async move {
        if panics {
            panic!("the second one");
        }
        answer.await
    }
}

fn second(_: u64, value: u64) -> u64 {
    value
}

type Steps = Map<u64, Map<u64, u64>>;

#[module]
pub struct Errands {
    #[depot(hash_by = |errand| &errand.id)]
    errands: Depot<Errand>,
    /// How often each record has come to each step.
    #[pstate(owner = run)]
    steps: PState<Steps>,
}

topology! {
    impl Errands {
        #[stream(source = errands)]
        async fn run(&mut self, Errand { case, id, how }: Errand) {
            self.steps.key(&id).key(&0).update(|n| *n += 1);
            match how {
                How::Straight => {
                    external(answer(case, id, 0)).await;
                }
                How::Loop => {
                    for round in 0..ROUNDS {
                        self.steps.key(&id).key(&(10 + round)).update(|n| *n += 1);
                        let next = external(answer(case, id, round)).await;
                        hash_partition(&(id + next)).await;
                        self.steps.key(&(id + next)).key(&(20 + round)).update(|n| *n += 1);
                        hash_partition(&id).await;
                    }
                }
                How::Operation => {
                    let asked = self.ask(case, id).await;
                    self.steps.key(&id).key(&(30 + asked)).update(|n| *n += 1);
                }
                How::Branches => {
                    let branch = explode(0..3).await;
                    self.steps.key(&id).key(&(40 + branch)).update(|n| *n += 1);
                    external(answer(case, id, branch)).await;
                    self.steps.key(&id).key(&(50 + branch)).update(|n| *n += 1);
                }
                How::Condition => {
                    if self.steps.key(&id).key(&0).get() == Some(1)
                        && external(answer(case, id, 0)).await == 1
                        && external(answer(case, id, 1)).await == 2
                    {
                        self.steps.key(&id).key(&60).update(|n| *n += 1);
                    } else {
                        self.steps.key(&id).key(&61).update(|n| *n += 1);
                    }
                }
                How::Arguments => {
                    let first = second(
                        { self.steps.key(&id).key(&70).update(|n| *n += 1); 0 },
                        external(answer(case, id, self.steps.key(&id).key(&70).get().unwrap_or(0))).await,
                    );
                    self.steps.key(&id).key(&(70 + first)).update(|n| *n += 1);
                }
                How::Panics => {
                    external(answer_or_panic(case, id)).await;
                }
            }
            self.steps.key(&id).key(&1).update(|n| *n += 1);
        }

        async fn ask(&mut self, case: u64, id: u64) -> u64 {
            self.steps.key(&id).key(&30).update(|n| *n += 1);
            let first = external(answer(case, id, 0)).await;
            if first > 5 { return first; }
            external(answer(case, id, first)).await
        }
    }
}

/// What each step of a record comes to, when all is done once.
fn expected(id: u64, how: How) -> Vec<((u64, u64), u64)> {
    let mut steps = vec![(0, 1), (1, 1)];
    let mut elsewhere = Vec::new();
    match how {
        How::Straight | How::Panics => {}
        How::Loop => {
            steps.extend((0..ROUNDS).map(|round| (10 + round, 1)));
            elsewhere.extend((0..ROUNDS).map(|round| ((id + round + 1, 20 + round), 1)));
        }
        How::Operation => steps.extend([(30, 1), (32, 1)]),
        How::Branches => {
            steps[1] = (1, 3);
            steps.extend((0..3).flat_map(|branch| [(40 + branch, 1), (50 + branch, 1)]));
        }
        How::Condition => steps.push((60, 1)),
        How::Arguments => steps.extend([(70, 1), (72, 1)]),
    }
    elsewhere.extend(steps.into_iter().map(|(step, times)| ((id, step), times)));
    elsewhere
}

/// So that no two records come to one step of one key.
const APART: u64 = 100;

fn errands(case: u64) -> Vec<Errand> {
    let twice = ALL.into_iter().chain(ALL);
    let errand = |(at, how)| Errand {
        case,
        id: at * APART,
        how,
    };
    (0..).zip(twice).map(errand).collect()
}

/// More steps than anything takes that does not wait for futures, which are not simulated.
const ENOUGH: usize = 300_000;
const PATIENCE: usize = 1_000;

fn run<M: Module, T>(simulation: &mut Simulation<M>, future: impl Future<Output = T> + Send) -> T {
    let mut future = Box::pin(future);
    let result = (0..PATIENCE).find_map(|_| simulation.run(&mut future, ENOUGH));
    result.unwrap_or_else(|| panic!("it takes for ever"))
}

/// With as many commits as there can be.
fn simulated(threads: u32) -> Launch {
    Launch::tasks(4).threads(threads).keep_at(200).epoch(Duration::ZERO)
}

/// All steps that these records have come to.
macro_rules! steps {
    ($run:expr, $app:expr, $ids:expr) => {{
        let app = $app.clone();
        let ids: Vec<u64> = $ids;
        $run(async move {
            let mut steps = BTreeMap::new();
            for id in ids {
                for (step, times) in app.steps().key(&id).items().await.unwrap() {
                    steps.insert((id, step), times);
                }
            }
            steps
        })
    }};
}

/// The keys at which a record of that id may come to steps.
fn keys(ids: impl Iterator<Item = u64>) -> Vec<u64> {
    ids.flat_map(|id| (0..=ROUNDS).map(move |more| id + more)).collect()
}

#[test]
fn wherever_processes_end_each_step_of_a_record_is_done_once_whatever_its_futures_stand_in() {
    let mut unfinished = 0;
    for seed in 0..60 {
        let world = World::default();
        open(seed, seed % 3);
        let (mut simulation, app) = Simulation::<Errands>::open(&world, seed, &simulated(2)).unwrap();
        let appends = app.errands().append_batch(errands(seed)).ack(AckLevel::Appended);
        run(&mut simulation, appends.into_future()).unwrap();
        let some = |simulation: &mut Simulation<Errands>| {
            for _ in 0..seed * 7 {
                simulation.step();
                // Futures that end do so on other threads.
                std::thread::yield_now();
            }
        };
        some(&mut simulation);
        drop((simulation, app));
        open(seed, seed % 3 + 1);
        let (mut simulation, app) = Simulation::<Errands>::open(&world, seed, &simulated(4)).unwrap();
        unfinished += app.recovery().unwrap().unfinished;
        some(&mut simulation);
        drop((simulation, app));
        open(seed, u64::MAX);
        let (mut simulation, app) = Simulation::<Errands>::open(&world, seed, &simulated(1)).unwrap();
        let settled = app.clone();
        run(&mut simulation, async move { settled.settled().await.unwrap() });
        assert_eq!(app.counters().failures, 0);
        let ids = keys(errands(seed).into_iter().map(|errand| errand.id));
        let steps = steps!(|future| run(&mut simulation, future), app, ids);
        let expected = errands(seed)
            .into_iter()
            .flat_map(|errand| expected(errand.id, errand.how));
        assert_eq!(steps, expected.collect(), "seed {seed}");
        simulation.shut_down(ENOUGH).unwrap();
    }
    assert!(unfinished > 200, "{unfinished}");
}

async fn opened(folder: &Path, threads: u32) -> (InProcessCluster, <Errands as Module>::Client) {
    let cluster = InProcessCluster::open(folder).unwrap();
    let launch = Launch::tasks(4).threads(threads).check_wire(true);
    let app = cluster.launch::<Errands>(launch).await.unwrap();
    (cluster, app)
}

/// Waits until the futures of these records were made so often, and what stands in front of them is durable.
async fn in_flight(app: &<Errands as Module>::Client, case: u64, ids: std::ops::Range<u64>, times: u32) {
    let all = async {
        for id in ids {
            while made(case, id, 0) < times || app.steps().key(&id).key(&0).get().await.unwrap() != Some(1) {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        () = all => {}
        _ = app.settled() => panic!("nothing waits for the futures"),
    }
}

#[tokio::test]
async fn futures_in_flight_on_all_threads_are_made_again_each_time_the_process_ends() {
    let case = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened(folder.path(), 2).await;
    let errands = (0..8).map(|id| Errand {
        case,
        id,
        how: How::Straight,
    });
    let appends = app.errands().append_batch(errands.collect());
    appends.ack(AckLevel::Appended).await.unwrap();
    in_flight(&app, case, 0..8, 1).await;
    drop((cluster, app));
    for (threads, times) in [(4, 2), (1, 3)] {
        let (cluster, app) = opened(folder.path(), threads).await;
        assert_eq!(app.recovery().unwrap().unfinished, 8);
        in_flight(&app, case, 0..8, times).await;
        drop((cluster, app));
    }
    open(case, u64::MAX);
    let (cluster, app) = opened(folder.path(), 2).await;
    assert_eq!(app.recovery().unwrap().unfinished, 8);
    app.settled().await.unwrap();
    for id in 0..8 {
        let steps = app.steps().key(&id).items().await.unwrap();
        assert_eq!(steps, [(0, 1), (1, 1)], "record {id}");
        assert_eq!(made(case, id, 0), 4);
    }
    assert_eq!((app.counters().failures, app.counters().retries), (0, 0));
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let (_cluster, app) = opened(folder.path(), 2).await;
    assert_eq!(app.recovery().unwrap().unfinished, 0);
}

#[tokio::test]
async fn a_record_whose_future_panics_after_the_restart_is_tried_again_from_its_start() {
    let case = 1_001;
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened(folder.path(), 2).await;
    let how = How::Panics;
    let append = app.errands().append(Errand { case, id: 0, how });
    append.ack(AckLevel::Appended).await.unwrap();
    in_flight(&app, case, 0..1, 1).await;
    drop((cluster, app));
    open(case, u64::MAX);
    let (_cluster, app) = opened(folder.path(), 2).await;
    app.settled().await.unwrap();
    assert_eq!(made(case, 0, 0), 3);
    assert_eq!(app.steps().key(&0).items().await.unwrap(), [(0, 2), (1, 1)]);
    assert_eq!((app.counters().failures, app.counters().retries), (0, 1));
}

mod versions {
    use super::*;

    /// Modules of one name and path, whose futures are made from other variables.
    macro_rules! version {
        ($version:ident, |$id:ident, $other:ident| $argument:expr) => {
            pub struct $version;
            const _: () = {
                #[module]
                pub struct Asking {
                    #[depot(global)]
                    numbers: Depot<u64>,
                    #[pstate(owner = ask, global)]
                    begun: PState<u64>,
                }

                topology! {
                    impl Asking {
                        #[stream(source = numbers)]
                        async fn ask(&mut self, $id: u64) {
                            let $other = $id + 1;
                            self.begun.update(|n| *n += $other - $id);
                            external(answer(2_000, $argument, 0)).await;
                        }
                    }
                }

                impl Version for $version {
                    type Module = Asking;
                }
            };
        };
    }

    pub trait Version {
        type Module: Module;
    }

    version!(Old, |id, _other| id);
    version!(Same, |id, _other| id * 10);
    version!(Changed, |id, other| id + other);

    pub type OldAsking = <Old as Version>::Module;
    pub type SameAsking = <Same as Version>::Module;
    pub type ChangedAsking = <Changed as Version>::Module;
}

#[test]
fn a_future_made_from_other_variables_is_refused_while_a_record_waits_for_it() {
    use versions::{ChangedAsking, OldAsking, SameAsking};
    let world = World::default();
    let (mut simulation, app) = Simulation::<OldAsking>::open(&world, 1, &simulated(2)).unwrap();
    let appends = app.numbers().append_batch(vec![1, 2, 3]).ack(AckLevel::Appended);
    run(&mut simulation, appends.into_future()).unwrap();
    let reader = app.clone();
    run(&mut simulation, async move {
        while reader.begun().get().await.unwrap() != Some(3) {
            tokio::task::yield_now().await;
        }
    });
    drop((simulation, app));
    match Simulation::<ChangedAsking>::open(&world, 1, &simulated(2)).map(|_| ()) {
        Err(Error::Storage {
            error: StorageError::Unfinished { topology, records },
            ..
        }) => assert_eq!((topology.as_str(), records), ("ask", 3)),
        other => panic!("{other:?}"),
    }
    // Of the same variables, another future is made.
    open(2_000, u64::MAX);
    let (mut simulation, app) = Simulation::<SameAsking>::open(&world, 1, &simulated(2)).unwrap();
    assert_eq!(app.recovery().unwrap().unfinished, 3);
    let settled = app.clone();
    run(&mut simulation, async move { settled.settled().await.unwrap() });
    assert_eq!(run(&mut simulation, app.begun().get().into_future()).unwrap(), Some(3));
    assert_eq!((made(2_000, 3, 0), made(2_000, 30, 0)), (1, 1));
    simulation.shut_down(ENOUGH).unwrap();
    let (simulation, app) = Simulation::<ChangedAsking>::open(&world, 1, &simulated(2)).unwrap();
    assert_eq!(app.recovery().unwrap().unfinished, 0);
    drop(simulation);
}

/// Cannot be serialised where it is odd.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Stubborn(u64);

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            7 => panic!("not seven"),
            odd if odd % 2 == 1 => Err(serde::ser::Error::custom("an odd number")),
            even => even.serialize(serializer),
        }
    }
}

#[module]
pub struct Giving {
    #[depot(global)]
    numbers: Depot<u64>,
    #[depot(global)]
    slow: Depot<u64>,
    #[pstate(owner = give, global)]
    done: PState<Map<u64, u64>>,
}

topology! {
    impl Giving {
        #[stream(give, source = numbers, retry = none, on_failure = skip)]
        async fn on_numbers(&mut self, n: u64) {
            let stubborn = Stubborn(n);
            self.done.key(&n).update(|done| *done += 1);
            let got = external(async move { stubborn.0 }).await;
            self.done.key(&got).update(|done| *done += 1);
        }

        #[stream(give, source = slow, timeout = "100ms", max_retries = 2, on_failure = skip)]
        async fn on_slow(&mut self, case: u64) {
            self.done.key(&case).update(|done| *done += 1);
            external(answer(case, 0, 0)).await;
        }
    }
}

#[test]
fn a_value_that_does_not_serialise_fails_its_event_and_no_other() {
    for checked in [true, false] {
        let world = World::default();
        let launch = simulated(2).check_wire(checked);
        let (mut simulation, app) = Simulation::<Giving>::open(&world, 1, &launch).unwrap();
        let appends = app.numbers().append_batch(vec![2, 7, 3, 4]).ack(AckLevel::Appended);
        run(&mut simulation, appends.into_future()).unwrap();
        let settled = app.clone();
        run(&mut simulation, async move { settled.settled().await.unwrap() });
        let done = app.done().clone();
        let done = run(&mut simulation, async move { done.items().await.unwrap() });
        // Where hops are checked, that fails the event which ends with the hop.
        let in_front = if checked { vec![] } else { vec![(3, 1), (7, 1)] };
        let mut expected = [vec![(2, 2), (4, 2)], in_front].concat();
        expected.sort_unstable();
        assert_eq!(done, expected);
        assert_eq!(app.counters().failures, 2);
        simulation.shut_down(ENOUGH).unwrap();
    }
}

#[test]
fn attempts_that_timed_out_do_not_go_on_after_a_restart() {
    let case = 3_000;
    let world = World::default();
    let (mut simulation, app) = Simulation::<Giving>::open(&world, 1, &simulated(2)).unwrap();
    let append = app.slow().append(case).ack(AckLevel::Appended);
    run(&mut simulation, append.into_future()).unwrap();
    let settled = app.clone();
    run(&mut simulation, async move { settled.settled().await.unwrap() });
    assert_eq!((app.counters().failures, app.counters().retries), (1, 2));
    assert_eq!(made(case, 0, 0), 3);
    drop((simulation, app));
    let (mut simulation, app) = Simulation::<Giving>::open(&world, 1, &simulated(1)).unwrap();
    assert_eq!(app.recovery().unwrap().unfinished, 0);
    let reader = app.done().clone();
    let done = run(&mut simulation, async move { reader.items().await.unwrap() });
    assert_eq!((done, made(case, 0, 0)), (vec![(case, 3)], 3));
    simulation.shut_down(ENOUGH).unwrap();
}
