//! Words counted: lines of 10 words, by Zipf of 100,000 different ones, are exploded, and each word hops to its task and is
//! counted there. An element is a word.
//!
//! `cargo bench -p rama-benches --bench word_count`, with `--no-default-features` for the system's allocator instead of
//! mimalloc: the allocator is a choice of the application, and here it matters much, as each word is a `String` that another
//! thread drops.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rama_benches::harness::{self, Setup, bench_appends, counts, group, sized};
use rama_benches::input::{WORDS_A_LINE, lines};
use rama_benches::modules::WordCount;

fn main() {
    let mut criterion = harness::criterion();
    let lines = lines(sized(30_000, 200), sized(100_000, 1_000));
    let mut group = group(&mut criterion, "word_count", lines.len() * WORDS_A_LINE);
    for setup in Setup::ALL {
        bench_appends::<WordCount, _, _>(
            &mut group,
            setup.id(""),
            &lines,
            || setup.start(),
            |client| client.lines(),
            |running, rounds| {
                let counted = running.block_on(async { running.client().counts().items().await.unwrap() });
                let words = lines.iter().flat_map(|line| line.split(' ').map(str::to_owned));
                assert_eq!(counted, counts(words, rounds), "every word is counted once");
            },
        );
    }
    group.finish();
    criterion.final_summary();
}
