use super::*;
use crate::env::Rng;
use crate::group::entries::Entry;
use crate::group::store::{LsmStore, SimulatedStore};
use crate::group::{Changes, value};
use crate::pstate::Map;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

/// Not the same when it is done twice.
fn converts(old: u32) -> u64 {
    u64::from(old) + 1000
}

fn panics_on_seven(old: u32) -> u64 {
    assert_ne!(old, 7, "seven");
    converts(old)
}

fn moves(with: fn(u32) -> u64) -> Vec<Move> {
    [(3, 7), (5, 9)]
        .map(|(old, new)| Move::new(format!("p{new}"), old, new, Migration::new::<Map<u8, u64>, u32>(with)))
        .into()
}

fn migrating(inner: &Arc<dyn Store>, with: fn(u32) -> u64) -> Arc<Migrating> {
    Arc::new(Migrating::new(Arc::clone(inner), moves(with)))
}

/// The key of an entry of a partition of PState number `number`; without a path, the partition's own.
fn key(number: u16, task: u32, path: &[u8]) -> Vec<u8> {
    [&keys::pstate(number, task)[..], path].concat()
}

fn encoded<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value::encode(value, &mut out).unwrap();
    out
}

fn put(store: &dyn Store, entries: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>) {
    let mut changes = Coalesced::default();
    for (key, value) in entries {
        changes.set(&key, value.as_deref());
    }
    store.apply(changes, 1).unwrap();
}

fn simulated() -> Arc<dyn Store> {
    Arc::new(SimulatedStore::default())
}

fn all(store: &dyn Store, prefix: &[u8]) -> Vec<Entry> {
    store.below(prefix).map(Result::unwrap).collect()
}

fn finish(mover: &mut Mover) {
    while mover.step().unwrap() {}
}

/// What is done to the store, and asked of it.
#[derive(Debug, Clone)]
enum Do {
    Put(Vec<u8>, u64),
    Remove(Vec<u8>),
    Clear(Vec<u8>),
    /// What was committed is brought to the store.
    Bring,
    Move(usize),
    Get(Vec<u8>),
    Range(Bound<Vec<u8>>, Bound<Vec<u8>>, bool),
    /// The machine dies, and the folder is opened again.
    Crash(u64),
}

/// Keys of the PStates that move, and of one between and one behind them.
fn keys_of_new() -> impl Strategy<Value = Vec<u8>> {
    (7u16..11, 0u32..2, vec(0u8..3, 0..3)).prop_map(|(number, task, path)| key(number, task, &path))
}

fn prefixes() -> impl Strategy<Value = Vec<u8>> {
    let whole = (7u16..11).prop_map(|number| keys::all_partitions(Declared::PState, number).to_vec());
    prop_oneof![4 => keys_of_new(), 1 => whole]
}

fn bounds() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        prefixes().prop_map(Bound::Included),
        prefixes().prop_map(Bound::Excluded)
    ]
}

fn things_to_do() -> impl Strategy<Value = Do> {
    let to = prop_oneof![4 => bounds(), 1 => Just(Bound::Unbounded)];
    prop_oneof![
        4 => (keys_of_new(), 0u64..100).prop_map(|(key, value)| Do::Put(key, value)),
        4 => keys_of_new().prop_map(Do::Remove),
        1 => prefixes().prop_map(Do::Clear),
        4 => Just(Do::Bring),
        4 => (1usize..5).prop_map(Do::Move),
        4 => keys_of_new().prop_map(Do::Get),
        4 => (bounds(), to, any::<bool>()).prop_map(|(from, to, backwards)| Do::Range(from, to, backwards)),
        2 => any::<u64>().prop_map(Do::Crash),
    ]
}

/// What the earlier version has stored: values and, at the partitions' own places, what is not one.
fn earlier() -> impl Strategy<Value = BTreeMap<(bool, u32, Vec<u8>), u32>> {
    let place = (any::<bool>(), 0u32..2, vec(0u8..3, 0..3));
    proptest::collection::btree_map(place, 0u32..100, 0..20)
}

