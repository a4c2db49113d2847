//! What a partition writes, and what it removes.

use super::*;
use crate::depot::{Depot, DepotPartition, RecordCodec};
use crate::group::store::{Coalesced, Store};
use crate::group::{Entries, SimulatedStore, Stamp};
use crate::module::descriptor::{Keep, StartFrom};
use crate::topology::TaskInfo;
use std::sync::Arc;

fn depot(store: &Arc<dyn Store>) -> Depot<u64> {
    let codec = RecordCodec::<u64>::new().find();
    let mut depot = Depot::new(0, TaskInfo { task: 0, tasks: 1 }, None).stored(codec);
    depot.load(&mut Entries::cold(store, &[9])).unwrap();
    depot
}

#[test]
fn the_bytes_are_what_they_were() {
    let store: Arc<dyn Store> = Arc::new(SimulatedStore::default());
    let mut depot = depot(&store);
    depot.extend(vec![3, 300]);
    depot.stamp(0x0102);
    depot.join("a", StartFrom::Ago(1), 0).unwrap();
    let mut changes = Changes::default();
    changes.at(&[9]);
    depot.store(&mut changes).unwrap();
    let mut coalesced = Coalesced::default();
    coalesced.add(&changes.take()).unwrap();
    store.apply(coalesced, 1).unwrap();
    let entries: Vec<_> = store.below(&[9]).map(Result::unwrap).collect();
    let number = |number: u64| number.to_le_bytes();
    let header = [&number(0)[..], &number(2), &number(0x0102), &[1, 1, b'a', 1]].concat();
    let chunk = [&number(2)[..], &number(0x0102), &[3, 0xac, 2]].concat();
    let chunk_key = vec![9, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(entries, [(vec![9], header), (chunk_key, chunk)]);
    // And they are read as what they are.
    let again = self::depot(&store);
    assert_eq!((again.info().start, again.info().end), (0, 2));
    assert_eq!(again.read(0..2).unwrap(), [3, 300]);
    assert_eq!(again.position("a").unwrap(), 1);
}

/// A cut, and whether the store catches up with it. Returns how many bytes it wrote.
fn cut(depot: &mut Depot<u64>, store: &Arc<dyn Store>, number: u32, archived: u32, brings: bool) -> usize {
    let stamp = Stamp { cut: number, archived };
    let mut changes = Changes::stamped(stamp, false);
    changes.at(&[9]);
    depot.store(&mut changes).unwrap();
    let bytes = changes.take();
    if brings {
        let mut coalesced = Coalesced::default();
        coalesced.add(&bytes).unwrap();
        store.apply(coalesced, u64::from(number)).unwrap();
    }
    bytes.len()
}

#[test]
fn everything_that_is_trimmed_at_once_leaves_the_store_in_some_cuts() {
    let store: Arc<dyn Store> = Arc::new(SimulatedStore::default());
    let mut depot = depot(&store);
    depot.join("reader", StartFrom::Beginning, 0).unwrap();
    for number in 1..=1_000 {
        depot.extend(vec![1]);
        depot.stamp(number);
        cut(&mut depot, &store, number as u32, number as u32 - 1, true);
    }
    // Also when another process goes on with it.
    for again in [false, true] {
        if again {
            depot = self::depot(&store);
        } else {
            depot.keep = Some(Keep::Last(0));
            depot.advance("reader", 1_000, 0).unwrap();
            depot.trim(1_000, 0);
            cut(&mut depot, &store, 1_001, 1_000, true);
        }
    }
    let mut number = 1_002;
    while depot.changed() {
        assert!(number < 1_100, "it does not end");
        cut(&mut depot, &store, number, number - 1, true);
        number += 1;
    }
    // What holds the last record says where the next one stands.
    assert!(store.below(&[9]).count() <= 1 + 1);
}

#[test]
fn a_chunk_that_the_store_does_not_have_yet_is_removed_once() {
    let store: Arc<dyn Store> = Arc::new(SimulatedStore::default());
    let mut depot = depot(&store);
    depot.keep = Some(Keep::Last(0));
    depot.join("reader", StartFrom::Beginning, 0).unwrap();
    let mut longest = 0;
    for number in 1..500u32 {
        depot.extend(vec![1]);
        depot.stamp(u64::from(number));
        depot.trim(u64::from(number), 0);
        // The reader is some behind.
        depot.advance("reader", u64::from(number).saturating_sub(3), 0).unwrap();
        longest = longest.max(cut(&mut depot, &store, number, 0, false));
    }
    assert!(longest < 300, "{longest} bytes in one cut");
}
