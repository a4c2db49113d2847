//! Lists.

use super::empty;
use crate::pstate::{List, Map, PState};

fn numbers() -> PState<List<u32>> {
    let mut state = empty::<List<u32>>();
    for n in 0..5 {
        state.push(n * 10);
    }
    state
}

#[test]
fn items_are_in_the_order_of_their_pushes() {
    let state = numbers();
    assert_eq!(state.items(), [0, 10, 20, 30, 40]);
    assert_eq!((state.first(), state.last(), state.len()), (Some(0), Some(40), 5));
}

#[test]
fn a_range_beyond_the_end_gives_what_there_is() {
    let state = numbers();
    assert_eq!(state.range(3..20).get(), [30, 40]);
    assert!(state.range(7..9).get().is_empty());
    assert_eq!(state.range(..=1).get(), [0, 10]);
    assert_eq!(state.range(..).rev().limit(2).get(), [40, 30]);
    assert_eq!(state.limit(2).items(), [0, 10]);
}

#[test]
fn an_item_is_written_at_its_index() {
    let mut state = numbers();
    state.index(1).update(|n| *n += 1);
    state.index(2).set(7);
    assert_eq!(state.items(), [0, 11, 7, 30, 40]);
}

#[test]
fn a_read_beyond_the_end_finds_nothing() {
    assert_eq!(numbers().index(9).get(), None);
}

#[test]
#[should_panic(expected = "list index 9 is out of range: the list has 5 items")]
fn a_write_beyond_the_end_panics_and_so_fails_the_event() {
    numbers().index(9).set(1);
}

#[test]
fn a_removed_item_lets_the_later_ones_move_up_until_rolled_back() {
    let mut state = numbers();
    state.commit();
    assert!(state.index(1).remove());
    assert!(!state.index(9).remove());
    assert_eq!(state.items(), [0, 20, 30, 40]);
    state.rollback();
    assert_eq!(state.items(), [0, 10, 20, 30, 40]);
}

#[test]
fn pop_gives_the_last_item_until_there_is_none() {
    let mut state = empty::<List<u32>>();
    state.push(1);
    assert_eq!((state.pop(), state.pop()), (Some(1), None));
}

#[test]
fn a_list_of_maps_is_reached_through_its_index() {
    let mut state = empty::<Map<String, List<Map<u8, u8>>>>();
    state.key("a").push([(1, 1)].into());
    state.key("a").index(0).key(&2).set(4);
    assert_eq!(state.key("a").index(0).items(), [(1, 1), (2, 4)]);
}
