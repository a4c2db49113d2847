//! Records that have futures in all places of a body: in loops, operations, branches, conditions and arguments.

use super::{ENOUGH, answer, made, open, run, simulated};
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Simulation, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

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
