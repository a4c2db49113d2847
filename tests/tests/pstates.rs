//! PStates in real modules: every read and write of a cursor, in a topology and on the client; atomic events; the options.
#![allow(missing_docs, clippy::type_complexity, clippy::unwrap_used)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The results of some reads, as text. The same reads serve a topology, `each!(wait: (); ..)`, and a client,
/// `each!(wait: (.await.unwrap()); ..)`.
macro_rules! each {
    (wait: $wait:tt; $($read:expr),* $(,)?) => {
        vec![$(one!($read, $wait)),*]
    };
}

macro_rules! one {
    ($read:expr, ($($wait:tt)*)) => {
        format!("{:?}", $read $($wait)*)
    };
}

macro_rules! map_reads {
    ($map:expr, $wait:tt) => {
        each!(wait: $wait;
            $map.len(), $map.is_empty(), $map.exists(), $map.contains(&2), $map.contains(&9), $map.keys(), $map.values(),
            $map.items(), $map.iter(), $map.first(), $map.last(), $map.limit(1).items(), $map.range(2..).get(),
            $map.range(..=2).keys(), $map.range(2..3).values(), $map.range(..).rev().limit(1).iter(), $map.get(),
            $map.key(&2).get(), $map.key(&9).get(), $map.key(&9).get_or(0), $map.key(&2).exists(),
        )
    };
}

const MAP_READS: [&str; 21] = [
    "3",
    "false",
    "true",
    "true",
    "false",
    "[1, 2, 3]",
    "[10, 20, 30]",
    "[(1, 10), (2, 20), (3, 30)]",
    "IntoIter([(1, 10), (2, 20), (3, 30)])",
    "Some((1, 10))",
    "Some((3, 30))",
    "[(1, 10)]",
    "[(2, 20), (3, 30)]",
    "[1, 2]",
    "[20]",
    "IntoIter([(3, 30)])",
    "Some({1: 10, 2: 20, 3: 30})",
    "Some(20)",
    "None",
    "0",
    "true",
];

const NO_MAP_READS: [&str; 21] = [
    "0",
    "true",
    "false",
    "false",
    "false",
    "[]",
    "[]",
    "[]",
    "IntoIter([])",
    "None",
    "None",
    "[]",
    "[]",
    "[]",
    "[]",
    "IntoIter([])",
    "None",
    "None",
    "None",
    "0",
    "false",
];

macro_rules! set_reads {
    ($set:expr, $wait:tt) => {
        each!(wait: $wait;
            $set.len(), $set.is_empty(), $set.exists(), $set.contains("b"), $set.contains("z"), $set.items(), $set.iter(),
            $set.first(), $set.last(), $set.limit(2).items(), $set.range("b".to_owned()..).get(),
            $set.range(..).rev().limit(1).iter(), $set.get(),
        )
    };
}

const SET_READS: [&str; 13] = [
    "3",
    "false",
    "true",
    "true",
    "false",
    r#"["a", "b", "c"]"#,
    r#"IntoIter(["a", "b", "c"])"#,
    r#"Some("a")"#,
    r#"Some("c")"#,
    r#"["a", "b"]"#,
    r#"["b", "c"]"#,
    r#"IntoIter(["c"])"#,
    r#"Some({"a", "b", "c"})"#,
];

macro_rules! list_reads {
    ($list:expr, $wait:tt) => {
        each!(wait: $wait;
            $list.len(), $list.is_empty(), $list.exists(), $list.items(), $list.iter(), $list.first(), $list.last(),
            $list.limit(2).items(), $list.range(1..).get(), $list.range(1..99).items(), $list.range(..).rev().limit(2).iter(),
            $list.index(1).get(), $list.index(9).get(), $list.get(),
        )
    };
}

const LIST_READS: [&str; 14] = [
    "3",
    "false",
    "true",
    "[7, 8, 9]",
    "IntoIter([7, 8, 9])",
    "Some(7)",
    "Some(9)",
    "[7, 8]",
    "[8, 9]",
    "[8, 9]",
    "IntoIter([9, 8])",
    "Some(8)",
    "None",
    "Some([7, 8, 9])",
];

/// Something that fails an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    None,
    Error,
    Panic,
}

impl Fault {
    fn strike(self) -> Result<(), std::num::ParseIntError> {
        match self {
            Fault::None => Ok(()),
            Fault::Error => "x".parse::<u64>().map(|_| ()),
            Fault::Panic => panic!("struck"),
        }
    }
}

