//! Futures that are not made again: of another shape, of values that are not stored, of attempts that are over.

use super::{ENOUGH, answer, made, open, run, simulated};
use rama_runtime::StorageError;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Rng, Simulation, World};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Mutex;

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

/// Records of which a future has begun.
static BEGUN: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Tells the outside of each record.
#[module]
pub struct Telling {
    #[depot(global)]
    numbers: Depot<u64>,
    #[pstate(owner = tell, global)]
    told: PState<u64>,
}

topology! {
    impl Telling {
        #[stream(source = numbers)]
        async fn tell(&mut self, n: u64) {
            external(async move { BEGUN.lock().unwrap().insert(n); }).await;
            self.told.update(|told| *told += 1);
        }
    }
}

#[test]
fn no_future_begins_for_a_record_that_a_crash_takes_back() {
    for seed in 0..200u64 {
        let world = World::default();
        let mut rng = Rng::new(seed);
        BEGUN.lock().unwrap().clear();
        let (mut simulation, app) = Simulation::<Telling>::open(&world, seed, &simulated(2)).unwrap();
        // Nobody waits for them.
        let append = app.numbers().append_batch((0..20).collect()).ack(AckLevel::None);
        run(&mut simulation, append.into_future()).unwrap();
        for _ in 0..rng.next_u64() % 60 {
            simulation.step();
            std::thread::yield_now();
        }
        drop(simulation);
        world.crash(&mut rng);
        // What had begun by then.
        let begun = BEGUN.lock().unwrap().clone();
        let (mut simulation, app) = Simulation::<Telling>::open(&world, seed, &simulated(2)).unwrap();
        let end = run(&mut simulation, app.numbers().partition_info(0)).unwrap().end;
        assert!(
            begun.iter().all(|n| *n < end),
            "seed {seed}: {begun:?} have begun, and {end} are there"
        );
        run(&mut simulation, app.settled()).unwrap();
        assert_eq!(run(&mut simulation, app.told().get_or(0)).unwrap(), end);
    }
}
