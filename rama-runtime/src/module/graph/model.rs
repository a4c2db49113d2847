//! The graph as typed data, made from a module's descriptor.

use super::words;
use crate::module::descriptor::{
    AccessDescriptor, AlignmentDescriptor, ModuleDescriptor, OnFailure, SegmentDescriptor, TopologyDescriptor,
    TopologyKind,
};
use serde::Serialize;
use std::fmt;

/// What a module is made of, and what flows where.
///
/// Equal descriptors make equal graphs, and equal graphs print alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The module's name.
    pub module: &'static str,
    /// The module's doc comment.
    pub docs: &'static str,
    /// The depots, in order of declaration.
    pub depots: Vec<DepotNode>,
    /// The topologies, in order of declaration.
    pub topologies: Vec<TopologyNode>,
    /// The PStates, in order of declaration.
    pub pstates: Vec<PStateNode>,
    /// What flows where: by topology; within one first what starts it, then by segment.
    pub edges: Vec<Edge>,
}

/// Names a node of the graph. It prints as `depot0`, `pstate1` or `topology0_segment2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A depot, by its index in the descriptor.
    Depot(usize),
    /// A PState, by its index in the descriptor.
    PState(usize),
    /// A segment, by the indexes of its topology in the module and of itself in the topology.
    Segment {
        /// The topology.
        topology: usize,
        /// The segment.
        segment: usize,
    },
}

/// A depot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DepotNode {
    /// What edges call it.
    pub id: NodeId,
    /// Its name.
    pub name: &'static str,
    /// The record type, as written.
    pub record: &'static str,
    /// How records find their partition, as written: `hash_by = |r| &r.user`.
    pub partitioner: String,
    /// Its doc comment.
    pub docs: &'static str,
}

/// A PState.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PStateNode {
    /// What edges call it.
    pub id: NodeId,
    /// Its name.
    pub name: &'static str,
    /// The schema type, as written.
    pub schema: &'static str,
    /// The topology that writes it.
    pub owner: &'static str,
    /// Whether it has one partition, on task 0.
    pub global: bool,
    /// Whether clients cannot read it.
    pub private: bool,
    /// Its doc comment.
    pub docs: &'static str,
}

/// A topology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopologyNode {
    /// Its name.
    pub name: &'static str,
    /// Its kind: `stream`.
    pub kind: &'static str,
    /// Its sources, in order of declaration.
    pub sources: Vec<SourceNode>,
    /// The segments that some way leads to: first each source's entry, then the others in order of the text.
    pub segments: Vec<SegmentNode>,
}

/// A source: the body that processes the records of one depot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceNode {
    /// The function's name.
    pub name: &'static str,
    /// Its depot.
    pub depot: NodeId,
    /// The segment that a record starts in.
    pub entry: NodeId,
    /// The ack return type, as written; empty if nothing is returned.
    pub returns: &'static str,
    /// The function's doc comment.
    pub docs: &'static str,
}

/// A segment: the code from where a body starts or is resumed to the next awaits. A run of it is one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentNode {
    /// What edges call it.
    pub id: NodeId,
    /// The source that it belongs to.
    pub source: &'static str,
    /// Whether records start in it.
    pub entry: bool,
    /// What the computation is partitioned by in it, in words; empty where that is not known.
    pub partitioned_by: &'static str,
}

/// Something that flows from one node to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Where from.
    pub from: NodeId,
    /// Where to.
    pub to: NodeId,
    /// What flows.
    #[serde(flatten)]
    pub kind: EdgeKind,
}

/// What flows along an edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EdgeKind {
    /// From a depot to a segment: each record starts it.
    Source {
        /// The source's name.
        source: &'static str,
        /// The record type, as written.
        record: &'static str,
    },
    /// From a segment to another: an operation resumes it.
    Hop {
        /// The operation's name, as in `hash_partition`.
        operation: &'static str,
        /// The code of its arguments.
        arguments: &'static str,
        /// Where it is done once for each item of an `explode`: the code of the items.
        #[serde(skip_serializing_if = "Option::is_none")]
        each: Option<&'static str>,
        /// The variables that travel, as the user would call them.
        carries: Vec<&'static str>,
    },
    /// From a segment to a depot: it appends a record.
    Append,
    /// From a source's entry to a depot: records of the source that failed for good.
    DeadLetter,
    /// From a PState to a segment, which reads it.
    Read {
        /// The code of the key that decides the partition; `None` where it is about the whole partition.
        key: Option<&'static str>,
        /// Whether the partition is the one that the key means.
        alignment: AlignmentDescriptor,
    },
    /// From a segment to a PState, which it writes.
    Write {
        /// The code of the key that decides the partition; `None` where it is about the whole partition.
        key: Option<&'static str>,
        /// Whether the partition is the one that the key means.
        alignment: AlignmentDescriptor,
    },
}