#[derive(Fields)]
pub struct Account {
    balance: u64,
    history: Subindexed<List<u64>>,
    tags: Set<String>,
    owner: Person,
}

#[derive(Fields)]
pub struct Person {
    name: String,
    addresses: Map<u64, List<Address>>,
}

/// A plain value, which has no `PartialEq` and no `Default`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Address(String);

#[module]
pub struct Kinds {
    #[depot(hash_by = |key| key)]
    values: Depot<String>,
    #[depot(hash_by = |key| key)]
    maps: Depot<String>,
    #[depot(hash_by = |key| key)]
    sets: Depot<String>,
    #[depot(hash_by = |key| key)]
    lists: Depot<String>,
    #[depot(hash_by = |key| key)]
    fields: Depot<String>,
    #[depot(hash_by = |change| &change.0)]
    faulty: Depot<(String, Fault)>,
    #[depot(random)]
    everywhere: Depot<u64>,

    #[pstate(owner = kinds)]
    numbers: PState<Map<String, u64>>,
    #[pstate(owner = kinds)]
    plain_maps: PState<Map<String, Map<u64, u64>>>,
    #[pstate(owner = kinds)]
    large_maps: PState<Subindexed<Map<String, Subindexed<Map<u64, u64>>>>>,
    #[pstate(owner = kinds)]
    plain_sets: PState<Map<String, Set<String>>>,
    #[pstate(owner = kinds)]
    large_sets: PState<Map<String, Subindexed<Set<String>>>>,
    #[pstate(owner = kinds)]
    plain_lists: PState<Map<String, List<u64>>>,
    #[pstate(owner = kinds)]
    large_lists: PState<Map<String, Subindexed<List<u64>>>>,
    #[pstate(owner = kinds)]
    nested_lists: PState<Map<String, List<List<u64>>>>,
    #[pstate(owner = kinds)]
    accounts: PState<Map<String, Account>>,
    #[pstate(owner = kinds)]
    task_value: PState<u64>,
    #[pstate(owner = kinds)]
    task_set: PState<Set<u64>>,
    #[pstate(owner = kinds)]
    task_list: PState<List<u64>>,
}

