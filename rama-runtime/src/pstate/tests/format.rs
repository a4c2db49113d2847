//! The bytes that PStates are stored as: those of an earlier version must be read by a later one.

use super::empty;
use crate::group::store::{Coalesced, Store};
use crate::group::{Changes, Entries, SimulatedStore};
use crate::pstate::{List, Map, PState, PStatePartition, Schema, Set, Subindexed};
use std::sync::Arc;

const PLACE: &[u8] = &[9];

/// What is stored of the PState, each entry as `key: value` in hex; and what is read back.
fn stored<S: Schema>(state: &mut PState<S>) -> (Vec<String>, PState<S>) {
    state.commit();
    let store: Arc<dyn Store> = Arc::new(SimulatedStore::default());
    let mut changes = Changes::default();
    changes.at(PLACE);
    state.store(&mut changes).unwrap();
    let mut coalesced = Coalesced::default();
    coalesced.add(&changes.take()).unwrap();
    store.apply(coalesced, 1).unwrap();
    let mut again = empty::<S>();
    let mut source = store.below(PLACE);
    let mut entries = Entries::new(PLACE, &mut source).unwrap();
    again.load(&mut entries).unwrap();
    entries.finish().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let entries = store.below(PLACE).map(Result::unwrap);
    let entries = entries.map(|(key, value)| format!("{}: {}", hex(&key), hex(&value)));
    (entries.collect(), again)
}

#[test]
fn a_plain_value() {
    let mut state = empty::<u64>();
    state.set(300);
    let (bytes, again) = stored(&mut state);
    assert_eq!(bytes, ["09: ac02"]);
    assert_eq!(again.get(), state.get());
}

#[test]
fn a_map_of_values() {
    let mut state = empty::<Map<u64, String>>();
    state.key(&300).set("a".to_owned());
    state.key(&2).set("bc".to_owned());
    let (bytes, again) = stored(&mut state);
    assert_eq!(
        bytes,
        ["09: 02", "090000000000000002: 026263", "09000000000000012c: 0161"]
    );
    assert_eq!(again.get(), state.get());
}

#[test]
fn a_map_of_maps_that_are_one_value_each() {
    let mut state = empty::<Map<String, Map<u8, u16>>>();
    state.key("a").key(&1).set(2);
    state.key("a").key(&3).set(300);
    let (bytes, again) = stored(&mut state);
    assert_eq!(bytes, ["09: 01", "096100: 02010203ac02"]);
    assert_eq!(again.get(), state.get());
}

#[test]
fn collections_that_are_subindexed() {
    let mut state = empty::<Map<u8, Subindexed<Set<u8>>>>();
    state.key(&1).insert(7);
    state.key(&1).insert(8);
    state.key(&2).insert(9);
    let (bytes, again) = stored(&mut state);
    assert_eq!(
        bytes,
        ["09: 02", "0901: 02", "090107: ", "090108: ", "0902: 01", "090209: "]
    );
    assert_eq!(again.get(), state.get());
}

#[test]
fn lists_that_are_subindexed() {
    let mut state = empty::<Map<u8, Subindexed<List<u16>>>>();
    state.key(&1).push(7);
    state.key(&1).push(300);
    let (bytes, again) = stored(&mut state);
    assert_eq!(
        bytes,
        [
            "09: 01",
            "0901: 02",
            "09010000000000000000: 07",
            "09010000000000000001: ac02"
        ]
    );
    assert_eq!(again.get(), state.get());
}
