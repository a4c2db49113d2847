//! A module that is changed: a later version of it goes on in the folder of an earlier one, or is told what it has to say first.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use rama_runtime::StorageError;
use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use std::path::Path;

/// What the shop is at first.
mod first {
    use rama_runtime::prelude::*;

    #[module]
    pub struct Shop {
        #[depot(random)]
        orders: Depot<(String, u64)>,
        #[depot(random)]
        complaints: Depot<String>,
        #[pstate(owner = order)]
        totals: PState<Map<String, u64>>,
        #[pstate(owner = order)]
        history: PState<Map<String, Subindexed<List<u64>>>>,
        #[pstate(owner = complain)]
        complained: PState<Map<String, u64>>,
    }

    topology! {
        impl Shop {
            #[stream(source = orders)]
            async fn order(&mut self, (user, price): (String, u64)) {
                hash_partition(&user).await;
                self.totals.key(&user).update(|total| *total += price);
                self.history.key(&user).push(price);
            }

            #[stream(source = complaints)]
            async fn complain(&mut self, user: String) {
                hash_partition(&user).await;
                self.complained.key(&user).update(|times| *times += 1);
            }
        }
    }
}

/// With more, and with everything in another order.
mod larger {
    use rama_runtime::prelude::*;

    #[module]
    pub struct Shop {
        #[depot(random)]
        gifts: Depot<String>,
        #[pstate(owner = gift)]
        gifted: PState<Map<String, u64>>,
        #[pstate(owner = complain)]
        complained: PState<Map<String, u64>>,
        #[pstate(owner = order)]
        history: PState<Map<String, Subindexed<List<u64>>>>,
        #[pstate(owner = order)]
        totals: PState<Map<String, u64>>,
        #[depot(random)]
        complaints: Depot<String>,
        #[depot(random)]
        orders: Depot<(String, u64)>,
    }

    topology! {
        impl Shop {
            #[stream(source = gifts)]
            async fn gift(&mut self, user: String) {
                hash_partition(&user).await;
                self.gifted.key(&user).update(|times| *times += 1);
            }

            #[stream(source = complaints)]
            async fn complain(&mut self, user: String) {
                hash_partition(&user).await;
                self.complained.key(&user).update(|times| *times += 1);
            }

            #[stream(source = orders)]
            async fn order(&mut self, (user, price): (String, u64)) {
                hash_partition(&user).await;
                self.totals.key(&user).update(|total| *total += price);
                self.history.key(&user).push(price);
            }
        }
    }
}

/// Without complaints.
mod smaller {
    use rama_runtime::prelude::*;

    #[module]
    pub struct Shop {
        #[depot(random)]
        orders: Depot<(String, u64)>,
        #[pstate(owner = order)]
        totals: PState<Map<String, u64>>,
        #[pstate(owner = order)]
        history: PState<Map<String, Subindexed<List<u64>>>>,
    }

    topology! {
        impl Shop {
            #[stream(source = orders)]
            async fn order(&mut self, (user, price): (String, u64)) {
                hash_partition(&user).await;
                self.totals.key(&user).update(|total| *total += price);
                self.history.key(&user).push(price);
            }
        }
    }
}

/// A shop with one depot, one PState and one source, of these types.
macro_rules! shop {
    ($version:ident, $orders:ty, $totals:ty, $source:ident) => {
        mod $version {
            use rama_runtime::prelude::*;

            #[module]
            pub struct Shop {
                #[depot(random)]
                orders: Depot<$orders>,
                #[depot(random)]
                others: Depot<$orders>,
                #[pstate(owner = order)]
                totals: PState<$totals>,
            }

            topology! {
                impl Shop {
                    #[stream(source = $source)]
                    async fn order(&mut self, _: $orders) {
                        self.totals.unaligned().key(&1).set(1);
                    }
                }
            }
        }
    };
}

shop!(plain, u64, Map<u64, u64>, orders);
shop!(other_value, u64, Map<u64, u32>, orders);
shop!(other_kind, u64, Subindexed<Map<u64, u64>>, orders);
shop!(other_record, u32, Map<u64, u64>, orders);
shop!(other_source, u64, Map<u64, u64>, others);