topology! {
    impl Kinds {
        #[stream(kinds, source = values)]
        async fn on_values(&mut self, key: String) -> Vec<String> {
            let mut seen = each!(wait: ();
                self.numbers.key(&key).get(),
                self.numbers.key(&key).get_or(5),
                self.numbers.key(&key).exists(),
                self.numbers.contains(&key),
                self.numbers.key(&key).remove(),
                self.numbers.key(&key).update(|n| { *n += 2; *n * 10 }),
                self.numbers.key(&key).get(),
                self.numbers.key(&key).set(9),
                self.numbers.key(&key).get_or(5),
                self.numbers.key(&key).exists(),
                self.numbers.contains(&key),
                self.numbers.remove(&key),
                self.numbers.remove(&key),
                self.numbers.contains(&key),
            );
            self.numbers.key(&key).set(1);
            // An event later, on the same task, the writes are still there.
            hash_partition(&key).await;
            seen.push(format!("{:?}", self.numbers.key(&key).update(|n| std::mem::replace(n, 40))));
            seen
        }

        #[stream(kinds, source = maps)]
        async fn on_maps(&mut self, key: String) -> Vec<Vec<String>> {
            let mut seen = vec![map_reads!(self.plain_maps.key(&key), ()), map_reads!(self.large_maps.key(&key), ())];
            for n in [3, 1, 2, 4] {
                self.plain_maps.key(&key).key(&n).set(n * 10);
                self.large_maps.key(&key).key(&n).update(|value| *value += n * 10);
            }
            seen.push(each!(wait: ();
                self.plain_maps.key(&key).remove(&4), self.plain_maps.key(&key).remove(&4),
                self.large_maps.key(&key).key(&4).remove(), self.large_maps.key(&key).key(&4).remove(),
            ));
            seen.push(map_reads!(self.plain_maps.key(&key), ()));
            seen.push(map_reads!(self.large_maps.key(&key), ()));
            let other = format!("{key}'");
            self.plain_maps.key(&other).set(BTreeMap::from([(1, 1), (2, 2)]));
            self.plain_maps.key(&other).clear();
            self.large_maps.key(&other).set(BTreeMap::from([(5, 5)]));
            seen
        }

        #[stream(kinds, source = sets)]
        async fn on_sets(&mut self, key: String) -> Vec<Vec<String>> {
            let mut seen = Vec::new();
            seen.push(each!(wait: ();
                self.plain_sets.key(&key).insert("b".into()), self.plain_sets.key(&key).insert("b".into()),
                self.plain_sets.key(&key).remove("z"), self.plain_sets.key(&key).remove("b"), self.plain_sets.key(&key).insert("b".into()),
                self.large_sets.key(&key).insert("b".into()), self.large_sets.key(&key).insert("b".into()),
                self.large_sets.key(&key).remove("z"), self.large_sets.key(&key).remove("b"), self.large_sets.key(&key).insert("b".into()),
            ));
            for element in ["c", "a"] {
                self.plain_sets.key(&key).insert(element.to_owned());
                self.large_sets.key(&key).insert(element.to_owned());
            }
            seen.push(set_reads!(self.plain_sets.key(&key), ()));
            seen.push(set_reads!(self.large_sets.key(&key), ()));
            let other = format!("{key}'");
            self.plain_sets.key(&other).set(BTreeSet::from(["x".to_owned()]));
            self.large_sets.key(&other).set(BTreeSet::from(["x".to_owned()]));
            self.large_sets.key(&other).clear();
            seen
        }

        #[stream(kinds, source = lists, max_retries = 0, on_failure = skip)]
        async fn on_lists(&mut self, key: String) -> Vec<Vec<String>> {
            let mut seen = Vec::new();
            for item in [7, 5, 9, 4] {
                self.plain_lists.key(&key).push(item);
                self.large_lists.key(&key).push(item);
            }
            seen.push(each!(wait: ();
                self.plain_lists.key(&key).pop(), self.large_lists.key(&key).pop(),
                self.plain_lists.key(&key).index(1).update(|item| { *item += 3; *item }), self.large_lists.key(&key).index(1).set(8),
            ));
            seen.push(list_reads!(self.plain_lists.key(&key), ()));
            seen.push(list_reads!(self.large_lists.key(&key), ()));
            self.nested_lists.key(&key).push(vec![1]);
            self.nested_lists.key(&key).index(0).push(2);
            self.nested_lists.key(&key).index(0).index(1).update(|item| *item *= 10);
            self.nested_lists.key(&key).push(Vec::new());
            seen.push(each!(wait: (); self.nested_lists.key(&key).items(), self.nested_lists.key(&key).index(1).is_empty()));
            if key == "beyond" {
                self.plain_lists.key(&key).index(3).set(1);
            }
            let other = format!("{key}'");
            self.plain_lists.key(&other).set(vec![1, 2]);
            self.plain_lists.key(&other).clear();
            seen
        }

        #[stream(kinds, source = fields)]
        async fn on_fields(&mut self, key: String) -> Vec<String> {
            let before = format!("{:?}", self.accounts.key(&key).get().is_some());
            self.accounts.key(&key).balance().update(|cents| *cents += 5);
            self.accounts.key(&key).history().push(5);
            self.accounts.key(&key).tags().insert("new".into());
            self.accounts.key(&key).owner().name().set("Ann".into());
            self.accounts.key(&key).owner().addresses().key(&1).push(Address("Mars".into()));
            self.accounts.key(&key).owner().addresses().key(&1).index(0).set(Address("Venus".into()));
            let whole = self.accounts.key(&key).get().map(|account| (account.balance, account.history, account.tags));
            let other = format!("{key}'");
            self.accounts.key(&other).set(AccountValue { balance: Some(7), ..Default::default() });
            let mut seen = each!(wait: ();
                whole,
                self.accounts.key(&key).owner().name().get(),
                self.accounts.key(&key).owner().addresses().key(&1).first(),
                self.accounts.key(&other).balance().get(),
                self.accounts.key(&other).history().len(),
                self.accounts.key(&other).owner().name().get(),
                self.accounts.key(&key).balance().remove(),
                self.accounts.key(&key).balance().get(),
            );
            seen.insert(0, before);
            seen
        }

        #[stream(kinds, source = faulty, max_retries = 0, on_failure = skip)]
        async fn on_faulty(&mut self, (key, fault): (String, Fault)) {
            self.numbers.key(&key).update(|n| *n += 1);
            self.plain_maps.key(&key).key(&1).set(1);
            self.large_maps.key(&key).key(&1).set(1);
            self.plain_sets.key(&key).insert("x".into());
            self.plain_lists.key(&key).push(1);
            self.accounts.key(&key).owner().addresses().key(&3).push(Address("here".into()));
            if fault != Fault::None {
                self.plain_lists.key(&key).index(0).set(99);
                self.plain_maps.key(&key).clear();
                self.plain_sets.remove(&key);
                self.numbers.clear();
            }
            fault.strike()?;
        }

        #[stream(kinds, source = everywhere)]
        async fn on_everywhere(&mut self, n: u64) {
            all_partition().await;
            self.task_value.update(|value| *value += n);
            self.task_set.insert(n);
            self.task_list.push(n);
        }
    }
}

