//! Maps, plain and subindexed.

use super::empty;
use crate::pstate::{Map, PState, Set, Subindexed};

fn letters() -> PState<Map<String, u64>> {
    let mut state = empty::<Map<String, u64>>();
    for (letter, n) in ["d", "a", "c", "b", "e"].iter().zip(0..) {
        state.key(*letter).set(n);
    }
    state
}

#[test]
fn a_key_may_be_given_as_what_it_borrows_as() {
    let state = letters();
    let owned = String::from("a");
    assert_eq!(state.reader().key("a").get(), Some(1));
    assert_eq!(state.reader().key(&owned).get(), Some(1));
    assert!(state.contains("a") && !state.contains("z"));
}

#[test]
fn listings_are_in_key_order() {
    let state = letters();
    assert_eq!(state.keys(), ["a", "b", "c", "d", "e"]);
    assert_eq!(state.values(), [1, 3, 2, 0, 4]);
    assert_eq!(state.iter().count(), 5);
}

#[test]
fn a_listing_after_a_new_key_has_it_in_its_place() {
    let mut state = letters();
    assert_eq!(state.keys().len(), 5);
    state.key("bb").set(9);
    assert_eq!(state.keys(), ["a", "b", "bb", "c", "d", "e"]);
    state.remove("a");
    assert_eq!(state.keys(), ["b", "bb", "c", "d", "e"]);
}

#[test]
fn a_range_takes_every_kind_of_bound() {
    let state = letters();
    let [b, d] = ["b".to_owned(), "d".to_owned()];
    assert_eq!(state.range(&b..&d).keys(), ["b", "c"]);
    assert_eq!(state.range(b.clone()..=d.clone()).keys(), ["b", "c", "d"]);
    assert_eq!(state.range(d.clone()..).values(), [0, 4]);
    assert_eq!(state.range(..b.clone()).keys(), ["a"]);
    assert_eq!(state.range(..).limit(2).keys(), ["a", "b"]);
    assert_eq!(state.range(..).rev().limit(2).keys(), ["e", "d"]);
    assert_eq!(state.limit(1).get(), [("a".to_owned(), 1)]);
}

#[test]
fn a_range_inside_out_is_empty() {
    let state = letters();
    assert!(state.range("d".to_owned().."b".to_owned()).items().is_empty());
    let mut tree = empty::<Subindexed<Map<u8, u8>>>();
    tree.key(&3).set(3);
    let (low, high) = (1, 5);
    assert!(tree.range(high..low).items().is_empty());
    assert!(
        tree.range((std::ops::Bound::Excluded(3), std::ops::Bound::Excluded(3)))
            .items()
            .is_empty()
    );
}

#[test]
fn first_and_last_are_by_key_before_and_after_a_listing() {
    let state = letters();
    assert_eq!(state.first(), Some(("a".to_owned(), 1)));
    assert_eq!(state.last(), Some(("e".to_owned(), 4)));
    assert_eq!(state.len(), state.keys().len());
    assert_eq!(state.first(), Some(("a".to_owned(), 1)));
    assert_eq!(state.last(), Some(("e".to_owned(), 4)));
    assert_eq!(empty::<Map<u8, u8>>().first(), None);
}

#[test]
fn a_write_creates_the_maps_that_lead_to_it() {
    let mut state = empty::<Map<String, Map<u32, Set<u8>>>>();
    assert!(state.key("a").key(&1).insert(7));
    assert_eq!(state.key("a").key(&1).items(), [7]);
    assert_eq!(state.key("b").key(&1).get(), None);
    assert!(!state.contains("b"));
}

#[test]
fn a_removal_creates_nothing_on_its_way() {
    let mut state = empty::<Map<String, Map<u32, u8>>>();
    assert!(!state.key("a").remove(&1));
    state.key("a").clear();
    assert!(!state.key("a").key(&1).remove());
    assert!(state.is_empty());
}

#[test]
fn a_map_written_whole_reads_back_whole() {
    let mut state = empty::<Map<String, Subindexed<Map<u32, u8>>>>();
    let whole = [(1, 1), (2, 4)].into();
    state.key("a").set(std::collections::BTreeMap::clone(&whole));
    assert_eq!(state.key("a").get(), Some(whole));
}

#[test]
fn a_cursor_taken_by_ref_can_be_used_again() {
    let mut state = empty::<Map<String, Map<u32, u8>>>();
    let mut inner = state.key("a");
    inner.by_ref().key(&1).set(2);
    assert_eq!(inner.by_ref().len(), 1);
    inner.clear();
    assert_eq!(state.key("a").len(), 0);
}

#[test]
fn a_subindexed_map_has_the_same_words() {
    let mut state = empty::<Map<u8, Subindexed<Map<String, u64>>>>();
    state.key(&1).key("x").update(|n| *n += 1);
    state.key(&1).key("y").update(|n| *n += 2);
    assert_eq!(state.key(&1).range("y".to_owned()..).items(), [("y".to_owned(), 2)]);
    assert_eq!(state.key(&1).last(), Some(("y".to_owned(), 2)));
    assert!(state.key(&1).remove("x") && !state.key(&1).contains("x"));
}

#[test]
fn a_large_map_that_was_emptied_and_restored_takes_new_keys() {
    let mut state = empty::<Map<u64, u64>>();
    (0..50).for_each(|key| state.key(&key).set(key));
    state.commit();
    (0..50).for_each(|key| assert!(state.remove(&key)));
    state.rollback();
    (50..60).for_each(|key| state.key(&key).set(key));
    for key in 0..60 {
        assert_eq!(state.key(&key).get(), Some(key));
    }
}
