//! Tables made once from the module's descriptor and the launch: what is where, by index.

use crate::depot::AckLevel;
use crate::module::ModuleDescriptor;
use crate::module::descriptor::{
    HopDescriptor, Keep, OnFailure, PartitionerDescriptor, Retry, SegmentDescriptor, StartFrom, TopologyDescriptor,
};
use crate::topology::Place;
use std::time::Duration;

/// A source, the same on every task.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// Index of its topology.
    pub(crate) program: usize,
    /// Its place among the topology's sources.
    pub(crate) ordinal: usize,
    pub(crate) topology: &'static str,
    pub(crate) name: &'static str,
    /// Index of its depot.
    pub(crate) depot: usize,
    pub(crate) depot_name: &'static str,
    /// Its place among those sources of the depot that return a value.
    pub(crate) returns: Option<usize>,
    pub(crate) start_from: StartFrom,
    pub(crate) retry: Retry,
    pub(crate) max_retries: u32,
    pub(crate) on_failure: OnFailure,
    pub(crate) timeout: Option<Duration>,
    /// How many records start together, at most, and are then done together.
    pub(crate) flight: u32,
}

/// How many records of a source start together, at most. Each is acked when all are done; so fewer start together where they
/// send many hops, or take long (`start.rs`).
const FLIGHT: u32 = 1024;

/// How many records of that source may share one event tree.
///
/// More than one only where all of a record's events follow from each other without waiting, and no code goes round: then
/// neighbours end together anyway. Where a record may wait (for a future, an append, its turn, or in a
/// loop that hops), or times out, it has a tree of its own, so that no record waits for another one's end.
fn flight(topology: &TopologyDescriptor, timeout: Option<u64>) -> u32 {
    let waits = |hop: &HopDescriptor| match hop.operation {
        "external" | "yield_if_overtime" => true,
        // `self.depot.append(record).ack(level)`: the level may be `Full`.
        "append" => hop.arguments.contains("ack"),
        _ => false,
    };
    let goes_back = |from: usize, hop: &HopDescriptor| reaches(topology.segments, hop.to, from);
    let bounded = topology
        .segments
        .iter()
        .enumerate()
        .all(|(number, segment)| segment.hops.iter().all(|hop| !waits(hop) && !goes_back(number, hop)));
    // Of a machine that says nothing of its segments, nothing is known.
    if bounded && timeout.is_none() && !topology.segments.is_empty() {
        FLIGHT
    } else {
        1
    }
}

/// Whether some path leads from one segment to another (each segment reaches itself).
fn reaches(segments: &[SegmentDescriptor], from: usize, to: usize) -> bool {
    let mut seen = vec![false; segments.len()];
    let mut open = vec![from];
    while let Some(segment) = open.pop() {
        if segment == to {
            return true;
        }
        if !std::mem::replace(seen.get_mut(segment).unwrap_or(&mut true), true) {
            open.extend(segments[segment].hops.iter().map(|hop| hop.to));
        }
    }
    false
}

/// A depot, the same on every task.
#[derive(Debug, Clone)]
pub(crate) struct DepotLayout {
    pub(crate) name: &'static str,
    /// The sources that read it.
    pub(crate) consumers: Vec<usize>,
    /// How many of them return a value.
    pub(crate) returning: usize,
    /// The period, if the clock appends.
    pub(crate) tick: Option<Duration>,
    /// How often to look for records whose time is over, if they are kept for a time.
    pub(crate) expires: Option<Duration>,
}

/// How often, at most and at least, records are looked for whose time is over.
const OFTENEST: Duration = Duration::from_millis(100);
const RAREST: Duration = Duration::from_secs(600);

/// The numbers of a launch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Records of one source that a task works on at once.
    pub(crate) max_unfinished: u32,
    /// Records of one depot partition that clients may have appended and that are not processed.
    pub(crate) max_backlog: u32,
    /// How long an event may run on over its yields.
    pub(crate) event_budget: Duration,
    /// Whether each hop between tasks is encoded and decoded.
    pub(crate) check_wire: bool,
    /// How long a thread without work looks out for some before it sleeps; the clock knows if nothing is said.
    pub(crate) spin: Option<Duration>,
    /// Whether each thread stays on one processor.
    pub(crate) pinned: bool,
    /// How many records fly together at most, whatever their topology: for tests.
    pub(crate) flight: Option<u32>,
}

/// Everything about a launched module that does not change.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) tasks: u32,
    pub(crate) threads: u32,
    pub(crate) places: Vec<Place>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) depots: Vec<DepotLayout>,
    pub(crate) limits: Limits,
}