const LAUNCH: fn() -> Launch = || Launch::tasks(4).threads(2);

async fn opened<M: Module>(folder: &Path, launch: Launch) -> (InProcessCluster, M::Client) {
    let cluster = InProcessCluster::open(folder).unwrap();
    let app = cluster.launch::<M>(launch).await.unwrap();
    (cluster, app)
}

async fn refused<M: Module>(cluster: &InProcessCluster, launch: Launch) -> (StorageError, String) {
    match cluster.launch::<M>(launch).await {
        Err(Error::Storage { module: "Shop", error }) => (error.clone(), error.to_string()),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("the folder was opened"),
    }
}

/// A folder of the first version: three orders and two complaints.
async fn first_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<first::Shop>(folder.path(), LAUNCH()).await;
    for price in 1..4 {
        app.orders().append(("ann".into(), price)).await.unwrap();
    }
    app.complaints()
        .append_batch(vec!["ann".into(), "bob".into()])
        .await
        .unwrap();
    cluster.shutdown().await.unwrap();
    folder
}

/// The first version's orders and complaints are there, and the same number of orders more.
macro_rules! orders_are_there {
    ($app:expr, $last:expr) => {{
        let app = &$app;
        let prices: Vec<u64> = (1..=$last).collect();
        assert_eq!(app.totals().key("ann").get().await.unwrap(), Some(prices.iter().sum()));
        assert_eq!(app.history().key("ann").items().await.unwrap(), prices);
        let mut kept = Vec::new();
        for task in 0..4 {
            let info = app.orders().partition_info(task).await.unwrap();
            kept.extend(app.orders().read(task, info.start..info.end).await.unwrap());
        }
        kept.sort_unstable();
        assert_eq!(kept.into_iter().map(|(_, price)| price).collect::<Vec<_>>(), prices);
    }};
}

macro_rules! complaints_are_there {
    ($app:expr) => {
        assert_eq!($app.complained().key("ann").get().await.unwrap(), Some(1));
        assert_eq!($app.complained().key("bob").get().await.unwrap(), Some(1));
    };
}

#[tokio::test]
async fn what_is_added_starts_empty_and_the_order_of_declarations_does_not_matter() {
    let folder = first_folder().await;
    let (cluster, app) = opened::<larger::Shop>(folder.path(), LAUNCH()).await;
    orders_are_there!(app, 3);
    complaints_are_there!(app);
    assert_eq!(app.gifted().key("ann").get().await.unwrap(), None);
    app.gifts().append("ann".into()).await.unwrap();
    app.orders().append(("ann".into(), 4)).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let (_cluster, app) = opened::<larger::Shop>(folder.path(), LAUNCH()).await;
    orders_are_there!(app, 4);
    complaints_are_there!(app);
    assert_eq!(app.gifted().key("ann").get().await.unwrap(), Some(1));
}

