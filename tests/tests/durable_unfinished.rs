//! Records that are half done when a process ends, and another version of the module that takes them up.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::StorageError;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Simulation, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// One of several modules of the same name and path: what their hops look like differs only where their code does.
trait Version {
    type Module: Module;
}

macro_rules! version {
    ($version:ident: $($items:tt)*) => {
        struct $version;
        const _: () = {
            $($items)*
            impl Version for $version {
                type Module = Tour;
            }
        };
    };
}

/// Walks from key to key.
type Walk = (u64, Vec<u64>);
type Visits = Map<u64, Map<u64, u64>>;

version!(Old:
    #[module]
    pub struct Tour {
        #[depot(global)]
        walks: Depot<Walk>,
        /// How often each record was at a key.
        #[pstate(owner = walk)]
        visits: PState<Visits>,
    }

    topology! {
        impl Tour {
            #[stream(source = walks)]
            async fn walk(&mut self, (id, keys): Walk) {
                for key in keys {
                    hash_partition(&key).await;
                    self.visits.key(&key).key(&id).update(|n| *n += 1);
                }
            }
        }
    }
);

// The same topology, among others.
version!(Larger:
    #[module]
    pub struct Tour {
        #[depot(global)]
        others: Depot<u64>,
        #[pstate(owner = other)]
        seen: PState<Map<u64, u64>>,
        #[pstate(owner = walk)]
        visits: PState<Visits>,
        #[depot(global)]
        walks: Depot<Walk>,
    }

    topology! {
        impl Tour {
            #[stream(source = others)]
            async fn other(&mut self, n: u64) {
                hash_partition(&n).await;
                self.seen.key(&n).update(|times| *times += 1);
            }

            #[stream(source = walks)]
            async fn walk(&mut self, (id, keys): Walk) {
                for key in keys {
                    hash_partition(&key).await;
                    self.visits.key(&key).key(&id).update(|n| *n += 1);
                }
            }
        }
    }
);

// One more variable travels.
version!(Changed:
    #[module]
    pub struct Tour {
        #[depot(global)]
        walks: Depot<Walk>,
        #[pstate(owner = walk)]
        visits: PState<Visits>,
    }

    topology! {
        impl Tour {
            #[stream(source = walks)]
            async fn walk(&mut self, (id, keys): Walk) {
                let mut steps = 0u64;
                for key in keys {
                    steps += 1;
                    hash_partition(&key).await;
                    self.visits.key(&key).key(&id).update(|n| *n += steps.min(1));
                }
            }
        }
    }
);

type OldTour = <Old as Version>::Module;
type LargerTour = <Larger as Version>::Module;
type ChangedTour = <Changed as Version>::Module;

/// More steps than anything takes.
const ENOUGH: usize = 300_000;
const TASKS: u32 = 4;

/// With as many commits as there can be.
fn launch(threads: u32) -> Launch {
    Launch::tasks(TASKS).threads(threads).keep_at(200).epoch(Duration::ZERO)
}

fn run<M: Module, T>(simulation: &mut Simulation<M>, future: impl Future<Output = T> + Send) -> T {
    let result = simulation.run(&mut Box::pin(future), ENOUGH);
    result.unwrap_or_else(|| panic!("it takes for ever"))
}

fn walks() -> Vec<Walk> {
    (0..12)
        .map(|id| (id, (0..8).map(|step| (id * 5 + step * 3) % 11).collect()))
        .collect()
}

/// A world in which the process has ended in the middle of these records. All are in the depot.
fn half_done(seed: u64) -> World {
    let world = World::default();
    let (mut simulation, app) = Simulation::<OldTour>::open(&world, seed, &launch(2)).unwrap();
    run(
        &mut simulation,
        app.walks().append_batch(walks()).ack(AckLevel::Appended).into_future(),
    )
    .unwrap();
    for _ in 0..seed * 3 {
        simulation.step();
    }
    world
}

macro_rules! visits {
    ($simulation:expr, $app:expr) => {{
        let app = $app.clone();
        run(&mut $simulation, async move {
            app.settled().await.unwrap();
            let mut visits = BTreeMap::new();
            for key in 0..11u64 {
                for (id, times) in app.visits().key(&key).items().await.unwrap() {
                    visits.insert((key, id), times);
                }
            }
            visits
        })
    }};
}

