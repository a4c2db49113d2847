//! The shapes: what is done with each record.

use crate::modules::{Deliveries, Log, OwnedWords, Steps};
use clap::ValueEnum;
use rama_benches::input::{keys, lines};
use rama_benches::modules::{Exchange, WordCount};
use rama_benches::running::{BATCH, Running, UNDER_WAY, launch};
use rama_runtime::client::DepotClient;
use rama_runtime::module::Module;
use serde::{Serialize, de::DeserializeOwned};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How many different records there are; they come again and again.
const DIFFERENT: usize = 16 * BATCH;

/// What is done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    Numbers,
    Append,
    Read,
    Return,
    Update,
    Hop,
    TwoHops,
    Exchange,
    RoundTrip,
    PointRead,
    Lines,
    ReadLines,
    HopLines,
    Explode,
    WordCount,
    OwnedWords,
    Deliver,
}

impl Shape {
    /// On the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Numbers => "numbers",
            Shape::Append => "append",
            Shape::Read => "read",
            Shape::Return => "return",
            Shape::Update => "update",
            Shape::Hop => "hop",
            Shape::TwoHops => "two-hops",
            Shape::Exchange => "exchange",
            Shape::RoundTrip => "round-trip",
            Shape::PointRead => "point-read",
            Shape::Lines => "lines",
            Shape::ReadLines => "read-lines",
            Shape::HopLines => "hop-lines",
            Shape::Explode => "explode",
            Shape::WordCount => "word-count",
            Shape::OwnedWords => "owned-words",
            Shape::Deliver => "deliver",
        }
    }

    /// In words.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Shape::Numbers => "the client makes batches of numbers, and drops them: part of all that follow",
            Shape::Append => "appended to a depot that nobody reads",
            Shape::Read => "read by a stream that does nothing",
            Shape::Return => "the same, and handed back with its ack",
            Shape::Update => "an update of a `Map<u64, u64>` where it arrives, no hop",
            Shape::Hop => "one hop, and nothing there",
            Shape::TwoHops => "two hops",
            Shape::Exchange => "one hop and one update of a `Map<u64, u64>`",
            Shape::RoundTrip => "the same, appended one by one, each when the one before is done",
            Shape::PointRead => "no record: a client's read of one entry, one by one",
            Shape::Lines => "the client makes batches of lines of 10 words, and drops them: part of all that follow",
            Shape::ReadLines => "read by a stream that does nothing",
            Shape::HopLines => "one hop with the line",
            Shape::Explode => "exploded into its 10 words, no hop",
            Shape::WordCount => {
                "exploded; a hop of a `&str` and an update of a `Map<String, u64>` for each of the 10 words"
            }
            Shape::OwnedWords => "the same, with words that are `String`s",
            Shape::Deliver => "exploded into 100 numbers; a hop and a push to a list for each",
        }
    }

    /// Whether the client waits for each by itself, which takes much longer.
    pub(crate) fn one_by_one(self) -> bool {
        matches!(self, Shape::RoundTrip | Shape::PointRead)
    }

    /// Runs it with so many records, in a module of its own; says how long that took, without what came before.
    pub(crate) fn run(self, records: u64) -> Duration {
        match self {
            Shape::Numbers => drops(&keys(DIFFERENT, DIFFERENT), records),
            Shape::Lines => drops(&lines(DIFFERENT, DIFFERENT), records),
            Shape::Append => numbers::<Log, _>(records, |client| client.numbers()),
            Shape::Read => numbers::<Steps, _>(records, |client| client.read()),
            Shape::Return => numbers::<Steps, _>(records, |client| client.returned()),
            Shape::Update => numbers::<Steps, _>(records, |client| client.updated()),
            Shape::Hop => numbers::<Steps, _>(records, |client| client.hopping()),
            Shape::TwoHops => numbers::<Steps, _>(records, |client| client.hopping_twice()),
            Shape::Exchange => numbers::<Exchange, _>(records, |client| client.numbers()),
            Shape::RoundTrip => round_trips(records),
            Shape::PointRead => point_reads(records),
            Shape::ReadLines => text::<Steps>(records, |client| client.lines_read()),
            Shape::HopLines => text::<Steps>(records, |client| client.lines_hopping()),
            Shape::Explode => text::<Steps>(records, |client| client.lines_exploded()),
            Shape::WordCount => text::<WordCount>(records, |client| client.lines()),
            Shape::OwnedWords => text::<OwnedWords>(records, |client| client.lines()),
            Shape::Deliver => numbers::<Deliveries, _>(records, |client| client.posts()),
        }
    }
}

/// Copies of `all`, again and again, `records` of them, in batches.
fn batches<R: Clone>(all: &[R], records: u64) -> impl Iterator<Item = Vec<R>> {
    let batch = BATCH as u64;
    (0..records).step_by(BATCH).map(move |first| {
        let start = first as usize % all.len();
        all[start..start + batch.min(records - first) as usize].to_vec()
    })
}

fn drops<R: Clone>(all: &[R], records: u64) -> Duration {
    let started = Instant::now();
    batches(all, records).for_each(|batch| drop(black_box(batch)));
    started.elapsed()
}

/// Two tasks, so that a hop leads elsewhere every other time.
fn start<M: Module>() -> Running<M> {
    Running::start(launch(2, 1))
}

fn stream<M, R, Ack>(all: &[R], records: u64, depot: impl Fn(&M::Client) -> DepotClient<M, R, Ack>) -> Duration
where
    M: Module,
    R: Clone + Serialize + DeserializeOwned + Send + 'static,
    Ack: Send + 'static,
{
    let running = start::<M>();
    let depot = depot(running.client());
    let started = Instant::now();
    running.append(&depot, batches(all, records), UNDER_WAY);
    started.elapsed()
}

fn numbers<M: Module, Ack: Send + 'static>(
    records: u64,
    depot: impl Fn(&M::Client) -> DepotClient<M, u64, Ack>,
) -> Duration {
    stream(&keys(DIFFERENT, DIFFERENT), records, depot)
}

fn text<M: Module>(records: u64, depot: impl Fn(&M::Client) -> DepotClient<M, String, ()>) -> Duration {
    stream(&lines(DIFFERENT, DIFFERENT), records, depot)
}

fn round_trips(records: u64) -> Duration {
    let (all, running) = (keys(DIFFERENT, DIFFERENT), start::<Exchange>());
    let depot = running.client().numbers();
    let started = Instant::now();
    running.block_on(async {
        for number in all.iter().cycle().take(records as usize) {
            depot.append(*number).await.unwrap();
        }
    });
    started.elapsed()
}

fn point_reads(records: u64) -> Duration {
    let (all, running) = (keys(DIFFERENT, DIFFERENT), start::<Exchange>());
    running.append(&running.client().numbers(), [all.clone()], UNDER_WAY);
    let counts = running.client().counts();
    let started = Instant::now();
    running.block_on(async {
        for number in all.iter().cycle().take(records as usize) {
            assert!(counts.key(number).get().await.unwrap().is_some());
        }
    });
    started.elapsed()
}
