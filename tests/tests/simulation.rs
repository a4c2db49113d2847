//! A fixed number of simulated lives, and that the simulation finds what is broken. `--bin simulate` runs as many as one likes.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::testing::Sabotage;
use rayon::prelude::*;
use tests::chaos::{Plan, simulate};

/// The seeds that fail, of the first so many.
fn failures(seeds: u64, sabotage: Sabotage) -> impl ParallelIterator<Item = (u64, String)> {
    (0..seeds).into_par_iter().filter_map(move |seed| {
        let plan = Plan {
            seed,
            lives: 4,
            sabotage,
        };
        // What is broken may also panic.
        let result = std::panic::catch_unwind(|| simulate(plan));
        let error = match result {
            Ok(result) => result.err()?,
            Err(_) => "a panic".to_owned(),
        };
        Some((seed, error))
    })
}

#[test]
fn whatever_dies_or_fails_nothing_is_lost_and_nothing_happens_twice() {
    let failed: Vec<_> = failures(120, Sabotage::None).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn acks_that_do_not_wait_for_the_disk_are_found() {
    assert!(failures(1000, Sabotage::NoSync).find_any(|_| true).is_some());
}

#[test]
fn positions_that_are_stored_apart_from_what_was_done_are_found() {
    assert!(failures(1000, Sabotage::PositionsApart).find_any(|_| true).is_some());
}

#[test]
fn hops_that_take_effect_before_their_epoch_are_found() {
    assert!(
        failures(1000, Sabotage::HopsBeforeTheirEpoch)
            .find_any(|_| true)
            .is_some()
    );
}
