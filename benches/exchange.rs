//! Numbers counted: `u64` keys, by Zipf of 1,000,000 different ones, go through one hop into a counting PState. An element is a
//! number.
//!
//! `cargo bench -p rama-benches --bench exchange`, with `--no-default-features` for the system's allocator instead of mimalloc:
//! the allocator is a choice of the application.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rama_benches::harness::{self, Setup, bench_appends, counts, group, sized};
use rama_benches::input::keys;
use rama_benches::modules::Exchange;

fn main() {
    let mut criterion = harness::criterion();
    let keys = keys(sized(500_000, 3_000), sized(1_000_000, 1_000));
    let mut group = group(&mut criterion, "exchange", keys.len());
    for setup in Setup::ALL {
        bench_appends::<Exchange, _, _>(
            &mut group,
            setup.id(""),
            &keys,
            || setup.start(),
            |client| client.numbers(),
            |running, rounds| {
                let counted = running.block_on(async { running.client().counts().items().await.unwrap() });
                assert_eq!(
                    counted,
                    counts(keys.iter().copied(), rounds),
                    "every number is counted once"
                );
            },
        );
    }
    group.finish();
    criterion.final_summary();
}