fn expected() -> BTreeMap<(u64, u64), u64> {
    let mut visits = BTreeMap::new();
    for (id, keys) in walks() {
        for key in keys {
            *visits.entry((key, id)).or_default() += 1;
        }
    }
    visits
}

/// Why the folder is refused, if it is.
fn refusal<M: Module>(world: &World, seed: u64) -> Option<StorageError> {
    match Simulation::<M>::open(world, seed, &launch(2)) {
        Err(Error::Storage { module: "Tour", error }) => Some(error),
        Err(other) => panic!("{other:?}"),
        Ok(_) => None,
    }
}

#[test]
fn a_version_with_the_same_hops_goes_on_where_they_were_on_any_number_of_threads() {
    let mut unfinished = 0;
    for seed in 0..40 {
        let world = half_done(seed);
        let threads = [1, 2, 4][seed as usize % 3];
        let (mut simulation, app) = Simulation::<LargerTour>::open(&world, seed, &launch(threads)).unwrap();
        unfinished += app.recovery().unwrap().unfinished;
        assert_eq!(visits!(simulation, app), expected(), "seed {seed}");
        simulation.shut_down(ENOUGH).unwrap();
    }
    assert!(unfinished > 100, "{unfinished}");
}

#[test]
fn changed_hops_are_refused_with_the_topology_and_how_many_records_are_half_done() {
    let mut most = 0;
    for seed in 0..40 {
        let world = half_done(seed);
        let (simulation, app) = Simulation::<OldTour>::open(&world, seed, &launch(2)).unwrap();
        let unfinished = app.recovery().unwrap().unfinished;
        drop(simulation);
        let Some(error) = refusal::<ChangedTour>(&world, seed) else {
            continue;
        };
        let StorageError::Unfinished { topology, records } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(topology, "walk");
        // Of some, only the news that they are done was under way.
        assert!((1..=unfinished).contains(records), "{records} of {unfinished}");
        most = most.max(*records);
        let words = error.to_string();
        assert!(
            words.contains("`walk`") && words.contains(".restart_unfinished()"),
            "{words}"
        );
        // Nothing has changed: the version that wrote them goes on with them, and after it there is nothing half done.
        let (mut simulation, app) = Simulation::<OldTour>::open(&world, seed, &launch(2)).unwrap();
        assert_eq!(visits!(simulation, app), expected());
        simulation.shut_down(ENOUGH).unwrap();
        let (mut simulation, app) = Simulation::<ChangedTour>::open(&world, seed, &launch(2)).unwrap();
        assert_eq!(visits!(simulation, app), expected());
        simulation.shut_down(ENOUGH).unwrap();
    }
    assert!(most > 3, "{most}");
}

#[test]
fn records_that_are_restarted_are_all_processed_and_the_others_once() {
    let mut twice = 0;
    for seed in 0..40 {
        let world = half_done(seed);
        let unfinished = match refusal::<ChangedTour>(&world, seed) {
            None => 0,
            Some(StorageError::Unfinished { records, .. }) => records,
            Some(other) => panic!("{other:?}"),
        };
        let restart = launch([1, 2, 4][seed as usize % 3]).restart_unfinished();
        let (mut simulation, app) = Simulation::<ChangedTour>::open(&world, seed, &restart).unwrap();
        let visits = visits!(simulation, app);
        simulation.shut_down(ENOUGH).unwrap();
        let expected = expected();
        assert!(visits.keys().eq(expected.keys()));
        let mut more = std::collections::BTreeSet::new();
        for (place, times) in &expected {
            let found = visits[place];
            assert!(
                (*times..=2 * times).contains(&found),
                "seed {seed}: {found} times at {place:?}"
            );
            if found > *times {
                more.insert(place.1);
            }
        }
        assert!(more.len() as u64 <= unfinished, "{more:?} of {unfinished}");
        twice += more.len();
        // That was for once.
        let (mut simulation, app) = Simulation::<ChangedTour>::open(&world, seed, &launch(2)).unwrap();
        assert_eq!(visits!(simulation, app), visits);
    }
    assert!(twice > 20, "{twice}");
}

