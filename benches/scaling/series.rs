//! The series: what there is more and more of, and how much.

use crate::load::{Load, Work};

/// How a picture shows what there is more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// By powers of this base.
    Log(u32),
    /// From 0.
    Linear,
}

/// What happens as there is more of one thing.
#[derive(Debug)]
pub(crate) struct Series {
    /// On the command line, and of the picture's file.
    pub(crate) name: &'static str,
    /// What is done, in a sentence.
    pub(crate) title: &'static str,
    /// What there is more of.
    pub(crate) x: &'static str,
    pub(crate) axis: Axis,
    pub(crate) points: Vec<Point>,
}

/// One place on one line.
#[derive(Debug)]
pub(crate) struct Point {
    /// The line it belongs to; empty where there is but one.
    pub(crate) line: String,
    pub(crate) x: u64,
    /// `x`, to be read.
    pub(crate) label: String,
    pub(crate) load: Load,
}

/// What all series have in common, but for what each is about.
const USUAL: Load = Load {
    work: Work::Exchange { keys: 100_000 },
    threads: 2,
    tasks: 64,
    records: 1_000_000,
    in_flight: 16_000,
    made: true,
};

/// All series; in test mode with one tiny point each.
pub(crate) fn all(long: bool, testing: bool) -> Vec<Series> {
    let mut all = vec![
        tasks(),
        threads(),
        in_flight(),
        keys(),
        bytes(),
        hops(),
        topologies(),
        records(long),
    ];
    if testing {
        for series in &mut all {
            // The last one is the furthest from what is usual.
            series.points = series.points.pop().into_iter().collect();
            for point in &mut series.points {
                point.load.records = 200;
            }
        }
    }
    all
}

fn point(line: impl Into<String>, x: u64, load: Load) -> Point {
    let label = match x {
        _ if x >= 1_000_000 && x.is_multiple_of(1_000_000) => format!("{} M", x / 1_000_000),
        _ if x >= 1_000 && x.is_multiple_of(1_000) => format!("{} k", x / 1_000),
        _ => x.to_string(),
    };
    Point {
        line: line.into(),
        x,
        label,
        load,
    }
}

fn tasks() -> Series {
    let mut points = Vec::new();
    for threads in [1, 2] {
        for tasks in (1..=10).map(|power| 1 << power) {
            let load = Load {
                threads,
                tasks,
                ..USUAL
            };
            points.push(point(format!("threads {threads}"), u64::from(tasks), load));
        }
    }
    Series {
        name: "tasks",
        title: "1 M numbers, one hop and one update of 100 k keys, on more and more tasks",
        x: "tasks",
        axis: Axis::Log(2),
        points,
    }
}

fn threads() -> Series {
    let processors = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    let counts = (0..8)
        .map(|power| 1 << power)
        .take_while(|&threads| threads <= processors.max(2));
    let load = |threads| Load {
        threads,
        records: 2_000_000,
        ..USUAL
    };
    Series {
        name: "threads",
        title: "2 M numbers, one hop and one update of 100 k keys, on 64 tasks and more and more threads, beside the client's",
        x: "threads",
        axis: Axis::Log(2),
        points: counts
            .map(|threads| point("", u64::from(threads), load(threads)))
            .collect(),
    }
}

fn in_flight() -> Series {
    let points = (0..=6).map(|power| {
        let in_flight = 10u64.pow(power);
        let load = Load {
            in_flight,
            // Few enough to end, enough to fill it several times.
            records: (in_flight * 5_000).clamp(5_000, 2_000_000).max(in_flight * 4),
            ..USUAL
        };
        point("", in_flight, load)
    });
    Series {
        name: "in_flight",
        title: "One hop and one update of 100 k keys, with more and more records appended and not acked yet (in appends of a \
                tenth of them, 1 to 1,000 records)",
        x: "records in flight",
        axis: Axis::Log(10),
        points: points.collect(),
    }
}

fn keys() -> Series {
    let points = (3..=7).map(|power| {
        let keys = 10u64.pow(power);
        let load = Load {
            work: Work::Exchange { keys },
            records: keys.max(2_000_000),
            ..USUAL
        };
        point("", keys, load)
    });
    Series {
        name: "keys",
        title: "2 M numbers (10 M of 10 M keys), one hop and one update, of more and more keys",
        x: "keys",
        axis: Axis::Log(10),
        points: points.collect(),
    }
}

fn bytes() -> Series {
    let points = [8, 64, 512, 4_096, 16_384, 65_536].map(|bytes| {
        let load = Load {
            work: Work::Payload { bytes },
            // At most 128 MB of them, and in flight a quarter of that.
            records: (128 << 20 >> bytes.ilog2()).min(500_000),
            in_flight: (32 << 20 >> bytes.ilog2()).min(USUAL.in_flight),
            ..USUAL
        };
        point("", bytes, load)
    });
    Series {
        name: "bytes",
        title: "Up to 500 k records, 128 MB at most, one hop with all of the record and one update of 100 k keys, of more and \
                more bytes",
        x: "bytes a record",
        axis: Axis::Log(2),
        points: points.into(),
    }
}

fn hops() -> Series {
    let mut points = Vec::new();
    for hops in [0, 1, 2, 4, 8] {
        for (line, work) in [("straight", Work::Straight { hops }), ("loop", Work::Looped { hops })] {
            let load = Load {
                work,
                records: 500_000,
                ..USUAL
            };
            points.push(point(line, hops, load));
        }
    }
    points.sort_by(|a, b| b.line.cmp(&a.line));
    Series {
        name: "hops",
        title: "500 k numbers, more and more hops to other tasks, and one update: hops written out, and in a loop",
        x: "hops a record",
        axis: Axis::Linear,
        points,
    }
}

fn topologies() -> Series {
    let points = [1, 2, 4, 8].map(|number| {
        let load = Load {
            work: Work::Topologies { number },
            records: 300_000,
            ..USUAL
        };
        point("", number, load)
    });
    Series {
        name: "topologies",
        title: "300 k numbers, in each of more and more topologies one hop and one update of 100 k keys",
        x: "topologies of one depot",
        axis: Axis::Log(2),
        points: points.into(),
    }
}

fn records(long: bool) -> Series {
    let points = (6..=if long { 8 } else { 7 }).map(|power| {
        let records = 10u64.pow(power);
        let load = Load {
            records,
            made: false,
            ..USUAL
        };
        point("", records, load)
    });
    Series {
        name: "records",
        title: "More and more numbers, made as they are sent, one hop and one update of 100 k keys; the depot keeps none",
        x: "records",
        axis: Axis::Log(10),
        points: points.collect(),
    }
}
