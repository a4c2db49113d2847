//! Who is compared with whom, on what.

use crate::kit::clock::Cost;
use crate::{fanout, w1, w2, w3};
use std::error::Error;

/// What a contender's run gives, once its results are checked.
pub type Outcome = Result<Run, Box<dyn Error>>;

/// A run whose results are right.
pub struct Run {
    /// How many items were processed, or calls made.
    pub items: u64,
    /// What that cost.
    pub cost: Cost,
    /// How long the calls took, where calls are measured.
    pub latency: Option<Latency>,
}

impl Run {
    /// A run that is measured by its rate.
    pub fn of(items: usize, cost: Cost) -> Run {
        Run {
            items: items as u64,
            cost,
            latency: None,
        }
    }
}

/// How long calls took, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Half of the calls took at most this.
    pub p50: f64,
    /// 99 of 100 calls took at most this.
    pub p99: f64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Items per second: more is better.
    Rate,
    /// Time of a call: less is better.
    Latency,
}

/// One way to do a workload.
pub struct Contender {
    /// Its name in tables and arguments.
    pub name: &'static str,
    /// The hand-written one that it is compared with.
    pub base: &'static str,
    /// Makes the input, runs, checks.
    pub run: fn() -> Outcome,
}

impl Contender {
    /// The contender `name`, compared with `base`.
    pub const fn new(name: &'static str, base: &'static str, run: fn() -> Outcome) -> Contender {
        Contender { name, base, run }
    }
}

/// One workload, and everyone who does it.
pub struct Workload {
    /// Its name in arguments and ratios.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What an item is.
    pub unit: &'static str,
    /// What is measured.
    pub metric: Metric,
    /// In the order of a round: the base first.
    pub contenders: &'static [Contender],
}

/// The contender whose ratio is that of the workload.
pub const OURS: &str = "rama";

/// All workloads, in the order in which they run.
pub const WORKLOADS: [Workload; 4] = [w1::WORKLOAD, w2::WORKLOAD, w3::WORKLOAD, fanout::WORKLOAD];

impl Workload {
    /// The workload of that name.
    pub fn named(name: &str) -> Option<&'static Workload> {
        WORKLOADS
            .iter()
            .find(|workload| workload.name.eq_ignore_ascii_case(name))
    }

    /// Its contender of that name.
    pub fn contender(&self, name: &str) -> Option<&'static Contender> {
        self.contenders.iter().find(|contender| contender.name == name)
    }
}