// A source that waits for futures that never end, beside one that walks.
version!(Waiting:
    #[module]
    pub struct Tour {
        #[depot(global)]
        waits: Depot<u64>,
        #[depot(global)]
        walks: Depot<Walk>,
        #[pstate(owner = walk)]
        visits: PState<Visits>,
    }

    topology! {
        impl Tour {
            #[stream(source = waits)]
            async fn wait(&mut self, _: u64) {
                external(std::future::pending::<()>()).await;
            }

            #[stream(source = walks)]
            async fn walk(&mut self, (id, keys): Walk) {
                for key in keys {
                    hash_partition(&key).await;
                    self.visits.key(&key).key(&id).update(|n| *n += 1);
                }
            }
        }
    }
);

type WaitingTour = <Waiting as Version>::Module;

#[test]
fn records_of_a_source_that_is_removed_are_forgotten_and_the_others_go_on() {
    for seed in 0..40 {
        let world = World::default();
        let (mut simulation, app) = Simulation::<WaitingTour>::open(&world, seed, &launch(2)).unwrap();
        let waits = app
            .waits()
            .append_batch(vec![1, 2])
            .ack(AckLevel::Appended)
            .into_future();
        run(&mut simulation, waits).unwrap();
        let walking = app.walks().append_batch(walks()).ack(AckLevel::Appended).into_future();
        run(&mut simulation, walking).unwrap();
        for _ in 0..seed * 3 {
            simulation.step();
        }
        drop(simulation);
        let without = launch(2).removed("waits").removed("wait.wait");
        let (mut simulation, app) = Simulation::<OldTour>::open(&world, seed, &without).unwrap();
        assert_eq!(visits!(simulation, app), expected(), "seed {seed}");
        simulation.shut_down(ENOUGH).unwrap();
    }
}

/// Fails for the first time that a record with that id comes to it.
fn fails_once(id: u64, world: u64) -> Result<(), std::io::Error> {
    static FAILED: std::sync::Mutex<std::collections::BTreeSet<(u64, u64)>> =
        std::sync::Mutex::new(std::collections::BTreeSet::new());
    if id % 5 == 3 && FAILED.lock().unwrap().insert((world, id)) {
        return Err(std::io::Error::other("not this time"));
    }
    Ok(())
}

/// Versions whose source keeps its records in order when one of them fails.
macro_rules! in_order {
    ($version:ident, |$steps:ident| $more:expr) => {
        version!($version:
            #[module]
            pub struct Tour {
                #[depot(global)]
                walks: Depot<(u64, Walk)>,
                #[pstate(owner = walk)]
                visits: PState<Visits>,
            }

            topology! {
                impl Tour {
                    #[stream(source = walks, retry = all_after, max_retries = 50)]
                    async fn walk(&mut self, (world, (id, keys)): (u64, Walk)) {
                        let $steps = 1u64;
                        for key in keys {
                            hash_partition(&key).await;
                            self.visits.key(&key).key(&id).update(|n| *n += $more);
                            fails_once(id, world)?;
                        }
                    }
                }
            }
        );
    };
}

in_order!(InOrder, |_steps| 1);
in_order!(InOrderChanged, |steps| steps);

#[test]
fn records_that_are_restarted_in_order_are_all_processed() {
    type First = <InOrder as Version>::Module;
    type Then = <InOrderChanged as Version>::Module;
    let mut refused = 0;
    for seed in 0..60 {
        let world = World::default();
        let (mut simulation, app) = Simulation::<First>::open(&world, seed, &launch(2)).unwrap();
        let records = walks().into_iter().map(|walk| (seed, walk)).collect();
        let walking = app.walks().append_batch(records).ack(AckLevel::Appended).into_future();
        run(&mut simulation, walking).unwrap();
        for _ in 0..seed * 2 {
            simulation.step();
        }
        drop(simulation);
        refused += u32::from(refusal::<Then>(&world, seed).is_some());
        let restart = launch(2).restart_unfinished();
        let (mut simulation, app) = Simulation::<Then>::open(&world, seed, &restart).unwrap();
        let visits = visits!(simulation, app);
        simulation.shut_down(ENOUGH).unwrap();
        for (place, times) in expected() {
            assert!(visits[&place] >= times, "seed {seed}");
        }
    }
    assert!(refused > 10, "{refused}");
}
