//! A disk that fails while a module runs, or while it is opened: whoever waits is told why, and nothing that was acknowledged is lost.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::StorageError;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Rng, Simulation, World};
use std::io::ErrorKind;

#[module]
pub struct Sums {
    /// In one order.
    #[depot(global)]
    numbers: Depot<u64>,
    #[pstate(owner = sum)]
    sums: PState<Map<u64, u64>>,
}

const REMAINDERS: u64 = 5;
/// More steps than anything takes.
const ENOUGH: usize = 200_000;

topology! {
    impl Sums {
        #[stream(source = numbers)]
        async fn sum(&mut self, n: u64) {
            let remainder = n % REMAINDERS;
            hash_partition(&remainder).await;
            self.sums.key(&remainder).update(|sum| *sum += n);
        }
    }
}

type Life = (Simulation<Sums>, SumsClient);

fn open(world: &World, seed: u64) -> Result<Life, Error> {
    Simulation::open(world, seed, &Launch::tasks(4).threads(2).keep_at(500))
}

fn run<T>(simulation: &mut Simulation<Sums>, future: impl Future<Output = T> + Send) -> T {
    simulation.run(&mut Box::pin(future), ENOUGH).unwrap()
}

/// The disk is well again: the folder has the first so many numbers, and what came of each of them, once; and takes more.
fn fine(world: &World, seed: u64, numbers: std::ops::RangeInclusive<u64>) {
    world.files.heal();
    let (mut simulation, app) = open(world, seed).unwrap();
    let end = run(&mut simulation, async {
        app.settled().await.unwrap();
        let end = app.numbers().partition_info(0).await.unwrap().end;
        let kept = app.numbers().read(0, 0..end).await.unwrap();
        assert_eq!(kept, (0..end).collect::<Vec<_>>());
        for remainder in 0..REMAINDERS {
            let sum = (0..end).filter(|n| n % REMAINDERS == remainder).sum::<u64>();
            assert_eq!(app.sums().key(&remainder).get_or(0).await.unwrap(), sum);
        }
        app.numbers().append(end).await.unwrap();
        end
    });
    assert!(numbers.contains(&end), "{end} numbers, not {numbers:?}");
    simulation.shut_down(ENOUGH).unwrap();
}

/// Appends numbers until the disk fails: how many were acknowledged, and the errors of the append that was pending then, of a later
/// one and of a read.
fn until_it_fails((mut simulation, app): Life, from: u64) -> (u64, [Error; 3]) {
    for n in from.. {
        let appended = run(&mut simulation, app.numbers().append(n).into_future());
        if let Err(error) = appended {
            let later = run(&mut simulation, app.numbers().append(n + 1).into_future()).unwrap_err();
            let read = run(&mut simulation, app.sums().key(&0).get()).unwrap_err();
            return (n, [error, later, read]);
        }
    }
    unreachable!()
}

fn is(error: &Error, kind: ErrorKind) {
    let words = error.to_string();
    match error {
        Error::Storage {
            module: "Sums",
            error: StorageError::Io { kind: found, .. },
        } => assert_eq!(*found, kind, "{words}"),
        other => panic!("{other:?}"),
    }
    assert!(words.contains("cluster/Sums/log/"), "{words}");
}

/// How a disk may fail, and the error that says so.
fn fail(world: &World, how: u64) -> ErrorKind {
    match how % 3 {
        0 => {
            world.files.fill_up(how * 40);
            ErrorKind::StorageFull
        }
        1 => {
            world.files.fail_next_sync();
            ErrorKind::Other
        }
        _ => {
            world.files.make_read_only();
            ErrorKind::ReadOnlyFilesystem
        }
    }
}

/// Everything that was acknowledged is there when the disk is well again, whether the machine has crashed or the process was started again.
#[test]
fn a_disk_that_is_full_read_only_or_fails_a_sync_takes_nothing_that_was_acknowledged() {
    for seed in 0..60 {
        let (world, mut rng) = (World::default(), Rng::new(seed));
        let (mut simulation, app) = open(&world, seed).unwrap();
        let first = seed % 7;
        for n in 0..first {
            run(&mut simulation, app.numbers().append(n).into_future()).unwrap();
        }
        fail(&world, seed);
        let (acked, _) = until_it_fails((simulation, app), first);
        if seed % 2 == 0 {
            world.crash(&mut rng);
        }
        // The one that was told of an error may be there or not.
        fine(&world, seed, acked..=acked + 1);
    }
}