/// The store, what was committed, and what should be there.
struct World {
    disk: SimulatedStore,
    store: Arc<Migrating>,
    mover: Mover,
    log: Vec<Vec<u8>>,
    /// Commits that the store has.
    brought: usize,
    /// What the commits that the store has have come to.
    model: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Operations of the next commit.
    changes: Changes,
}

impl World {
    fn new(earlier: BTreeMap<(bool, u32, Vec<u8>), u32>) -> Self {
        let disk = SimulatedStore::default();
        let mut changes = Coalesced::default();
        let mut model = BTreeMap::new();
        for ((first, task, path), number) in earlier {
            let (old, new) = if first { (3, 7) } else { (5, 9) };
            changes.set(&key(old, task, &path), Some(&encoded(&number)));
            let value = if path.is_empty() {
                encoded(&number)
            } else {
                encoded(&converts(number))
            };
            model.insert(key(new, task, &path), value);
        }
        disk.apply(changes, 0).unwrap();
        disk.persist().unwrap();
        let inner: Arc<dyn Store> = Arc::new(disk.clone());
        let store = migrating(&inner, converts);
        World {
            mover: store.mover(3),
            disk,
            store,
            log: Vec::new(),
            brought: 0,
            model,
            changes: Changes::default(),
        }
    }

    fn bring(&mut self) {
        let commit = self.changes.take();
        let mut changes = Coalesced::default();
        changes.add(&commit).unwrap();
        for prefix in &changes.clears {
            self.model.retain(|key, _| !key.starts_with(prefix));
        }
        for (key, value) in &changes.entries {
            match value {
                Some(value) => self.model.insert(key.clone(), value.clone()),
                None => self.model.remove(key),
            };
        }
        self.log.push(commit);
        self.brought = self.log.len();
        self.store.apply(changes, self.brought as u64).unwrap();
    }

    fn crash(&mut self, seed: u64) {
        self.disk.crash(&mut Rng::new(seed));
        let inner: Arc<dyn Store> = Arc::new(self.disk.clone());
        self.store = migrating(&inner, converts);
        self.mover = self.store.mover(3);
        let mut changes = Coalesced::default();
        for commit in &self.log[self.store.applied().unwrap() as usize..] {
            changes.add(commit).unwrap();
        }
        self.store.apply(changes, self.log.len() as u64).unwrap();
        self.store.persist().unwrap();
    }

