//! DOT, for Graphviz: <https://graphviz.org/doc/info/lang.html>.

use super::{EdgeKind, Graph, words};
use std::fmt::Write;

impl Graph {
    /// The graph in Graphviz' language: `dot -Tsvg` draws it.
    ///
    /// ```
    /// # use rama_runtime::{module::Module, prelude::*};
    /// # #[module]
    /// # pub struct Echo { #[depot(random)] input: Depot<u64> }
    /// # topology! { impl Echo { #[stream(source = input)] async fn echo(&mut self, n: u64) -> u64 { n } } }
    /// let dot = Echo::DESCRIPTOR.graph().to_dot();
    /// assert!(dot.starts_with("digraph \"Echo\" {"));
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_dot(&mut out);
        out
    }

    fn write_dot(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "digraph {} {{", quoted(&[self.module.to_owned()]))?;
        writeln!(out, "  graph [fontname=\"monospace\", fontsize=11, newrank=true];")?;
        writeln!(out, "  node [fontname=\"monospace\", fontsize=11, shape=box];")?;
        writeln!(out, "  edge [fontname=\"monospace\", fontsize=10];")?;
        for depot in &self.depots {
            let label = quoted(&words::depot(depot));
            writeln!(out, "  {} [style=rounded, label={label}];", depot.id)?;
        }
        for (number, topology) in self.topologies.iter().enumerate() {
            writeln!(out, "  subgraph cluster_topology{number} {{")?;
            writeln!(out, "    label={};", quoted(&[topology.name.to_owned()]))?;
            writeln!(out, "    style=dashed;")?;
            for segment in &topology.segments {
                let label = quoted(&words::segment(segment));
                writeln!(out, "    {} [label={label}];", segment.id)?;
            }
            writeln!(out, "  }}")?;
        }
        for pstate in &self.pstates {
            let label = quoted(&words::pstate(pstate));
            writeln!(out, "  {} [shape=cylinder, label={label}];", pstate.id)?;
        }
        for edge in &self.edges {
            let style = match edge.kind {
                EdgeKind::Source { .. } | EdgeKind::Hop { .. } => "",
                EdgeKind::Read { .. } => "style=dashed, ",
                EdgeKind::Write { .. } => "style=bold, ",
                EdgeKind::Append | EdgeKind::DeadLetter => "style=dotted, ",
            };
            let label = quoted(&words::edge(&edge.kind));
            writeln!(out, "  {} -> {} [{style}label={label}];", edge.from, edge.to)?;
        }
        writeln!(out, "}}")
    }
}

/// Lines as a string of DOT. There a backslash in front of most letters means something (`\N` is the node's name), a
/// doubled one itself.
fn quoted(lines: &[String]) -> String {
    let mut out = String::from('"');
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push_str("\\n");
        }
        for character in line.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                // HTML entities are understood in every string.
                '&' => out.push_str("&amp;"),
                '\n' => out.push_str("\\n"),
                character if character.is_control() => out.push(' '),
                character => out.push(character),
            }
        }
    }
    out.push('"');
    out
}
