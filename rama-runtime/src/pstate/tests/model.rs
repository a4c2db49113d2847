//! Random writes, some rolled back, against plain collections of the standard library.

use super::empty;
use super::keeping::Keeping;
use crate::pstate::{Key, List, Map, PState, Schema, Set, Subindexed};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// One write, with small numbers so that keys meet.
#[derive(Debug, Clone)]
enum Op {
    Set(u8, u8, u16),
    Add(u8, u8, u16),
    RemoveInner(u8, u8),
    RemoveOuter(u8),
    ClearInner(u8),
    Clear,
    SetInner(u8, Vec<(u8, u16)>),
    /// Reads in key order, so that sorted slots are there to be dropped.
    List,
}

/// Writes of one event, and whether it succeeds.
type Event = (Vec<Op>, bool);

fn op() -> impl Strategy<Value = Op> {
    let key = 0u8..5;
    prop_oneof![
        4 => (key.clone(), key.clone(), any::<u16>()).prop_map(|(a, b, v)| Op::Set(a, b, v)),
        4 => (key.clone(), key.clone(), any::<u16>()).prop_map(|(a, b, v)| Op::Add(a, b, v)),
        3 => (key.clone(), key.clone()).prop_map(|(a, b)| Op::RemoveInner(a, b)),
        2 => key.clone().prop_map(Op::RemoveOuter),
        1 => key.clone().prop_map(Op::ClearInner),
        1 => Just(Op::Clear),
        1 => (key.clone(), prop::collection::vec((key, any::<u16>()), 0..4)).prop_map(|(a, v)| Op::SetInner(a, v)),
        1 => Just(Op::List),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((prop::collection::vec(op(), 0..12), any::<bool>()), 0..12)
}

type Nested = BTreeMap<u8, BTreeMap<u8, u16>>;

fn apply_to_model(model: &mut Nested, op: &Op) {
    match op.clone() {
        Op::Set(a, b, v) => drop(model.entry(a).or_default().insert(b, v)),
        Op::Add(a, b, v) => {
            let value = model.entry(a).or_default().entry(b).or_default();
            *value = value.wrapping_add(v);
        }
        Op::RemoveInner(a, b) => drop(model.get_mut(&a).map(|inner| inner.remove(&b))),
        Op::RemoveOuter(a) => drop(model.remove(&a)),
        Op::ClearInner(a) => drop(model.get_mut(&a).map(BTreeMap::clear)),
        Op::Clear => model.clear(),
        Op::SetInner(a, v) => drop(model.insert(a, v.into_iter().collect())),
        Op::List => {}
    }
}

macro_rules! apply {
    ($state:expr, $op:expr) => {
        match $op.clone() {
            Op::Set(a, b, v) => $state.key(&a).key(&b).set(v),
            Op::Add(a, b, v) => $state.key(&a).key(&b).update(|n: &mut u16| *n = n.wrapping_add(v)),
            Op::RemoveInner(a, b) => drop($state.key(&a).remove(&b)),
            Op::RemoveOuter(a) => drop($state.remove(&a)),
            Op::ClearInner(a) => $state.key(&a).clear(),
            Op::Clear => $state.clear(),
            Op::SetInner(a, v) => $state.key(&a).set(v.into_iter().collect()),
            Op::List => drop((0..5).map(|a| $state.key(&a).keys()).collect::<Vec<_>>()),
        }
    };
}

/// Runs `events` on a PState and on the model; both must agree after each.
macro_rules! agree {
    ($schema:ty, $events:expr) => {
        let nothing = |_: &mut PState<$schema>| {};
        agree!($schema, $events, nothing)
    };
    ($schema:ty, $events:expr, $between:expr) => {{
        #[allow(unused_mut)]
        let mut between = $between;
        let mut state = empty::<$schema>();
        between(&mut state);
        let mut model = Nested::new();
        for (ops, succeeds) in $events {
            let mut next = model.clone();
            for op in &ops {
                apply!(state, op);
                apply_to_model(&mut next, op);
                prop_assert_eq!(state.get(), Some(next.clone()));
            }
            if succeeds {
                state.commit();
                model = next;
            } else {
                state.rollback();
            }
            between(&mut state);
            prop_assert_eq!(state.get(), Some(model.clone()));
            prop_assert_eq!(state.keys(), model.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(state.first(), model.first_key_value().map(|(k, v)| (*k, v.clone())));
            prop_assert_eq!(state.last(), model.last_key_value().map(|(k, v)| (*k, v.clone())));
            for (key, inner) in &model {
                for (below, value) in inner {
                    prop_assert_eq!(state.key(key).key(below).get(), Some(*value));
                }
                prop_assert_eq!(state.key(key).first(), inner.first_key_value().map(|(k, v)| (*k, *v)));
                prop_assert_eq!(
                    state.key(key).range(1..3).items(),
                    inner.range(1..3).map(|(k, v)| (*k, *v)).collect::<Vec<_>>()
                );
            }
        }
    }};
}

/// One write to a map of sets or lists.
#[derive(Debug, Clone)]
enum Deep {
    Insert(u8, u8, u8),
    Remove(u8, u8, u8),
    Push(u8, u8),
    Pop(u8),
    Index(u8, usize, u8),
    RemoveAt(u8, usize),
    Drop(u8),
}

fn deep() -> impl Strategy<Value = Deep> {
    let key = 0u8..4;
    prop_oneof![
        4 => (key.clone(), key.clone(), key.clone()).prop_map(|(a, b, c)| Deep::Insert(a, b, c)),
        3 => (key.clone(), key.clone(), key.clone()).prop_map(|(a, b, c)| Deep::Remove(a, b, c)),
        4 => (key.clone(), any::<u8>()).prop_map(|(a, v)| Deep::Push(a, v)),
        2 => key.clone().prop_map(Deep::Pop),
        2 => (key.clone(), 0usize..4, any::<u8>()).prop_map(|(a, at, v)| Deep::Index(a, at, v)),
        2 => (key.clone(), 0usize..4).prop_map(|(a, at)| Deep::RemoveAt(a, at)),
        1 => key.prop_map(Deep::Drop),
    ]
}

/// Runs events on a map of maps of sets, on a map of lists, and on their models.
macro_rules! three_levels {
    ($sets:ident, $lists:ident, $events:expr, $between:expr) => {
        #[allow(unused_mut)]
        let mut between = $between;

        let mut model_sets: BTreeMap<u8, BTreeMap<u8, BTreeSet<u8>>> = BTreeMap::new();
        let mut model_lists: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (ops, succeeds) in $events {
            let before = (model_sets.clone(), model_lists.clone());
            for op in ops {
                match op {
                    Deep::Insert(a, b, c) => prop_assert_eq!(
                        $sets.key(&a).key(&b).insert(c),
                        model_sets.entry(a).or_default().entry(b).or_default().insert(c)
                    ),
                    Deep::Remove(a, b, c) => prop_assert_eq!(
                        $sets.key(&a).key(&b).remove(&c),
                        model_sets
                            .get_mut(&a)
                            .and_then(|m| m.get_mut(&b))
                            .is_some_and(|s| s.remove(&c))
                    ),
                    Deep::Push(a, v) => {
                        $lists.key(&a).push(v);
                        model_lists.entry(a).or_default().push(v);
                    }
                    Deep::Pop(a) => prop_assert_eq!($lists.key(&a).pop(), model_lists.get_mut(&a).and_then(Vec::pop)),
                    Deep::Index(a, at, v) => {
                        if let Some(item) = model_lists.get_mut(&a).and_then(|list| list.get_mut(at)) {
                            *item = v;
                            $lists.key(&a).index(at).set(v);
                        }
                    }
                    Deep::RemoveAt(a, at) => {
                        let removed = model_lists
                            .get_mut(&a)
                            .filter(|list| at < list.len())
                            .map(|list| list.remove(at));
                        prop_assert_eq!($lists.key(&a).index(at).remove(), removed.is_some());
                    }
                    Deep::Drop(a) => {
                        prop_assert_eq!($sets.remove(&a), model_sets.remove(&a).is_some());
                        prop_assert_eq!($lists.remove(&a), model_lists.remove(&a).is_some());
                    }
                }
            }
            if succeeds {
                $sets.commit();
                $lists.commit();
            } else {
                $sets.rollback();
                $lists.rollback();
                (model_sets, model_lists) = before;
            }
            between(&mut $sets, &mut $lists);
            prop_assert_eq!($sets.get(), Some(model_sets.clone()));
            prop_assert_eq!($lists.get(), Some(model_lists.clone()));
        }
    };
}

proptest! {
    #[test]
    fn nested_tables_agree_with_the_model(events in events()) {
        agree!(Map<u8, Map<u8, u16>>, events);
    }

    #[test]
    fn a_table_of_trees_agrees_with_the_model(events in events()) {
        agree!(Map<u8, Subindexed<Map<u8, u16>>>, events);
    }

    #[test]
    fn a_tree_of_tables_agrees_with_the_model(events in events()) {
        agree!(Subindexed<Map<u8, Map<u8, u16>>>, events);
    }

    #[test]
    fn what_is_stored_and_read_back_between_events_agrees_with_the_model(events in events(), seed: u64) {
        let mut keeping = Keeping::new(seed);
        agree!(Map<u8, Map<u8, u16>>, events.clone(), |state: &mut PState<_>| keeping.between(state));
        let mut keeping = Keeping::new(seed);
        agree!(Map<u8, Subindexed<Map<u8, u16>>>, events.clone(), |state: &mut PState<_>| keeping.between(state));
        let mut keeping = Keeping::new(seed);
        agree!(Subindexed<Map<u8, Map<u8, u16>>>, events.clone(), |state: &mut PState<_>| keeping.between(state));
        let mut keeping = Keeping::new(seed);
        agree!(
            Subindexed<Map<u8, Subindexed<Map<u8, u16>>>>, events, |state: &mut PState<_>| keeping.between(state)
        );
    }

    #[test]
    fn three_levels_of_sets_and_lists_agree_with_the_model(
        events in prop::collection::vec((prop::collection::vec(deep(), 0..10), any::<bool>()), 0..10)
    ) {
        let mut sets = empty::<Map<u8, Map<u8, Set<u8>>>>();
        let mut lists = empty::<Map<u8, List<u8>>>();
        three_levels!(sets, lists, events, |_: &mut _, _: &mut _| {});
    }

    #[test]
    fn three_levels_that_are_stored_between_events_agree_with_the_model(
        events in prop::collection::vec((prop::collection::vec(deep(), 0..10), any::<bool>()), 0..10), seed: u64
    ) {
        let mut sets = empty::<Map<u8, Map<u8, Subindexed<Set<u8>>>>>();
        let mut lists = empty::<Map<u8, Subindexed<List<u8>>>>();
        let (mut first, mut second) = (Keeping::new(seed), Keeping::new(!seed));
        three_levels!(sets, lists, events.clone(), |sets: &mut PState<_>, lists: &mut PState<_>| {
            first.between(sets);
            second.between(lists);
        });
        let mut sets = empty::<Map<u8, Subindexed<Map<u8, Set<u8>>>>>();
        let mut lists = empty::<Subindexed<Map<u8, List<u8>>>>();
        let (mut first, mut second) = (Keeping::new(seed), Keeping::new(!seed));
        three_levels!(sets, lists, events, |sets: &mut PState<_>, lists: &mut PState<_>| {
            first.between(sets);
            second.between(lists);
        });
    }

    /// So many keys that they are found by their hashes.
    #[test]
    fn every_key_of_a_large_table_is_found_whatever_was_undone(
        events in prop::collection::vec(
            (prop::collection::vec((0u8..40, prop::option::of(any::<u16>())), 0..40), any::<bool>()), 0..12
        )
    ) {
        let mut state = empty::<Map<u8, u16>>();
        let mut model: BTreeMap<u8, u16> = BTreeMap::new();
        for (ops, succeeds) in events {
            let before = model.clone();
            for (key, value) in ops {
                match value {
                    Some(value) => {
                        state.key(&key).set(value);
                        model.insert(key, value);
                    }
                    None => prop_assert_eq!(state.remove(&key), model.remove(&key).is_some()),
                }
            }
            if succeeds {
                state.commit();
            } else {
                state.rollback();
                model = before;
            }
            for key in 0..40 {
                prop_assert_eq!(state.key(&key).get(), model.get(&key).copied());
            }
            prop_assert_eq!(state.len(), model.len());
        }
    }

    #[test]
    fn a_rollback_restores_a_table_slot_by_slot(
        base in prop::collection::btree_map(0u8..12, any::<u16>(), 0..10),
        ops in prop::collection::vec((0u8..12, prop::option::of(any::<u16>())), 0..20)
    ) {
        let mut state = PState::<Map<u8, u16>>::new(super::ONLY, Some(base));
        let before = slots(&state);
        for (key, value) in ops {
            match value {
                Some(value) => state.key(&key).set(value),
                None => drop(state.remove(&key)),
            }
        }
        state.rollback();
        prop_assert_eq!(slots(&state), before);
    }
}

/// The entries in the order of their slots.
fn slots<K: Key + std::fmt::Debug, S: Schema>(state: &PState<Map<K, S>>) -> String
where
    S::Node: std::fmt::Debug,
{
    state.place().as_ref().map(|table| table.in_slots()).unwrap_or_default()
}
