//! What is in a folder comes back from it.
#![allow(missing_docs, clippy::type_complexity, clippy::unwrap_used)]

use rama_runtime::prelude::*;
use std::path::Path;
use std::time::Duration;

/// Counts words, and what it was told.
#[module]
pub struct Words {
    #[depot(random)]
    lines: Depot<String>,
    #[depot(disallow)]
    long_words: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = count)]
    by_length: PState<Map<u64, Subindexed<Set<String>>>>,
    #[pstate(owner = long)]
    longest: PState<Map<String, Longest>>,
}

/// Of words that begin with a letter.
#[derive(Fields)]
pub struct Longest {
    word: String,
    seen: u64,
    all: Subindexed<List<String>>,
}

topology! {
    impl Words {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let word = explode(line.split_whitespace().map(str::to_owned)).await;
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
            let length = word.len() as u64;
            hash_partition(&length).await;
            self.by_length.key(&length).insert(word.clone());
            if length > 4 {
                self.long_words.append(word).await;
            }
        }

        #[stream(source = long_words)]
        async fn long(&mut self, word: String) {
            let letter = word[..1].to_owned();
            hash_partition(&letter).await;
            let mut longest = self.longest.key(&letter);
            longest.by_ref().seen().update(|n| *n += 1);
            longest.by_ref().all().push(word.clone());
            if longest.by_ref().word().get().is_none_or(|known| known.len() < word.len()) {
                longest.word().set(word);
            }
        }
    }
}

async fn launch(path: &Path, threads: u32) -> (InProcessCluster, WordsClient) {
    let cluster = InProcessCluster::open(path).unwrap();
    let app = cluster
        .launch::<Words>(Launch::tasks(4).threads(threads))
        .await
        .unwrap();
    (cluster, app)
}

async fn check(app: &WordsClient, rounds: u64) {
    assert_eq!(app.counts().key("banana").get().await.unwrap(), Some(rounds));
    assert_eq!(app.counts().key("be").get().await.unwrap(), Some(2 * rounds));
    assert_eq!(
        app.by_length().key(&6).items().await.unwrap(),
        ["ananas".to_owned(), "banana".to_owned()]
    );
    assert_eq!(app.longest().key("b").seen().get().await.unwrap(), Some(rounds));
    let all = app.longest().key("b").all().items().await.unwrap();
    assert_eq!(all, vec!["banana".to_owned(); rounds as usize]);
}

const LINE: &str = "be banana be ananas it or not";

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_shutdown_and_after_a_drop_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=6 {
        let (cluster, app) = launch(folder.path(), [1, 2, 4][round % 3]).await;
        if round > 1 {
            check(&app, round as u64 - 1).await;
        }
        app.lines().append(LINE.into()).await.unwrap();
        app.settled().await.unwrap();
        check(&app, round as u64).await;
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}

/// Every kind of state, written by orders: `("set", 3)` and the like.
#[module]
pub struct Kinds {
    #[depot(global)]
    orders: Depot<(String, u64)>,
    #[depot(global)]
    waiting: Depot<u64>,
    #[pstate(owner = kinds, global)]
    total: PState<u64>,
    #[pstate(owner = kinds, global, initial = 100)]
    counter: PState<u64>,
    #[pstate(owner = kinds, global, initial = [(1, 10), (2, 20)].into())]
    prices: PState<Map<u64, u64>>,
    #[pstate(owner = kinds, global, initial = [1, 2].into())]
    first: PState<Set<u64>>,
    #[pstate(owner = kinds, global)]
    map: PState<Map<u64, u64>>,
    #[pstate(owner = kinds, global)]
    set: PState<Set<u64>>,
    #[pstate(owner = kinds, global)]
    list: PState<List<u64>>,
    #[pstate(owner = kinds, global)]
    large_map: PState<Subindexed<Map<u64, u64>>>,
    #[pstate(owner = kinds, global)]
    large_set: PState<Subindexed<Set<u64>>>,
    #[pstate(owner = kinds, global)]
    large_list: PState<Subindexed<List<u64>>>,
    #[pstate(owner = kinds, global)]
    nested: PState<Map<u64, Subindexed<Map<u64, Subindexed<List<u64>>>>>>,
    #[pstate(owner = kinds, global)]
    accounts: PState<Map<u64, Account>>,
}

#[derive(Fields)]
pub struct Account {
    name: String,
    history: Subindexed<List<u64>>,
    friends: Subindexed<Set<u64>>,
    limits: Subindexed<Map<u64, u64>>,
    few: Map<u64, u32>,
}