async fn launched(cluster: &TestCluster) -> KindsClient {
    cluster
        .launch::<Kinds>(Launch::tasks(4).threads(2).check_wire(true))
        .await
        .unwrap()
}

#[tokio::test]
async fn values_are_got_set_updated_and_removed() {
    let cluster = TestCluster::start().unwrap();
    let app = launched(&cluster).await;
    for key in ["a", "b", "c", "d"] {
        let seen = app.values().append(key.into()).await.unwrap();
        let expected = [
            "None", "5", "false", "false", "false", "20", "Some(2)", "()", "9", "true", "true", "true", "false",
            "false", "1",
        ];
        assert_eq!(seen, expected, "of {key}");
        assert_eq!(app.numbers().key(key).get().await.unwrap(), Some(40));
        assert_eq!(app.numbers().key(key).get_or(0).await.unwrap(), 40);
        assert!(app.numbers().key(key).exists().await.unwrap());
        assert!(app.numbers().contains(key).await.unwrap());
    }
    assert_eq!(app.numbers().key("e").get().await.unwrap(), None);
    assert_eq!(app.numbers().key("e").get_or(3).await.unwrap(), 3);
    assert!(!app.numbers().contains("e").await.unwrap());
}

#[tokio::test]
async fn a_map_on_all_tasks_is_listed_in_key_order() {
    let cluster = TestCluster::start().unwrap();
    let app = launched(&cluster).await;
    assert!(app.numbers().is_empty().await.unwrap());
    app.values()
        .append_batch(["d", "a", "c", "b"].map(str::to_owned).into())
        .await
        .unwrap();
    let all = ["a", "b", "c", "d"].map(|key| (key.to_owned(), 40));
    assert_eq!(app.numbers().items().await.unwrap(), all);
    assert_eq!(app.numbers().keys().await.unwrap(), all.clone().map(|(key, _)| key));
    assert_eq!(app.numbers().len().await.unwrap(), 4);
    let mut parts = Vec::new();
    for task in 0..4 {
        parts.extend(app.numbers().partition(task).items().await.unwrap());
    }
    parts.sort();
    assert_eq!(parts, all);
}

#[tokio::test]
async fn maps_read_the_same_in_a_topology_and_on_the_client() {
    let cluster = TestCluster::start().unwrap();
    let app = launched(&cluster).await;
    let seen = app.maps().append("k".into()).await.unwrap();
    assert_eq!(seen[0], NO_MAP_READS);
    assert_eq!(seen[1], NO_MAP_READS);
    assert_eq!(seen[2], ["true", "false", "true", "false"]);
    assert_eq!(seen[3], MAP_READS);
    assert_eq!(seen[4], MAP_READS);
    assert_eq!(map_reads!(app.plain_maps().key("k"), (.await.unwrap())), MAP_READS);
    assert_eq!(map_reads!(app.large_maps().key("k"), (.await.unwrap())), MAP_READS);
    assert_eq!(
        map_reads!(app.plain_maps().key("none"), (.await.unwrap())),
        NO_MAP_READS
    );
    assert_eq!(
        map_reads!(app.large_maps().key("none"), (.await.unwrap())),
        NO_MAP_READS
    );
}

#[tokio::test]
async fn a_whole_map_is_set_and_a_cleared_one_is_empty() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Kinds>(Launch::tasks(1)).await.unwrap();
    app.maps().append("k".into()).await.unwrap();
    assert_eq!(app.plain_maps().key("k'").get().await.unwrap(), Some(BTreeMap::new()));
    assert_eq!(
        app.large_maps().key("k'").get().await.unwrap(),
        Some(BTreeMap::from([(5, 5)]))
    );
}

