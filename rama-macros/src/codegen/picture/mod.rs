//! The picture of a topology in the module's rustdoc, which shows SVG but no Mermaid.
//!
//! ```text
//! drawing.rs   what is drawn: boxes in order, what leads to them, what they touch
//! layout.rs    where: a spine of boxes, arcs in lanes at its left, PStates at its right
//! svg.rs       how
//! ```

mod drawing;
mod layout;
mod svg;
#[cfg(test)]
mod tests;

use super::machine::Machine;
use crate::model::{ModuleDecl, SourceDecl, TopologyDecl};
use proc_macro2::TokenStream;
use quote::quote;

/// The documentation of a topology: its name, its sources' docs, and its picture. An attribute, which only rustdoc reads.
pub(super) fn attribute(module: &ModuleDecl, topology: &TopologyDecl, machine: &Machine) -> TokenStream {
    let docs = docs(module, topology, machine);
    quote!(#[cfg_attr(doc, doc = #docs)])
}

fn docs(module: &ModuleDecl, topology: &TopologyDecl, machine: &Machine) -> String {
    let mut docs = format!("Topology `{}`, a stream:\n\n", topology.name);
    for source in &topology.sources {
        docs += &format!("- `{}` of depot `{}`", source.ident, source.depot);
        let summary = summary(source);
        if !summary.is_empty() {
            docs += &format!(": {summary}");
        }
        docs += "\n";
    }
    let drawing = drawing::Drawing::new(module, topology, machine);
    docs += "\n";
    docs += &svg::print(&layout::lay_out(&drawing), &format!("Topology {}", topology.name));
    docs
}

/// The first paragraph of a source's docs, on one line: no code block, which rustdoc might run.
fn summary(source: &SourceDecl) -> String {
    let lines = source.docs.lines().map(str::trim);
    let paragraph = lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty() && !line.starts_with("```") && !line.starts_with("~~~"));
    paragraph.collect::<Vec<_>>().join(" ")
}