topology! {
    impl Kinds {
        #[stream(kinds, source = waiting)]
        async fn wait(&mut self, _: u64) { external(std::future::pending::<()>()).await; }

        #[stream(kinds, source = orders)]
        async fn order(&mut self, (what, n): (String, u64)) {
            self.total.update(|total| *total += 1);
            match what.as_str() {
                "count" => self.counter.update(|counter| *counter += n),
                "uncount" => { self.counter.remove(); }
                "price" => { self.prices.key(&n).set(n * 100); }
                "unprice" => { self.prices.key(&n).remove(); }
                "unprice all" => { self.prices.clear(); }
                "unfirst" => { self.first.remove(&n); }
                "add" => {
                    self.map.key(&n).set(n * 2);
                    self.set.insert(n);
                    self.list.push(n);
                    self.large_map.key(&n).set(n * 2);
                    self.large_set.insert(n);
                    self.large_list.push(n);
                    self.nested.key(&(n % 2)).key(&(n % 3)).push(n);
                }
                "take" => {
                    self.map.key(&n).remove();
                    self.set.remove(&n);
                    self.list.pop();
                    self.large_map.key(&n).remove();
                    self.large_set.remove(&n);
                    self.large_list.pop();
                    self.nested.key(&(n % 2)).remove(&(n % 3));
                }
                "clear" => {
                    self.large_map.clear();
                    self.large_set.clear();
                    self.large_list.clear();
                    self.nested.remove(&0);
                }
                "open" => {
                    let mut account = self.accounts.key(&n);
                    account.by_ref().name().set(format!("number {n}"));
                    account.by_ref().history().push(n);
                    account.by_ref().friends().insert(n);
                    account.by_ref().limits().key(&n).set(n);
                    account.few().key(&n).set(1);
                }
                "close" => { self.accounts.key(&n).remove(); }
                "name" => { self.accounts.key(&n).name().set("again".to_owned()); }
                "befriend" => { self.accounts.key(&n).friends().insert(99); }
                _ => Err("no such order")?,
            }
        }
    }
}

/// A folder that is opened anew whenever it is asked for.
struct Reopened {
    folder: tempfile::TempDir,
    open: Option<(InProcessCluster, KindsClient)>,
    times: u32,
}

impl Reopened {
    async fn new() -> Self {
        let mut new = Reopened {
            folder: tempfile::tempdir().unwrap(),
            open: None,
            times: 0,
        };
        new.again().await;
        new
    }

    fn app(&self) -> &KindsClient {
        &self.open.as_ref().unwrap().1
    }

    /// Every second time, without a shutdown.
    async fn again(&mut self) -> &KindsClient {
        if let Some((cluster, _app)) = self.open.take()
            && self.times.is_multiple_of(2)
        {
            cluster.shutdown().await.unwrap();
        }
        self.times += 1;
        let cluster = InProcessCluster::open(self.folder.path()).unwrap();
        let threads = [1, 2, 4][self.times as usize % 3];
        let app = cluster
            .launch::<Kinds>(Launch::tasks(4).threads(threads))
            .await
            .unwrap();
        self.open = Some((cluster, app));
        self.app()
    }

    /// Gives these orders, and opens the folder anew.
    async fn order(&mut self, orders: &[(&str, u64)]) -> &KindsClient {
        for (what, n) in orders {
            self.app().orders().append(((*what).to_owned(), *n)).await.unwrap();
        }
        self.again().await
    }
}

#[tokio::test]
async fn a_global_pstate_and_its_depot_come_back() {
    let mut kinds = Reopened::new().await;
    for round in 1..5 {
        let app = kinds.order(&[("add", round)]).await;
        assert_eq!(app.total().get().await.unwrap(), Some(round));
        let orders = app.orders().read(0, 0..round).await.unwrap();
        assert!(orders.iter().map(|(_, n)| *n).eq(1..=round));
    }
}

#[tokio::test]
async fn an_initial_value_stays_until_it_is_changed_and_does_not_come_back() {
    let mut kinds = Reopened::new().await;
    let app = kinds.again().await;
    assert_eq!(app.counter().get().await.unwrap(), Some(100));
    assert_eq!(app.prices().items().await.unwrap(), [(1, 10), (2, 20)]);
    let app = kinds.order(&[("count", 1), ("price", 3), ("unfirst", 1)]).await;
    assert_eq!(app.counter().get().await.unwrap(), Some(101));
    assert_eq!(app.prices().items().await.unwrap(), [(1, 10), (2, 20), (3, 300)]);
    assert_eq!(app.first().items().await.unwrap(), [2]);
    let app = kinds.order(&[("unprice", 1), ("count", 1)]).await;
    assert_eq!(app.counter().get().await.unwrap(), Some(102));
    assert_eq!(app.prices().items().await.unwrap(), [(2, 20), (3, 300)]);
}

#[tokio::test]
async fn an_initial_value_that_was_removed_does_not_come_back() {
    let mut kinds = Reopened::new().await;
    kinds.app().orders().append(("uncount".to_owned(), 0)).await.unwrap();
    assert_eq!(kinds.app().counter().get().await.unwrap(), None);
    for _ in 0..3 {
        assert_eq!(kinds.again().await.counter().get().await.unwrap(), None);
    }
}

#[tokio::test]
async fn entries_of_an_initial_value_that_were_all_removed_do_not_come_back() {
    let mut kinds = Reopened::new().await;
    kinds
        .order(&[("unprice", 1), ("unprice", 2), ("unfirst", 1), ("unfirst", 2)])
        .await;
    for _ in 0..3 {
        let app = kinds.again().await;
        assert_eq!(app.prices().len().await.unwrap(), 0);
        assert_eq!(app.first().len().await.unwrap(), 0);
    }
    let app = kinds.order(&[("price", 7), ("unprice all", 0)]).await;
    assert_eq!(app.prices().items().await.unwrap(), []);
}