#[tokio::test]
async fn sets_read_the_same_in_a_topology_and_on_the_client_and_say_what_is_new() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Kinds>(Launch::tasks(1)).await.unwrap();
    let seen = app.sets().append("k".into()).await.unwrap();
    assert_eq!(
        seen[0],
        [
            "true", "false", "false", "true", "true", "true", "false", "false", "true", "true"
        ]
    );
    assert_eq!(seen[1], SET_READS);
    assert_eq!(seen[2], SET_READS);
    assert_eq!(set_reads!(app.plain_sets().key("k"), (.await.unwrap())), SET_READS);
    assert_eq!(set_reads!(app.large_sets().key("k"), (.await.unwrap())), SET_READS);
    assert_eq!(app.plain_sets().key("k'").items().await.unwrap(), ["x"]);
    assert!(app.large_sets().key("k'").is_empty().await.unwrap());
}

#[tokio::test]
async fn lists_read_the_same_in_a_topology_and_on_the_client() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Kinds>(Launch::tasks(1)).await.unwrap();
    let seen = app.lists().append("k".into()).await.unwrap();
    assert_eq!(seen[0], ["Some(4)", "Some(4)", "8", "()"]);
    assert_eq!(seen[1], LIST_READS);
    assert_eq!(seen[2], LIST_READS);
    assert_eq!(seen[3], ["[[1, 20], []]", "true"]);
    assert_eq!(list_reads!(app.plain_lists().key("k"), (.await.unwrap())), LIST_READS);
    assert_eq!(list_reads!(app.large_lists().key("k"), (.await.unwrap())), LIST_READS);
    assert_eq!(app.nested_lists().key("k").index(0).last().await.unwrap(), Some(20));
    assert_eq!(app.plain_lists().key("k'").get().await.unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn a_write_beyond_a_lists_end_fails_the_event_and_says_so() {
    let cluster = TestCluster::start().unwrap();
    let app = launched(&cluster).await;
    let failed = app.lists().append("beyond".into()).await.unwrap_err();
    let Error::RecordFailed { error, .. } = failed else {
        panic!("{failed:?}")
    };
    assert!(
        error.contains("list index 3 is out of range: the list has 3 items"),
        "{error}"
    );
    assert_eq!(app.plain_lists().key("beyond").get().await.unwrap(), None);
    assert!(app.lists().append("k".into()).await.is_ok());
}

#[tokio::test]
async fn fields_are_reached_at_any_depth_and_may_be_unset() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Kinds>(Launch::tasks(1)).await.unwrap();
    let seen = app.fields().append("k".into()).await.unwrap();
    let expected = [
        "false",
        r#"Some((Some(5), Some([5]), Some({"new"})))"#,
        r#"Some("Ann")"#,
        r#"Some(Address("Venus"))"#,
        "Some(7)",
        "0",
        "None",
        "true",
        "None",
    ];
    assert_eq!(seen, expected);
    let account = || app.accounts().key("k");
    assert_eq!(account().balance().get().await.unwrap(), None);
    assert_eq!(account().history().range(0..20).get().await.unwrap(), [5]);
    assert!(account().tags().contains("new").await.unwrap());
    assert_eq!(account().owner().name().get().await.unwrap(), Some("Ann".into()));
    assert_eq!(
        account().owner().addresses().key(&1).first().await.unwrap().unwrap().0,
        "Venus"
    );
    assert_eq!(account().owner().addresses().keys().await.unwrap(), [1]);
    let whole = account().get().await.unwrap().unwrap();
    assert_eq!((whole.balance, whole.history), (None, Some(vec![5])));
    assert_eq!(app.accounts().key("k'").balance().get().await.unwrap(), Some(7));
    assert!(app.accounts().key("none").get().await.unwrap().is_none());
}

