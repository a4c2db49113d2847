//! Sets, plain and subindexed.

use super::empty;
use crate::pstate::{Map, Set, Subindexed};

#[test]
fn insert_says_whether_the_element_was_new() {
    let mut state = empty::<Set<String>>();
    assert!(state.insert("a".into()));
    assert!(!state.insert("a".into()));
    assert_eq!(state.len(), 1);
}

#[test]
fn elements_are_listed_in_order() {
    let mut state = empty::<Map<u8, Subindexed<Set<u32>>>>();
    for n in [5, 1, 3] {
        state.key(&0).insert(n);
    }
    assert_eq!(state.key(&0).items(), [1, 3, 5]);
    assert_eq!(state.key(&0).range(2..).get(), [3, 5]);
    assert_eq!(state.key(&0).range(..).rev().limit(1).get(), [5]);
    assert_eq!((state.key(&0).first(), state.key(&0).last()), (Some(1), Some(5)));
}

#[test]
fn a_removed_element_is_not_contained() {
    let mut state = empty::<Set<String>>();
    state.set(["a".to_owned(), "b".to_owned()].into());
    assert!(state.remove("a"));
    assert!(!state.remove("a"));
    assert!(!state.contains("a") && state.contains("b"));
    assert_eq!(state.get(), Some(["b".to_owned()].into()));
}

#[test]
fn a_cleared_set_is_empty() {
    let mut state = empty::<Set<u8>>();
    state.insert(1);
    state.clear();
    assert!(state.is_empty());
}