impl Layout {
    pub(crate) fn new(module: &'static ModuleDescriptor, tasks: u32, threads: u32, limits: Limits) -> Self {
        let mut depots: Vec<DepotLayout> = module
            .depots
            .iter()
            .map(|depot| DepotLayout {
                name: depot.name,
                consumers: Vec::new(),
                returning: 0,
                tick: match depot.partitioner {
                    // A period of zero would tick without end.
                    PartitionerDescriptor::Tick { millis } => Some(Duration::from_millis(millis.max(1))),
                    _ => None,
                },
                expires: match depot.keep {
                    Some(Keep::Within { millis }) => Some(Duration::from_millis(millis / 8).clamp(OFTENEST, RAREST)),
                    _ => None,
                },
            })
            .collect();
        let mut kinds = Vec::new();
        for (program, topology) in module.topologies.iter().enumerate() {
            for (ordinal, source) in topology.sources.iter().enumerate() {
                let Some(depot) = depots.get_mut(source.depot) else {
                    continue;
                };
                depot.consumers.push(kinds.len());
                let returns = source.has_ack_return.then_some(depot.returning);
                depot.returning += usize::from(source.has_ack_return);
                kinds.push(Kind {
                    program,
                    ordinal,
                    topology: topology.name,
                    name: source.name,
                    depot: source.depot,
                    depot_name: depot.name,
                    returns,
                    start_from: source.start_from,
                    retry: source.retry,
                    max_retries: source.max_retries,
                    on_failure: source.on_failure,
                    timeout: source.timeout_millis.map(Duration::from_millis),
                    flight: limits.flight.unwrap_or_else(|| flight(topology, source.timeout_millis)),
                });
            }
        }
        let places = (0..tasks)
            .map(|task| Place {
                thread: task % threads,
                local: task / threads,
            })
            .collect();
        Layout {
            tasks,
            threads,
            places,
            kinds,
            depots,
            limits,
        }
    }

    /// The tasks of a thread, in order of their place there.
    pub(crate) fn tasks_of(&self, thread: u32) -> impl Iterator<Item = u32> {
        (thread..self.tasks).step_by(self.threads as usize)
    }

    /// The level at which an append of a client is really answered: where nothing processes the records, appended is all
    /// that there is to wait for.
    pub(crate) fn effective(&self, depot: usize, level: AckLevel) -> AckLevel {
        let unread = self.depots.get(depot).is_none_or(|depot| depot.consumers.is_empty());
        if unread && level == AckLevel::Full {
            AckLevel::Appended
        } else {
            level
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::descriptor::TopologyKind;

    fn hop(operation: &'static str, arguments: &'static str, to: usize) -> HopDescriptor {
        HopDescriptor {
            operation,
            arguments,
            each: None,
            appends: None,
            to,
        }
    }

    /// The flight of a topology whose segments have these ways out.
    fn flight_of(segments: &[&[HopDescriptor]], timeout: Option<u64>) -> u32 {
        let segments: Vec<SegmentDescriptor> = segments
            .iter()
            .map(|hops| SegmentDescriptor {
                source: 0,
                scope: &[],
                partitioned_by: "",
                accesses: &[],
                hops: hops.to_vec().leak(),
            })
            .collect();
        let topology = TopologyDescriptor {
            name: "t",
            kind: TopologyKind::Stream,
            sources: &[],
            segments: segments.leak(),
        };
        flight(&topology, timeout)
    }

    #[test]
    fn records_fly_together_where_their_events_only_follow_from_each_other() {
        let hop_to = |to| hop("hash_partition", "& word", to);
        assert_eq!(flight_of(&[&[hop_to(1)], &[]], None), FLIGHT);
        assert_eq!(
            flight_of(&[&[hop("explode", "x", 1), hop_to(2)], &[hop_to(2)], &[]], None),
            FLIGHT
        );
        let append = hop("append", "self . out . append (x)", 1);
        assert_eq!(flight_of(&[&[append], &[]], None), FLIGHT);
    }

    #[test]
    fn a_record_that_may_wait_or_go_round_flies_alone() {
        let hop_to = |to| hop("hash_partition", "& word", to);
        assert_eq!(
            flight_of(&[&[hop_to(1)], &[]], Some(1000)),
            1,
            "a timeout is each record's own"
        );
        assert_eq!(flight_of(&[&[hop("external", "future", 1)], &[]], None), 1);
        assert_eq!(flight_of(&[&[hop("yield_if_overtime", "", 1)], &[]], None), 1);
        let append = hop("append", "self . out . append (x) . ack (AckLevel :: Full)", 1);
        assert_eq!(flight_of(&[&[append], &[]], None), 1);
        assert_eq!(flight_of(&[&[hop_to(1)], &[hop_to(1)]], None), 1, "a loop");
        assert_eq!(
            flight_of(&[&[hop_to(1)], &[hop_to(2)], &[hop_to(1), hop_to(3)], &[]], None),
            1,
            "a longer one"
        );
        assert_eq!(flight_of(&[], None), 1, "nothing is known");
    }
}