#[test]
fn appends_that_wait_when_the_disk_fails_are_told_what_has_failed() {
    for seed in 0..12 {
        let world = World::default();
        let life = open(&world, seed).unwrap();
        let kind = fail(&world, seed);
        let (_, [pending, _, read]) = until_it_fails(life, 0);
        is(&read, kind);
        is(&pending, kind);
    }
}

#[test]
fn appends_after_the_disk_has_failed_are_told_what_has_failed() {
    for seed in 0..12 {
        let world = World::default();
        let life = open(&world, seed).unwrap();
        let kind = fail(&world, seed);
        let (_, [_, later, _]) = until_it_fails(life, 0);
        is(&later, kind);
    }
}

#[test]
fn batches_and_appends_that_wait_for_room_when_the_disk_fails_are_told_what_has_failed() {
    for seed in 0..12 {
        let world = World::default();
        let launch = Launch::tasks(2).threads(1).max_backlog(2);
        let (mut simulation, app) = Simulation::<Sums>::open(&world, seed, &launch).unwrap();
        let kind = fail(&world, seed % 3);
        let waiting = (0..6).map(|n| app.numbers().append(n).into_future());
        let waiting = futures_util::future::join_all(waiting);
        let batch = app.numbers().append_batch((6..20).collect()).into_future();
        let (singles, batch) = run(&mut simulation, futures_util::future::join(waiting, batch));
        is(&batch.unwrap_err(), kind);
        for single in singles {
            is(&single.unwrap_err(), kind);
        }
    }
}

#[test]
fn a_disk_that_fails_while_a_folder_is_opened_leaves_it_as_it_was() {
    for how in 0..90 {
        let (world, mut rng) = (World::default(), Rng::new(how));
        let there = how % 2 * 3;
        if there > 0 {
            let (mut simulation, app) = open(&world, how).unwrap();
            for n in 0..there {
                run(&mut simulation, app.numbers().append(n).into_future()).unwrap();
            }
            drop(simulation);
            world.crash(&mut rng);
        }
        let kind = match how % 3 {
            0 => {
                world.files.fill_up(how);
                Some(ErrorKind::StorageFull)
            }
            1 => {
                world.files.fail_next_sync();
                Some(ErrorKind::Other)
            }
            _ => {
                // The power goes somewhere in the middle.
                world.files.stop_after(how / 3);
                None
            }
        };
        match open(&world, how) {
            Ok(life) => drop(life),
            Err(Error::Storage {
                error: StorageError::Io { kind: found, path, .. },
                ..
            }) => {
                assert!(kind.is_none_or(|kind| kind == found), "{how}: {found:?}");
                assert!(path.starts_with("cluster"), "{path}");
            }
            Err(other) => panic!("{other:?}"),
        }
        if kind.is_none() {
            world.crash(&mut rng);
        }
        fine(&world, how, there..=there);
    }
}

#[test]
fn a_folder_that_is_read_only_is_refused_until_it_is_not() {
    let world = World::default();
    world.files.make_read_only();
    let refused = open(&world, 0).map(|_| ()).unwrap_err();
    assert!(matches!(
        refused,
        Error::Storage {
            module: "",
            error: StorageError::Io {
                kind: ErrorKind::ReadOnlyFilesystem,
                ..
            }
        }
    ));
    fine(&world, 1, 0..=0);
    world.files.make_read_only();
    let refused = open(&world, 2).map(|_| ()).unwrap_err();
    is_read_only(&refused);
    fine(&world, 3, 1..=1);
}

fn is_read_only(error: &Error) {
    let words = error.to_string();
    assert!(
        matches!(
            error,
            Error::Storage {
                error: StorageError::Io {
                    kind: ErrorKind::ReadOnlyFilesystem,
                    ..
                },
                ..
            }
        ),
        "{words}"
    );
    assert!(words.contains("cluster/"), "{words}");
}
