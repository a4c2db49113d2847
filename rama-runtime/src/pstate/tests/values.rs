//! Plain values.

use super::{ONLY, empty};
use crate::pstate::{Map, PState};
use crate::topology::TaskInfo;

#[test]
fn a_value_never_written_is_none() {
    let state = empty::<u64>();
    assert_eq!(state.get(), None);
    assert_eq!(state.get_or(7), 7);
    assert!(!state.exists());
}

#[test]
fn the_initial_value_is_there_from_the_start() {
    assert_eq!(PState::<u64>::new(ONLY, Some(3)).get(), Some(3));
}

#[test]
fn an_update_of_a_missing_value_starts_at_its_default() {
    let mut state = empty::<u64>();
    state.update(|n| *n += 2);
    assert_eq!(state.get(), Some(2));
}

#[test]
fn an_update_returns_what_its_closure_returns() {
    let mut state = empty::<u64>();
    let total = state.update(|n| {
        *n += 2;
        *n
    });
    assert_eq!(total, 2);
}

#[test]
fn a_removed_value_is_none_and_was_there() {
    let mut state = empty::<String>();
    state.set("a".into());
    assert!(state.remove());
    assert!(!state.remove());
    assert_eq!(state.get(), None);
}

#[test]
fn ids_of_all_tasks_are_distinct() {
    let mut ids: Vec<u64> = Vec::new();
    for task in 0..4 {
        let mut state = PState::<u64>::new(TaskInfo { task, tasks: 4 }, None);
        ids.extend((0..5).map(|_| state.next()));
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
}

#[test]
fn next_below_a_key_counts_from_zero() {
    let mut state = empty::<Map<String, u32>>();
    assert_eq!(state.key("a").next(), 0);
    assert_eq!(state.key("a").next(), 1);
    assert_eq!(state.key("a").get(), Some(2));
}

#[test]
#[should_panic(expected = "no id is left")]
fn ids_that_no_longer_fit_their_type_fail_the_event() {
    let mut state = PState::<u8>::new(TaskInfo { task: 0, tasks: 4 }, Some(64));
    state.next();
}

#[test]
fn an_enum_is_a_plain_value() {
    #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    enum Mood {
        Good,
        Bad(u8),
    }
    let mut state = empty::<Map<u32, Mood>>();
    state.key(&1).set(Mood::Good);
    state.key(&1).set(Mood::Bad(3));
    assert_eq!(state.key(&1).get(), Some(Mood::Bad(3)));
}