    fn range(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> Result<(), TestCaseError> {
        let found: Vec<Entry> = self
            .store
            .range(from.clone(), to.clone(), backwards)
            .map(Result::unwrap)
            .collect();
        let is_within = |key: &Vec<u8>| std::ops::RangeBounds::contains(&(from.clone(), to.clone()), key);
        let mut expected: Vec<Entry> = self.model.clone().into_iter().filter(|it| is_within(&it.0)).collect();
        if backwards {
            expected.reverse();
        }
        prop_assert_eq!(found, expected);
        Ok(())
    }

    fn one(&mut self, step: Do) -> Result<(), TestCaseError> {
        match step {
            Do::Put(key, value) => {
                self.changes.at(&key);
                self.changes.put(|out| value::encode(&value, out)).unwrap();
            }
            Do::Remove(key) => {
                self.changes.at(&key);
                self.changes.remove();
            }
            Do::Clear(prefix) => {
                self.changes.at(&prefix);
                self.changes.clear();
            }
            Do::Bring => self.bring(),
            Do::Move(steps) => {
                for _ in 0..steps {
                    self.mover.step().unwrap();
                }
            }
            Do::Get(key) => prop_assert_eq!(self.store.get(&key).unwrap(), self.model.get(&key).cloned()),
            Do::Range(from, to, backwards) => self.range(from, to, backwards)?,
            Do::Crash(seed) => self.crash(seed),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written, removed, moved and lost in which order: what is read is what was written, and otherwise what the earlier
    /// version had stored, converted once.
    #[test]
    fn it_reads_like_a_map_whose_old_values_were_converted(
        earlier in earlier(),
        steps in vec(things_to_do(), 0..60),
    ) {
        let mut world = World::new(earlier);
        for step in steps {
            world.one(step)?;
        }
        let everything = || (Bound::Included(key(7, 0, &[])), Bound::Unbounded);
        world.range(everything().0, everything().1, false)?;
        finish(&mut world.mover);
        world.range(everything().0, everything().1, true)?;
        prop_assert_eq!(world.store.under_way().count(), 0);
        // That it is over is durable.
        world.crash(0);
        for old in [3, 5] {
            prop_assert!(all(&world.disk, &keys::all_partitions(Declared::PState, old)).is_empty());
        }
        prop_assert_eq!(all(&world.disk, &[]), world.model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_value_that_cannot_be_converted_stays_and_the_others_are_moved() {
    let inner = simulated();
    let entries = (0..20u8).map(|n| (key(3, 0, &[n]), Some(encoded(&u32::from(n)))));
    put(&*inner, entries);
    let store = migrating(&inner, panics_on_seven);
    let failing = key(7, 0, &[7]);
    assert!(store.get(&failing).unwrap_err().to_string().contains("seven"));
    let mut mover = store.mover(3);
    finish(&mut mover);
    assert_eq!(store.under_way().collect::<Vec<_>>(), [7]);
    assert_eq!(all(&*inner, &key(3, 0, &[])), [(key(3, 0, &[7]), encoded(&7u32))]);
    assert_eq!(all(&*inner, &key(7, 0, &[])).len(), 19);
    // Still an error, not nothing.
    assert!(store.get(&failing).is_err());
    assert_eq!(store.below(&key(7, 0, &[])).filter(Result::is_err).count(), 1);
    // Another version of the function goes on with it.
    let store = migrating(&inner, converts);
    finish(&mut store.mover(3));
    assert_eq!(store.under_way().count(), 0);
    assert_eq!(inner.get(&failing).unwrap(), Some(encoded(&1007u64)));
}

/// How often a value was converted.
static CONVERTED: AtomicU32 = AtomicU32::new(0);

fn counts(old: u32) -> u64 {
    CONVERTED.fetch_add(1, Ordering::SeqCst);
    converts(old)
}

#[test]
fn only_what_is_read_is_converted() {
    let inner = simulated();
    put(
        &*inner,
        (0..50u8).map(|n| (key(3, 0, &[n]), Some(encoded(&u32::from(n))))),
    );
    let store = migrating(&inner, counts);
    store.get(&key(7, 0, &[1])).unwrap().unwrap();
    let from = Bound::Excluded(key(7, 0, &[]));
    let last = store.range(from, Bound::Included(key(7, 0, &[30, 5])), true).next();
    assert_eq!(last.unwrap().unwrap(), (key(7, 0, &[30]), encoded(&1030u64)));
    assert_eq!(CONVERTED.load(Ordering::SeqCst), 2);
}

/// On a real store, whose reads go on while it is written to.
#[test]
fn who_reads_while_entries_are_moved_misses_none_and_sees_none_twice() {
    const ENTRIES: u16 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let inner: Arc<dyn Store> = Arc::new(LsmStore::open(folder.path()).unwrap());
    let place = |number, n: u16| key(number, 0, &n.to_be_bytes());
    put(
        &*inner,
        (0..ENTRIES).map(|n| (place(3, n), Some(encoded(&u32::from(n))))),
    );
    let store = migrating(&inner, converts);
    let scan = |backwards| {
        let (from, to) = (place(7, 0), place(7, ENTRIES));
        let mut found: Vec<Entry> = store
            .range(Bound::Included(from), Bound::Excluded(to), backwards)
            .map(Result::unwrap)
            .collect();
        if backwards {
            found.reverse();
        }
        let expected = (0..ENTRIES).map(|n| (place(7, n), encoded(&converts(u32::from(n)))));
        assert!(found.into_iter().eq(expected));
    };
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| {
            let mut mover = store.mover(100);
            while mover.step().unwrap() {
                std::thread::yield_now();
            }
        });
        let pointing = scope.spawn(|| {
            let mut n = 0u16;
            while store.under_way().next().is_some() {
                n = (n + 7919) % ENTRIES;
                assert_eq!(store.get(&place(7, n)).unwrap(), Some(encoded(&converts(u32::from(n)))));
            }
        });
        while !moving.is_finished() {
            scan(false);
            scan(true);
        }
        moving.join().unwrap();
        pointing.join().unwrap();
    });
    scan(false);
    assert_eq!(all(&*inner, &key(3, 0, &[])), []);
}

/// Something is moved between the first opening of a range and the second; or all that is left, behind a look at a key.
struct Between {
    inner: Arc<dyn Store>,
    mover: Mutex<Option<Mover>>,
    last_mover: Mutex<Option<Mover>>,
}

impl Store for Between {
    fn applied(&self) -> Result<u64, StoreError> {
        self.inner.applied()
    }

    fn apply(&self, changes: Coalesced, up_to: u64) -> Result<(), StoreError> {
        self.inner.apply(changes, up_to)
    }

    fn persist(&self) -> Result<(), StoreError> {
        self.inner.persist()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.inner.get(key);
        let mover = self.last_mover.lock().unwrap().take();
        if let Some(mut mover) = mover {
            finish(&mut mover);
        }
        found
    }

    fn range<'s>(&'s self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> EntryIter<'s> {
        let entries = self.inner.range(from, to, backwards);
        if let Some(mover) = &mut *self.mover.lock().unwrap() {
            mover.step().unwrap();
        }
        entries
    }
}

#[test]
fn what_is_moved_while_a_range_is_opened_is_seen_once() {
    for backwards in [false, true] {
        let inner = simulated();
        put(
            &*inner,
            (0..9u8).map(|n| (key(3, 0, &[n]), Some(encoded(&u32::from(n))))),
        );
        let mover = migrating(&inner, converts).mover(2);
        let between: Arc<dyn Store> = Arc::new(Between {
            inner: Arc::clone(&inner),
            mover: Mutex::new(Some(mover)),
            last_mover: Mutex::default(),
        });
        let store = migrating(&between, converts);
        for _ in 0..5 {
            let (from, to) = (Bound::Excluded(key(7, 0, &[])), Bound::Excluded(key(7, 0, &[9])));
            let found: Vec<Entry> = store.range(from, to, backwards).map(Result::unwrap).collect();
            let mut expected: Vec<Entry> = (0..9u8)
                .map(|n| (key(7, 0, &[n]), encoded(&converts(u32::from(n)))))
                .collect();
            if backwards {
                expected.reverse();
            }
            assert_eq!(found, expected);
        }
        assert_eq!(all(&*inner, &key(3, 0, &[])), []);
    }
}

#[test]
fn what_is_moved_behind_the_first_look_at_a_key_is_found_though_all_is_over_then() {
    let inner = simulated();
    put(&*inner, [(key(3, 0, &[1]), Some(encoded(&1u32)))]);
    let between = Arc::new(Between {
        inner,
        mover: Mutex::default(),
        last_mover: Mutex::default(),
    });
    let store = migrating(&(Arc::clone(&between) as Arc<dyn Store>), converts);
    *between.last_mover.lock().unwrap() = Some(store.mover(10));
    assert_eq!(store.get(&key(7, 0, &[1])).unwrap(), Some(encoded(&converts(1))));
    assert_eq!(store.under_way().count(), 0);
}
