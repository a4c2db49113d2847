//! PStates whose values have another type than those of the version that wrote the folder, while not all of them have been made
//! anew: what is read and written meanwhile, what a crash leaves, and which version may go on with it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::StorageError;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Rng, Simulation, World};
use std::collections::BTreeMap;

/// What a version stores.
trait Amount {
    fn add(&mut self, amount: u32);
}

impl Amount for u32 {
    fn add(&mut self, amount: u32) {
        *self += amount;
    }
}

impl Amount for u64 {
    fn add(&mut self, amount: u32) {
        *self += u64::from(amount);
    }
}

impl Amount for String {
    fn add(&mut self, amount: u32) {
        self.push_str(&format!("+{amount}"));
    }
}

/// Not the same when it is done twice.
fn widened(old: u32) -> u64 {
    u64::from(old) + 1000
}

fn in_words(old: u64) -> String {
    old.to_string()
}

fn straight_to_words(old: u32) -> String {
    old.to_string()
}

fn odd_ones_fail(old: u32) -> u64 {
    assert_eq!(old % 2, 0, "an odd one");
    widened(old)
}

/// A version of the bank. Orders of nothing remove an account.
macro_rules! bank {
    ($version:ident, $amount:ty $(, $migrate:meta)?) => {
        mod $version {
            #[allow(unused_imports)]
            use super::Amount;
            use rama_runtime::prelude::*;

            #[module]
            pub struct Bank {
                #[depot(random)]
                orders: Depot<(u64, u32)>,
                #[pstate(owner = order)]
                $(#[$migrate])?
                counts: PState<Map<u64, $amount>>,
                #[pstate(owner = order)]
                $(#[$migrate])?
                tree: PState<Subindexed<Map<u64, $amount>>>,
                #[pstate(owner = order, global)]
                $(#[$migrate])?
                last: PState<$amount>,
            }

            topology! {
                impl Bank {
                    #[stream(source = orders, max_retries = 1, on_failure = skip)]
                    async fn order(&mut self, (account, amount): (u64, u32)) {
                        hash_partition(&account).await;
                        if amount == 0 {
                            self.counts.remove(&account);
                            self.tree.remove(&account);
                        } else {
                            self.counts.key(&account).update(|it| it.add(amount));
                            self.tree.key(&account).update(|it| it.add(amount));
                        }
                        global_partition().await;
                        let mut last = <$amount>::default();
                        last.add(amount);
                        self.last.set(last);
                    }
                }
            }
        }
    };
}

bank!(first, u32);
bank!(second, u64, migrate(with = super::widened));
bank!(failing, u64, migrate(with = super::odd_ones_fail));
// As the second one, when it need not know any more what there was before.
bank!(after, u64);
bank!(third, String, migrate(with = super::in_words));
// From the first one's values to others than those of the second one.
bank!(other, String, migrate(with = super::straight_to_words));

/// The second one with other names, and without one of the PStates.
mod renamed {
    use super::Amount;
    use rama_runtime::prelude::*;

    #[module]
    pub struct Bank {
        #[depot(random)]
        orders: Depot<(u64, u32)>,
        #[pstate(owner = order)]
        #[renamed_from("counts")]
        #[migrate(with = super::widened)]
        accounts: PState<Map<u64, u64>>,
        #[pstate(owner = order, global)]
        #[migrate(with = super::widened)]
        last: PState<u64>,
    }

    topology! {
        impl Bank {
            #[stream(source = orders)]
            async fn order(&mut self, (account, amount): (u64, u32)) {
                hash_partition(&account).await;
                self.accounts.key(&account).update(|it| it.add(amount));
            }
        }
    }
}

const TASKS: u32 = 2;
const ACCOUNTS: u64 = 12;
/// More steps than anything takes.
const ENOUGH: usize = 200_000;

/// `at_once`: how many values are moved at once; 0: none at all.
fn launch(at_once: usize) -> Launch {
    Launch::tasks(TASKS).threads(2).keep_at(300).move_at_once(at_once)
}

fn open<M: Module>(world: &World, seed: u64, launch: &Launch) -> (Simulation<M>, M::Client) {
    Simulation::open(world, seed, launch).unwrap()
}

fn run<M: Module, T>(simulation: &mut Simulation<M>, future: impl Future<Output = T> + Send) -> T {
    simulation.run(&mut Box::pin(future), ENOUGH).unwrap()
}

/// A folder of the first version, shut down.
fn written(seed: u64) -> World {
    let world = World::default();
    let (mut simulation, app) = open::<first::Bank>(&world, seed, &launch(0));
    run(&mut simulation, async {
        for account in 0..ACCOUNTS {
            app.orders().append((account, account as u32 + 1)).await.unwrap();
        }
    });
    simulation.shut_down(ENOUGH).unwrap();
    world
}

/// What the second version makes of it.
fn converted() -> BTreeMap<u64, u64> {
    (0..ACCOUNTS).map(|account| (account, account + 1001)).collect()
}

/// Reads everything in every way. (For any version with such values.)
macro_rules! check {
    ($simulation:expr, $app:expr, $model:expr, $last:expr) => {{
        let (app, model): (_, &BTreeMap<u64, _>) = (&$app, &$model);
        run(&mut $simulation, async {
            for account in 0..=ACCOUNTS {
                let expected = model.get(&account).cloned();
                assert_eq!(app.counts().key(&account).get().await.unwrap(), expected, "{account}");
                assert_eq!(app.tree().key(&account).get().await.unwrap(), expected, "{account}");
            }
            let (mut counts, mut tree, mut some, mut backwards) = (vec![], vec![], vec![], vec![]);
            let mut sizes = 0;
            for task in 0..TASKS {
                counts.extend(app.counts().partition(task).items().await.unwrap());
                tree.extend(app.tree().partition(task).items().await.unwrap());
                some.extend(app.tree().partition(task).range(3..8).items().await.unwrap());
                let last_first = app.tree().partition(task).range(..=7).rev().items().await.unwrap();
                assert!(last_first.is_sorted_by(|a, b| a.0 > b.0));
                backwards.extend(last_first);
                sizes += app.counts().partition(task).len().await.unwrap();
            }
            let sorted = |mut entries: Vec<(u64, _)>| {
                entries.sort();
                entries
            };
            let expected = |from, to| model.range(from..to).map(|(k, v)| (*k, v.clone())).collect::<Vec<_>>();
            assert_eq!(sorted(counts), expected(0, 100));
            assert_eq!(sorted(tree), expected(0, 100));
            assert_eq!(sorted(some), expected(3, 8));
            assert_eq!(sorted(backwards), expected(0, 8));
            assert_eq!(sizes, model.len());
            assert_eq!(app.last().get().await.unwrap(), Some($last));
        })
    }};
}

const ALL: [&str; 3] = ["counts", "tree", "last"];

/// Runs until nothing migrates any more.
fn until_it_is_over(simulation: &mut Simulation<second::Bank>, app: &second::BankClient) {
    for _ in 0..ENOUGH {
        if app.migrating().is_empty() {
            return;
        }
        simulation.step();
    }
    panic!("still: {:?}", app.migrating());
}

fn still_migrating<M: Module>(world: &World, migrating: &str) {
    let Err(Error::Storage { error, .. }) = Simulation::<M>::open(world, 1, &launch(1)) else {
        panic!("it should be refused");
    };
    let words = error.to_string();
    let StorageError::StillMigrating { name, from, to } = error else {
        panic!("{words}");
    };
    assert_eq!(name, migrating);
    assert!(from.contains("u32") && to.contains("u64"), "{words}");
    assert!(words.contains("App::migrating()"), "{words}");
}

#[test]
fn values_are_converted_when_they_are_read_before_anything_was_moved() {
    for memory in [None, Some(1), Some(1 << 20)] {
        let world = written(1);
        for seed in 0..2 {
            let launch = memory.map_or(launch(0), |bytes| launch(0).memory(bytes));
            let (mut simulation, app) = open::<second::Bank>(&world, seed, &launch);
            assert_eq!(app.migrating(), ALL);
            check!(simulation, app, converted(), 1000 + ACCOUNTS);
            simulation.shut_down(ENOUGH).unwrap();
        }
    }
}

#[test]
fn everything_is_moved_although_nothing_is_committed_and_then_the_attribute_may_go() {
    let world = written(2);
    another_type_is_refused(&world);
    let (mut simulation, app) = open::<second::Bank>(&world, 2, &launch(1));
    until_it_is_over(&mut simulation, &app);
    check!(simulation, app, converted(), 1000 + ACCOUNTS);
    // It was durable before it was told.
    drop(simulation);
    world.crash(&mut Rng::new(0));
    for _ in 0..2 {
        let (mut simulation, app) = open::<after::Bank>(&world, 3, &launch(1));
        assert_eq!(app.migrating(), [""; 0]);
        check!(simulation, app, converted(), 1000 + ACCOUNTS);
    }
    // The attribute may also stay.
    let (mut simulation, app) = open::<second::Bank>(&world, 4, &launch(1));
    assert_eq!(app.migrating(), [""; 0]);
    check!(simulation, app, converted(), 1000 + ACCOUNTS);
    drop(simulation);
    // And the next one may follow.
    let (mut simulation, app) = open::<third::Bank>(&world, 5, &launch(1));
    assert_eq!(app.migrating(), ALL);
    let texts: BTreeMap<_, _> = converted().into_iter().map(|(k, v)| (k, v.to_string())).collect();
    check!(simulation, app, texts, (1000 + ACCOUNTS).to_string());
}

/// A version without it is refused as any other type is, before the migration has begun.
fn another_type_is_refused(world: &World) {
    let error = Simulation::<after::Bank>::open(world, 1, &launch(1)).err().unwrap();
    let shape = matches!(
        error,
        Error::Storage {
            error: StorageError::Shape { .. },
            ..
        }
    );
    assert!(shape, "{error}");
}

#[test]
fn what_is_written_or_removed_meanwhile_does_not_come_back() {
    for seed in 0..20 {
        let world = written(seed);
        let mut rng = Rng::new(seed);
        let mut model = converted();
        // Nothing is moved at first.
        for (life, at_once) in [(0, 0), (1, 1), (2, 1), (3, 1)] {
            let memory = if rng.next_u64().is_multiple_of(2) { 1 } else { 1 << 20 };
            // What is in the log only is brought to the store when the folder is opened again.
            let keep_at = if rng.next_u64().is_multiple_of(2) { 300 } else { 1 << 20 };
            let launched = launch(at_once).memory(memory).keep_at(keep_at);
            let (mut simulation, app) = open::<second::Bank>(&world, seed, &launched);
            let last = run(&mut simulation, async {
                let mut last = 0;
                for _ in 0..4 {
                    let account = rng.next_u64() % (ACCOUNTS + 1);
                    let amount = if rng.next_u64().is_multiple_of(2) { 0 } else { 7 + life };
                    app.orders().append((account, amount)).await.unwrap();
                    if amount == 0 {
                        model.remove(&account);
                    } else {
                        *model.entry(account).or_default() += u64::from(amount);
                    }
                    last = u64::from(amount);
                }
                last
            });
            check!(simulation, app, model, last);
            for _ in 0..rng.next_u64() % 100 {
                simulation.step();
            }
            if rng.next_u64().is_multiple_of(2) {
                drop(simulation);
                world.crash(&mut rng);
            } else {
                simulation.shut_down(ENOUGH).unwrap();
            }
            let (mut simulation, app) = open::<second::Bank>(&world, seed, &launch(0));
            check!(simulation, app, model, last);
        }
    }
}

#[test]
fn a_move_that_is_killed_goes_on_and_no_value_is_converted_twice() {
    let mut in_the_middle = 0;
    for seed in 0..20 {
        let world = written(seed);
        let mut rng = Rng::new(seed);
        for life in 0.. {
            let (mut simulation, app) = open::<second::Bank>(&world, seed * 100 + life, &launch(1));
            let left = app.migrating();
            if left.is_empty() {
                check!(simulation, app, converted(), 1000 + ACCOUNTS);
                break;
            }
            in_the_middle += u32::from(left != ALL);
            for _ in 0..rng.next_u64() % 100 {
                simulation.step();
            }
            match rng.next_u64() % 3 {
                0 => simulation.shut_down(ENOUGH).unwrap(),
                1 => drop(simulation),
                _ => {
                    drop(simulation);
                    world.crash(&mut rng);
                }
            }
            // What it has left is looked at while nothing moves.
            let memory = if rng.next_u64().is_multiple_of(2) { 1 } else { 1 << 20 };
            let (mut simulation, app) = open::<second::Bank>(&world, life, &launch(0).memory(memory));
            check!(simulation, app, converted(), 1000 + ACCOUNTS);
        }
    }
    assert!(
        in_the_middle > 20,
        "{in_the_middle} lives have begun in the middle of a move"
    );
}

#[test]
fn a_machine_that_dies_while_the_folder_is_opened_leaves_the_old_version_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    for stop in 0..60 {
        let world = written(stop);
        let mut rng = Rng::new(stop);
        world.files.stop_after(stop / 2);
        if let Ok((mut simulation, _)) = Simulation::<second::Bank>::open(&world, stop, &launch(1)) {
            for _ in 0..rng.next_u64() % 200 {
                simulation.step();
            }
        }
        world.crash(&mut rng);
        world.files.heal();
        match Simulation::<first::Bank>::open(&world, stop, &launch(1)) {
            Ok((mut simulation, app)) => {
                old += 1;
                let model = (0..ACCOUNTS).map(|account| (account, account as u32 + 1)).collect();
                check!(simulation, app, model, ACCOUNTS as u32);
            }
            Err(Error::Storage {
                error: StorageError::StillMigrating { .. } | StorageError::Shape { .. },
                ..
            }) => new += 1,
            Err(error) => panic!("{error}"),
        }
        let (mut simulation, app) = open::<second::Bank>(&world, stop, &launch(1));
        check!(simulation, app, converted(), 1000 + ACCOUNTS);
    }
    assert!(old > 5 && new > 5, "{old} old, {new} new");
}

#[test]
fn while_it_is_not_over_only_a_version_that_declares_it_may_go_on() {
    let world = written(4);
    for at_once in [0, 1] {
        let (mut simulation, app) = open::<second::Bank>(&world, 4, &launch(at_once));
        for _ in 0..5 * at_once {
            simulation.step();
        }
        assert!(!app.migrating().is_empty());
        simulation.shut_down(ENOUGH).unwrap();
        still_migrating::<first::Bank>(&world, "counts");
        still_migrating::<after::Bank>(&world, "counts");
        still_migrating::<third::Bank>(&world, "counts");
        still_migrating::<other::Bank>(&world, "counts");
    }
    // The refusals have changed nothing.
    let (mut simulation, app) = open::<second::Bank>(&world, 4, &launch(1));
    check!(simulation, app, converted(), 1000 + ACCOUNTS);
}

#[test]
fn a_pstate_is_renamed_or_removed_while_it_migrates() {
    let world = written(5);
    let (mut simulation, app) = open::<second::Bank>(&world, 5, &launch(1));
    for _ in 0..30 {
        simulation.step();
    }
    assert_eq!(app.migrating(), ALL);
    drop(simulation);
    let removed = launch(0).removed("tree");
    let (mut simulation, app) = open::<renamed::Bank>(&world, 5, &removed);
    assert_eq!(app.migrating(), ["accounts", "last"]);
    run(&mut simulation, async {
        for account in 0..ACCOUNTS {
            let found = app.accounts().key(&account).get().await.unwrap();
            assert_eq!(found, Some(account + 1001));
        }
    });
    simulation.shut_down(ENOUGH).unwrap();
    let (mut simulation, app) = open::<renamed::Bank>(&world, 5, &launch(1));
    run(&mut simulation, async {
        for account in 0..ACCOUNTS {
            let found = app.accounts().key(&account).get().await.unwrap();
            assert_eq!(found, Some(account + 1001));
        }
    });
    while !app.migrating().is_empty() {
        simulation.step();
    }
    simulation.shut_down(ENOUGH).unwrap();
    // What was removed is back, and empty.
    let launch = launch(1).removed("accounts");
    let (mut simulation, app) = open::<after::Bank>(&world, 5, &launch);
    run(&mut simulation, async {
        for account in 0..ACCOUNTS {
            assert_eq!(app.tree().key(&account).get().await.unwrap(), None);
        }
        assert_eq!(app.last().get().await.unwrap(), Some(1000 + ACCOUNTS));
    });
}

#[test]
fn a_value_whose_migration_panics_fails_who_reads_it_and_is_kept_for_a_version_that_can() {
    let world = written(6);
    // Where everything is read when the folder is opened, that is an error, and the old version goes on.
    let error = Simulation::<failing::Bank>::open(&world, 6, &launch(1)).err().unwrap();
    assert!(error.to_string().contains("an odd one"), "{error}");
    drop(open::<first::Bank>(&world, 6, &launch(1)));
    // The last one is even.
    let (mut simulation, app) = open::<failing::Bank>(&world, 6, &launch(1).memory(1));
    for moved in [false, true] {
        run(&mut simulation, async {
            for account in 0..ACCOUNTS {
                let found = app.counts().key(&account).get().await;
                if account % 2 == 0 {
                    let error = found.unwrap_err();
                    assert!(error.to_string().contains("an odd one"), "{error}");
                } else {
                    assert_eq!(found.unwrap(), Some(account + 1001));
                }
            }
            let error = app.orders().append((2, 5)).await.unwrap_err();
            assert!(error.to_string().contains("an odd one"), "{error}");
        });
        while !moved && app.migrating() != ["counts", "tree"] {
            simulation.step();
        }
    }
    assert_eq!(app.migrating(), ["counts", "tree"]);
    // What can be read can be written.
    run(&mut simulation, async {
        app.orders().append((3, 5)).await.unwrap();
    });
    simulation.shut_down(ENOUGH).unwrap();
    let (mut simulation, app) = open::<second::Bank>(&world, 6, &launch(1));
    let mut model = converted();
    *model.get_mut(&3).unwrap() += 5;
    check!(simulation, app, model, 5);
    until_it_is_over(&mut simulation, &app);
    check!(simulation, app, model, 5);
}

#[tokio::test]
async fn a_cluster_moves_in_the_background_and_its_shutdown_does_not_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let launch = |at_once| Launch::tasks(4).threads(2).move_at_once(at_once);
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let app = cluster.launch::<first::Bank>(launch(0)).await.unwrap();
    let orders = (0..5000).map(|account| (account, 1)).collect();
    app.orders().append_batch(orders).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((app, cluster));

    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let app = cluster.launch::<second::Bank>(launch(0)).await.unwrap();
    assert_eq!(app.counts().key(&4321).get().await.unwrap(), Some(1001));
    cluster.shutdown().await.unwrap();
    assert_eq!(app.migrating(), ALL);
    drop((app, cluster));

    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let app = cluster.launch::<second::Bank>(launch(10).memory(1000)).await.unwrap();
    let mut account = 0;
    while !app.migrating().is_empty() {
        account = (account + 677) % 5000;
        assert_eq!(app.tree().key(&account).get().await.unwrap(), Some(1001));
        assert_eq!(app.counts().key(&account).get().await.unwrap(), Some(1001));
    }
    cluster.shutdown().await.unwrap();
    drop((app, cluster));

    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let app = cluster.launch::<after::Bank>(launch(10)).await.unwrap();
    let mut accounts = 0;
    for task in 0..4 {
        let values = app.tree().partition(task).values().await.unwrap();
        assert!(values.iter().all(|value| *value == 1001));
        accounts += values.len();
    }
    assert_eq!(accounts, 5000);
    cluster.shutdown().await.unwrap();
}