#[tokio::test]
async fn an_event_that_fails_leaves_no_write_behind() {
    for fault in [Fault::Error, Fault::Panic] {
        let cluster = TestCluster::start().unwrap();
        let app = launched(&cluster).await;
        for done in [false, true] {
            let failed = app.faulty().append(("k".into(), fault)).await.unwrap_err();
            assert!(matches!(failed, Error::RecordFailed { attempts: 1, .. }), "{failed:?}");
            let one = u64::from(done);
            assert_eq!(app.numbers().key("k").get_or(0).await.unwrap(), one);
            assert_eq!(app.plain_maps().key("k").exists().await.unwrap(), done);
            assert_eq!(app.plain_maps().key("k").len().await.unwrap() as u64, one);
            assert_eq!(app.large_maps().key("k").exists().await.unwrap(), done);
            assert_eq!(app.plain_sets().key("k").exists().await.unwrap(), done);
            assert_eq!(
                app.plain_lists().key("k").items().await.unwrap(),
                vec![1; usize::from(done)]
            );
            assert_eq!(app.accounts().key("k").get().await.unwrap().is_some(), done);
            if !done {
                app.faulty().append(("k".into(), Fault::None)).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_pstate_that_is_no_map_is_one_thing_a_task() {
    let cluster = TestCluster::start().unwrap();
    let app = launched(&cluster).await;
    assert_eq!(app.task_value().partition(0).get().await.unwrap(), None);
    for n in [3, 4] {
        app.everywhere().append(n).await.unwrap();
    }
    for task in 0..4 {
        assert_eq!(app.task_value().partition(task).get().await.unwrap(), Some(7));
        assert_eq!(app.task_set().partition(task).items().await.unwrap(), [3, 4]);
        assert_eq!(app.task_list().partition(task).items().await.unwrap(), [3, 4]);
    }
    let beyond = app.task_value().partition(4).get().await;
    assert_eq!(beyond, Err(Error::NoSuchTask { task: 4, tasks: 4 }));
}

#[module]
pub struct Options {
    #[depot(random)]
    input: Depot<(u32, u64)>,
    #[pstate(owner = put, global)]
    total: PState<u64>,
    #[pstate(owner = put, global)]
    seen: PState<Map<u32, u64>>,
    #[pstate(owner = put, initial = 100)]
    counter: PState<u64>,
    #[pstate(owner = put, initial = BTreeMap::from([(7, 70)]))]
    started: PState<Map<u32, u64>>,
    #[pstate(owner = put, private)]
    secret: PState<Map<u32, u64>>,
    #[pstate(owner = put, partition_by = |key| &key.0)]
    pairs: PState<Map<(u32, u64), u64>>,
}

topology! {
    impl Options {
        #[stream(put, source = input)]
        async fn put(&mut self, (group, n): (u32, u64)) -> (u64, Option<u64>) {
            let first = self.counter.update(|count| { *count += 1; *count });
            path_partition(self.pairs.key(&(group, n))).await;
            self.pairs.key(&(group, n)).set(n);
            hash_partition(&group).await;
            let together = self.pairs.key(&(group, n)).get();
            self.secret.key(&group).update(|sum| *sum += n);
            let secret = self.secret.key(&group).get();
            global_partition().await;
            self.total.update(|sum| *sum += n);
            self.seen.key(&group).update(|sum| *sum += n);
            (first, together.and(secret))
        }
    }
}

#[tokio::test]
async fn options_decide_where_a_pstate_is_and_what_it_begins_with() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Options>(Launch::tasks(8).threads(2).check_wire(true))
        .await
        .unwrap();
    assert_eq!(app.total().get().await.unwrap(), None);
    for n in 1..=5 {
        let (first, sum) = app.input().append((9, n)).await.unwrap();
        assert!(first > 100);
        assert_eq!(sum, Some((1..=n).sum()));
    }
    assert_eq!(app.total().get().await.unwrap(), Some(15));
    assert_eq!(app.seen().items().await.unwrap(), [(9, 15)]);
    let owner = rama_runtime::key::task_of(&9u32, 8).unwrap();
    assert_eq!(app.pairs().partition(owner).len().await.unwrap(), 5);
    assert_eq!(app.pairs().key(&(9, 4)).get().await.unwrap(), Some(4));
    assert_eq!(app.pairs().len().await.unwrap(), 5);
    let mut counted = 0;
    for task in 0..8 {
        counted += app.counter().partition(task).get().await.unwrap().unwrap() - 100;
        assert_eq!(app.started().partition(task).items().await.unwrap(), [(7, 70)]);
    }
    assert_eq!(counted, 5);
}

#[module]
pub struct Ids {
    #[depot(random)]
    wishes: Depot<u64>,
    #[pstate(owner = make, private)]
    ids: PState<u64>,
    #[pstate(owner = make)]
    made: PState<Map<u64, u64>>,
}

topology! {
    impl Ids {
        #[stream(source = wishes)]
        async fn make(&mut self, wish: u64) -> u64 {
            let id = self.ids.next();
            hash_partition(&id).await;
            self.made.key(&id).update(|times| *times += 1);
            id + wish * 0
        }
    }
}

#[tokio::test]
async fn ids_are_never_given_twice_on_any_task() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Ids>(Launch::tasks(4).threads(2)).await.unwrap();
    let ids = app.wishes().append_batch((0..100).collect()).await.unwrap();
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), 100);
    assert_eq!(
        app.made().items().await.unwrap(),
        distinct.into_iter().map(|id| (id, 1)).collect::<Vec<_>>()
    );
}