#[tokio::test]
async fn sets_lists_and_maps_come_back_whole_or_element_by_element() {
    let mut kinds = Reopened::new().await;
    let app = kinds.order(&[("add", 1), ("add", 4), ("add", 2), ("add", 6)]).await;
    let doubled = vec![(1, 2), (2, 4), (4, 8), (6, 12)];
    assert_eq!(app.map().items().await.unwrap(), doubled);
    assert_eq!(app.large_map().items().await.unwrap(), doubled);
    assert_eq!(app.set().items().await.unwrap(), [1, 2, 4, 6]);
    assert_eq!(app.large_set().items().await.unwrap(), [1, 2, 4, 6]);
    assert_eq!(app.list().items().await.unwrap(), [1, 4, 2, 6]);
    assert_eq!(app.large_list().items().await.unwrap(), [1, 4, 2, 6]);
    assert_eq!(app.nested().key(&0).key(&0).items().await.unwrap(), [6]);
    let app = kinds.order(&[("take", 4), ("add", 9), ("take", 9), ("add", 10)]).await;
    let doubled = vec![(1, 2), (2, 4), (6, 12), (10, 20)];
    assert_eq!(app.map().items().await.unwrap(), doubled);
    assert_eq!(app.large_map().items().await.unwrap(), doubled);
    assert_eq!(app.set().items().await.unwrap(), [1, 2, 6, 10]);
    assert_eq!(app.large_set().items().await.unwrap(), [1, 2, 6, 10]);
    assert_eq!(app.list().items().await.unwrap(), [1, 4, 2, 10]);
    assert_eq!(app.large_list().items().await.unwrap(), [1, 4, 2, 10]);
    assert_eq!(app.large_list().len().await.unwrap(), 4);
    // 4 was there, too, and was removed with its list.
    assert_eq!(app.nested().key(&0).key(&1).items().await.unwrap(), [10]);
    assert_eq!(app.nested().key(&1).keys().await.unwrap(), [1]);
    let app = kinds.order(&[("clear", 0)]).await;
    assert_eq!(app.large_map().items().await.unwrap(), []);
    assert_eq!(app.large_set().len().await.unwrap(), 0);
    assert!(app.large_list().is_empty().await.unwrap());
    assert_eq!(app.large_list().items().await.unwrap().len(), 0);
    assert!(!app.nested().contains(&0).await.unwrap());
    let app = kinds.order(&[("add", 8)]).await;
    assert_eq!(app.large_map().items().await.unwrap(), [(8, 16)]);
    assert_eq!(app.large_list().items().await.unwrap(), [8]);
    assert_eq!(app.nested().key(&0).keys().await.unwrap(), [2]);
    assert_eq!(app.list().items().await.unwrap(), [1, 4, 2, 10, 8]);
}

#[tokio::test]
async fn nothing_of_an_entry_that_was_removed_comes_back_with_its_key() {
    let mut kinds = Reopened::new().await;
    kinds.order(&[("open", 1), ("open", 1), ("open", 2)]).await;
    // Removed and there again: in two lives, and in one.
    for orders in [&[("close", 1)][..], &[("open", 1), ("close", 1)]] {
        let app = kinds.order(orders).await;
        assert!(!app.accounts().contains(&1).await.unwrap());
        let app = kinds.order(&[("name", 1), ("befriend", 1)]).await;
        let account = app.accounts().key(&1).get().await.unwrap().unwrap();
        assert_eq!(account.name.as_deref(), Some("again"));
        assert_eq!((account.history, account.limits, account.few), (None, None, None));
        assert_eq!(account.friends, Some([99].into()));
        assert!(app.accounts().key(&1).history().is_empty().await.unwrap());
        assert_eq!(app.accounts().key(&1).history().items().await.unwrap().len(), 0);
        assert_eq!(app.accounts().key(&1).limits().len().await.unwrap(), 0);
        // The neighbour has lost nothing.
        let other = app.accounts().key(&2).get().await.unwrap().unwrap();
        assert_eq!(other.name.as_deref(), Some("number 2"));
        assert_eq!((other.history, other.friends), (Some(vec![2]), Some([2].into())));
        assert_eq!(
            (other.limits, other.few),
            (Some([(2, 2)].into()), Some([(2, 1)].into()))
        );
    }
}

#[tokio::test]
async fn an_append_that_waits_when_its_cluster_is_dropped_is_told() {
    let kinds = Reopened::new().await;
    let append = kinds.app().waiting().append(1).into_future();
    let app = kinds.app().clone();
    while app.waiting().partition_info(0).await.unwrap().end == 0 {
        tokio::task::yield_now().await;
    }
    drop(kinds);
    let told = tokio::time::timeout(Duration::from_secs(10), append).await;
    assert_eq!(told.unwrap(), Err(Error::ShutDown));
}
