//! Commit, rollback, and panics in user code.

use super::empty;
use crate::pstate::{List, Map, PState, Schema, Set, Subindexed};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what is expected to panic.
fn fails(event: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(event)).is_err());
}

fn undo_records<S: Schema>(state: &PState<S>) -> String {
    format!("{state:?}")
}

#[test]
fn a_rollback_after_a_commit_changes_nothing() {
    let mut state = empty::<Map<u8, u8>>();
    state.key(&1).set(1);
    state.commit();
    state.rollback();
    assert_eq!(state.items(), [(1, 1)]);
}

#[test]
fn a_rollback_takes_back_every_kind_of_write() {
    let mut state = empty::<Map<u8, Subindexed<Map<u8, List<u8>>>>>();
    state.key(&1).key(&1).push(1);
    state.key(&2).key(&1).push(2);
    state.commit();
    let before = state.items();
    state.key(&1).key(&1).push(2);
    state.key(&1).key(&1).index(0).set(9);
    state.key(&1).key(&1).pop();
    state.key(&1).key(&2).set(vec![1, 2]);
    state.key(&1).key(&1).clear();
    state.key(&1).remove(&1);
    state.key(&3).key(&1).push(1);
    state.remove(&1);
    state.clear();
    state.key(&1).key(&7).push(1);
    state.rollback();
    assert_eq!(state.items(), before);
}

#[test]
fn a_write_that_creates_its_parents_makes_one_undo_record() {
    let mut state = empty::<Map<u8, Map<u8, Map<u8, u8>>>>();
    state.key(&1).key(&1).key(&1).update(|n| *n += 1);
    assert!(undo_records(&state).contains("uncommitted: 1,"), "{state:?}");
}

#[test]
fn a_write_that_changes_nothing_makes_no_undo_record() {
    let mut state = empty::<Set<u8>>();
    state.insert(1);
    state.commit();
    state.insert(1);
    state.remove(&2);
    assert!(undo_records(&state).contains("uncommitted: 0,"), "{state:?}");
}

#[test]
fn a_panic_in_an_update_leaves_the_value_as_it_was() {
    let mut state = empty::<Map<u8, Vec<u8>>>();
    state.key(&1).set(vec![1]);
    fails(|| {
        state.key(&1).update(|v| {
            v.push(2);
            panic!("user code");
        });
    });
    assert_eq!(state.items(), [(1, vec![1])]);
}

#[test]
fn a_panic_in_an_update_leaves_no_parents_behind() {
    let mut state = empty::<Map<u8, Subindexed<Map<u8, u8>>>>();
    fails(|| state.key(&1).key(&1).update(|_| panic!("user code")));
    assert!(state.is_empty());
    state.rollback();
    assert!(state.is_empty());
}

#[test]
fn an_event_that_panics_is_rolled_back_whole() {
    let mut state = empty::<Map<u8, Map<u8, u8>>>();
    state.key(&1).key(&1).set(1);
    state.commit();
    fails(|| {
        state.key(&1).key(&2).set(2);
        state.remove(&1);
        state.key(&1).key(&3).update(|_| panic!("user code"));
    });
    state.rollback();
    assert_eq!(state.key(&1).items(), [(1, 1)]);
}

#[test]
fn a_removed_entry_comes_back_to_its_slot() {
    let mut state = empty::<Map<u8, u8>>();
    for n in 0..4 {
        state.key(&n).set(n);
    }
    state.commit();
    state.key(&0).update(|n| *n = 10);
    state.remove(&1);
    // These are found by slot when they are undone, so each slot must be what it was.
    state.key(&3).update(|n| *n = 30);
    state.remove(&3);
    state.key(&2).update(|n| *n = 20);
    state.key(&9).set(9);
    state.rollback();
    assert_eq!(state.items(), [(0, 0), (1, 1), (2, 2), (3, 3)]);
}