impl ModuleDescriptor {
    /// The module's graph, for people and tools.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let depots = self.depots.iter().enumerate().map(|(index, depot)| DepotNode {
            id: NodeId::Depot(index),
            name: depot.name,
            record: depot.record,
            partitioner: words::partitioner(depot.partitioner),
            docs: depot.docs,
        });
        let pstates = self.pstates.iter().enumerate().map(|(index, pstate)| PStateNode {
            id: NodeId::PState(index),
            name: pstate.name,
            schema: pstate.schema,
            owner: pstate.owner,
            global: pstate.global,
            private: pstate.private,
            docs: pstate.docs,
        });
        let topologies = self.topologies.iter().enumerate();
        let edges = topologies
            .clone()
            .flat_map(|(number, topology)| edges(self, number, topology));
        Graph {
            module: self.name,
            docs: self.docs,
            depots: depots.collect(),
            topologies: topologies.map(|(number, found)| topology(number, found)).collect(),
            pstates: pstates.collect(),
            edges: edges.collect(),
        }
    }
}

fn topology(number: usize, topology: &TopologyDescriptor) -> TopologyNode {
    let id = |segment: usize| NodeId::Segment {
        topology: number,
        segment,
    };
    let sources = topology.sources.iter().enumerate().map(|(at, source)| SourceNode {
        name: source.name,
        depot: NodeId::Depot(source.depot),
        entry: id(at),
        returns: source.returns,
        docs: source.docs,
    });
    let segments = reachable(topology).into_iter().map(|(at, segment)| SegmentNode {
        id: id(at),
        source: topology.sources.get(segment.source).map_or("", |source| source.name),
        entry: at < topology.sources.len(),
        partitioned_by: segment.partitioned_by,
    });
    TopologyNode {
        name: topology.name,
        kind: match topology.kind {
            TopologyKind::Stream => "stream",
        },
        sources: sources.collect(),
        segments: segments.collect(),
    }
}

/// The segments that some way leads to: code behind a `return` never runs.
fn reachable(topology: &TopologyDescriptor) -> Vec<(usize, &'static SegmentDescriptor)> {
    let segments = topology.segments;
    let mut reached = vec![false; segments.len()];
    let mut open: Vec<usize> = (0..topology.sources.len()).collect();
    while let Some(number) = open.pop() {
        if let Some(segment) = segments.get(number)
            && !reached[number]
        {
            reached[number] = true;
            open.extend(segment.hops.iter().map(|hop| hop.to));
        }
    }
    segments
        .iter()
        .enumerate()
        .filter(|(number, _)| reached[*number])
        .collect()
}

fn edges(module: &ModuleDescriptor, number: usize, topology: &TopologyDescriptor) -> Vec<Edge> {
    let id = |segment: usize| NodeId::Segment {
        topology: number,
        segment,
    };
    let mut edges = Vec::new();
    let mut add = |from: NodeId, to: NodeId, kind: EdgeKind| edges.push(Edge { from, to, kind });
    let segments = reachable(topology);
    for (at, source) in topology.sources.iter().enumerate() {
        if !segments.iter().any(|(number, _)| *number == at) {
            // A descriptor without segments, which only tests write.
            continue;
        }
        let record = module.depots.get(source.depot).map_or("", |depot| depot.record);
        let started = EdgeKind::Source {
            source: source.name,
            record,
        };
        add(NodeId::Depot(source.depot), id(at), started);
        if let OnFailure::DeadLetter(depot) = source.on_failure {
            add(id(at), NodeId::Depot(depot), EdgeKind::DeadLetter);
        }
    }
    for (at, segment) in segments {
        for access in segment.accesses {
            let AccessDescriptor { key, alignment, .. } = *access;
            let (pstate, key) = (NodeId::PState(access.pstate), (!key.is_empty()).then_some(key));
            if access.writes {
                add(id(at), pstate, EdgeKind::Write { key, alignment });
            } else {
                add(pstate, id(at), EdgeKind::Read { key, alignment });
            }
        }
        for hop in segment.hops {
            if let Some(depot) = hop.appends {
                add(id(at), NodeId::Depot(depot), EdgeKind::Append);
            }
            let scope = topology.segments.get(hop.to).map_or(&[][..], |segment| segment.scope);
            let goes_on = EdgeKind::Hop {
                operation: hop.operation,
                arguments: hop.arguments,
                each: hop.each,
                carries: words::carried(hop.operation, scope),
            };
            add(id(at), id(hop.to), goes_on);
        }
    }
    edges
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeId::Depot(index) => write!(f, "depot{index}"),
            NodeId::PState(index) => write!(f, "pstate{index}"),
            NodeId::Segment { topology, segment } => write!(f, "topology{topology}_segment{segment}"),
        }
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
