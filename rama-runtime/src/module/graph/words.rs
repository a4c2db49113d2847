//! The words that the printed forms share.

use super::{DepotNode, EdgeKind, NodeId, PStateNode, SegmentNode};
use crate::module::descriptor::{AlignmentDescriptor, PartitionerDescriptor};

/// A depot's partitioner, as the user writes it.
pub(super) fn partitioner(partitioner: PartitionerDescriptor) -> String {
    match partitioner {
        PartitionerDescriptor::Random => "random".to_owned(),
        PartitionerDescriptor::HashBy(key) => format!("hash_by = {key}"),
        PartitionerDescriptor::Global => "global".to_owned(),
        PartitionerDescriptor::Disallow => "disallow".to_owned(),
        PartitionerDescriptor::Tick { millis } if millis % 1000 == 0 => format!("tick = \"{}s\"", millis / 1000),
        PartitionerDescriptor::Tick { millis } => format!("tick = \"{millis}ms\""),
        PartitionerDescriptor::Custom(function) => format!("partitioner = {function}"),
    }
}

/// What a scope carries, as a person would call it: some of it has no name in the user's code.
pub(super) fn carried(operation: &str, scope: &[&'static str]) -> Vec<&'static str> {
    let name = |variable: &&'static str| match *variable {
        "__value" if operation == "explode" => "the item",
        "__value" => "the result",
        variable if variable.starts_with("__rama_iter") => "the loop",
        variable if variable.starts_with("__") => "a temporary",
        variable => variable,
    };
    scope.iter().map(name).collect()
}

/// A depot's lines.
pub(super) fn depot(depot: &DepotNode) -> Vec<String> {
    vec![
        depot.name.to_owned(),
        format!("Depot<{}>", depot.record),
        depot.partitioner.clone(),
    ]
}

/// A PState's lines.
pub(super) fn pstate(pstate: &PStateNode) -> Vec<String> {
    let mut lines = vec![pstate.name.to_owned(), pstate.schema.to_owned()];
    let options: Vec<&str> = [(pstate.global, "global"), (pstate.private, "private")]
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect();
    if !options.is_empty() {
        lines.push(options.join(", "));
    }
    lines
}

/// A segment's lines.
pub(super) fn segment(segment: &SegmentNode) -> Vec<String> {
    let mut lines = vec![match segment.id {
        _ if segment.entry => segment.source.to_owned(),
        NodeId::Segment { segment, .. } => format!("segment {segment}"),
        other => other.to_string(),
    }];
    if !segment.partitioned_by.is_empty() {
        lines.push(format!("partition: {}", segment.partitioned_by));
    }
    lines
}

/// An edge's lines.
pub(super) fn edge(kind: &EdgeKind) -> Vec<String> {
    match kind {
        EdgeKind::Source { source, record } => vec![(*source).to_owned(), (*record).to_owned()],
        EdgeKind::Hop {
            operation,
            arguments,
            each,
            carries,
        } => {
            let mut lines: Vec<String> = each.iter().map(|items| format!("explode({items})")).collect();
            lines.push(match *operation {
                // Its argument is all of the call.
                "append" => (*arguments).to_owned(),
                "before_external" => "before external".to_owned(),
                operation => format!("{operation}({arguments})"),
            });
            if !carries.is_empty() {
                lines.push(format!("carries {}", carries.join(", ")));
            }
            lines
        }
        EdgeKind::Append => vec!["append".to_owned()],
        EdgeKind::DeadLetter => vec!["dead letters".to_owned()],
        EdgeKind::Read { key, alignment } => access("reads", *key, *alignment),
        EdgeKind::Write { key, alignment } => access("writes", *key, *alignment),
    }
}

fn access(verb: &str, key: Option<&str>, alignment: AlignmentDescriptor) -> Vec<String> {
    let mut lines = vec![match key {
        Some(key) => format!("{verb} {key}"),
        None => verb.to_owned(),
    }];
    match alignment {
        AlignmentDescriptor::Whole => lines.push("this task's partition".to_owned()),
        // The usual case needs no word.
        AlignmentDescriptor::Proven => {}
        AlignmentDescriptor::Checked => lines.push("checked when it runs".to_owned()),
        AlignmentDescriptor::Unaligned => lines.push("unaligned".to_owned()),
    }
    lines
}