#[tokio::test]
async fn what_is_removed_is_refused_until_all_of_it_is_named_and_starts_empty_when_it_is_back() {
    let folder = first_folder().await;
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let mut launch = LAUNCH();
    for (of, named) in [
        ("depot", "complaints"),
        ("PState", "complained"),
        ("source", "complain.complain"),
    ] {
        let (error, words) = refused::<smaller::Shop>(&cluster, launch.clone()).await;
        assert!(
            matches!(&error, StorageError::Removed { what, name, .. } if *what == of && name == named),
            "{error:?}"
        );
        assert!(words.contains(&format!(".removed(\"{named}\")")), "{words}");
        launch = launch.removed(named);
    }
    // The refusals have changed nothing.
    let app = cluster.launch::<first::Shop>(LAUNCH()).await.unwrap();
    orders_are_there!(app, 3);
    complaints_are_there!(app);
    cluster.shutdown().await.unwrap();
    drop((cluster, app));

    let (cluster, app) = opened::<smaller::Shop>(folder.path(), launch).await;
    orders_are_there!(app, 3);
    app.orders().append(("ann".into(), 4)).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    // Once is enough.
    let (cluster, app) = opened::<smaller::Shop>(folder.path(), LAUNCH()).await;
    orders_are_there!(app, 4);
    cluster.shutdown().await.unwrap();
    drop((cluster, app));

    for times in 1..3 {
        let (cluster, app) = opened::<first::Shop>(folder.path(), LAUNCH()).await;
        orders_are_there!(app, 4);
        assert_eq!(
            app.complained().key("ann").get().await.unwrap(),
            (times > 1).then_some(times - 1)
        );
        assert_eq!(app.complained().key("bob").get().await.unwrap(), None);
        let mut complaints = 0;
        for task in 0..4 {
            complaints += app.complaints().partition_info(task).await.unwrap().end;
        }
        assert_eq!(complaints, times - 1);
        app.complaints().append("ann".into()).await.unwrap();
        assert_eq!(app.complained().key("ann").get().await.unwrap(), Some(times));
        cluster.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn another_type_is_refused_with_both_and_the_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<plain::Shop>(folder.path(), LAUNCH()).await;
    app.orders().append(7).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    let errors = [
        (
            refused::<other_value::Shop>(&cluster, LAUNCH()).await,
            ["PState", "totals", "Map<u64, u64>", "Map<u64, u32>"],
        ),
        (
            refused::<other_kind::Shop>(&cluster, LAUNCH()).await,
            ["PState", "totals", "Map<u64, u64>", "Subindexed<Map<u64, u64>>"],
        ),
        (
            refused::<other_record::Shop>(&cluster, LAUNCH()).await,
            ["depot", "orders", "u64", "u32"],
        ),
        (
            refused::<other_source::Shop>(&cluster, LAUNCH()).await,
            ["source", "order.order", "orders", "others"],
        ),
    ];
    for ((error, words), expected) in errors {
        let StorageError::Shape {
            what,
            name,
            stored,
            declared,
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!([*what, name, stored, declared], expected);
        assert!(expected.iter().all(|part| words.contains(part)), "{words}");
    }
    let app = cluster.launch::<plain::Shop>(LAUNCH()).await.unwrap();
    let mut entries = Vec::new();
    for task in 0..4 {
        entries.extend(app.totals().partition(task).items().await.unwrap());
    }
    assert_eq!(entries, [(1, 1)]);
}

/// Fields of a PState.
macro_rules! fields {
    ($version:ident, $($field:ident: $of:ty),*) => {
        mod $version {
            use rama_runtime::prelude::*;

            #[derive(Fields)]
            pub struct Account { $($field: $of),* }

            #[module]
            pub struct Bank {
                #[depot(hash_by = |(user, _): &(u64, u64)| user)]
                deposits: Depot<(u64, u64)>,
                #[pstate(owner = deposit)]
                accounts: PState<Map<u64, Account>>,
            }

            topology! {
                impl Bank {
                    #[stream(source = deposits)]
                    async fn deposit(&mut self, (user, amount): (u64, u64)) {
                        self.accounts.key(&user).balance().update(|balance| *balance += amount);
                        self.accounts.key(&user).limit().set(1000);
                    }
                }
            }
        }
    };
}

fields!(balance_first, balance: u64, limit: u64);
fields!(limit_first, limit: u64, balance: u64);

#[tokio::test]
async fn fields_in_another_order_are_refused_or_read_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, app) = opened::<balance_first::Bank>(folder.path(), LAUNCH()).await;
    app.deposits().append((1, 5)).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, app));
    let cluster = InProcessCluster::open(folder.path()).unwrap();
    match cluster.launch::<limit_first::Bank>(LAUNCH()).await {
        Ok(app) => assert_eq!(app.accounts().key(&1).balance().get().await.unwrap(), Some(5)),
        Err(error) => assert!(
            matches!(
                error,
                Error::Storage {
                    error: StorageError::Shape { .. },
                    ..
                }
            ),
            "{error:?}"
        ),
    }
}
