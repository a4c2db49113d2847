//! Mermaid, which GitHub and many renderers of Markdown show: <https://mermaid.js.org/syntax/flowchart.html>.

use super::{EdgeKind, Graph, words};
use std::fmt::Write;

impl Graph {
    /// The graph as a Mermaid flow chart; in Markdown it stands in a code block of language `mermaid`.
    ///
    /// ```
    /// # use rama_runtime::{module::Module, prelude::*};
    /// # #[module]
    /// # pub struct Echo { #[depot(random)] input: Depot<u64> }
    /// # topology! { impl Echo { #[stream(source = input)] async fn echo(&mut self, n: u64) -> u64 { n } } }
    /// let mermaid = Echo::DESCRIPTOR.graph().to_mermaid();
    /// assert!(mermaid.starts_with("flowchart TD\n"));
    /// ```
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_mermaid(&mut out);
        out
    }

    fn write_mermaid(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "flowchart TD")?;
        for depot in &self.depots {
            writeln!(out, "  {}([{}])", depot.id, quoted(&words::depot(depot)))?;
        }
        for (number, topology) in self.topologies.iter().enumerate() {
            writeln!(
                out,
                "  subgraph topology{number}[{}]",
                quoted(&[topology.name.to_owned()])
            )?;
            for segment in &topology.segments {
                writeln!(out, "    {}[{}]", segment.id, quoted(&words::segment(segment)))?;
            }
            writeln!(out, "  end")?;
        }
        for pstate in &self.pstates {
            writeln!(out, "  {}[({})]", pstate.id, quoted(&words::pstate(pstate)))?;
        }
        for edge in &self.edges {
            let arrow = match edge.kind {
                EdgeKind::Source { .. } | EdgeKind::Hop { .. } => "-->",
                EdgeKind::Write { .. } => "==>",
                EdgeKind::Read { .. } | EdgeKind::Append | EdgeKind::DeadLetter => "-.->",
            };
            let label = quoted(&words::edge(&edge.kind));
            writeln!(out, "  {} {arrow}|{label}| {}", edge.from, edge.to)?;
        }
        Ok(())
    }
}

/// Lines as a string of Mermaid. It has no escapes but HTML's entities, with `#` for `&`. Whatever Mermaid's lexer, its
/// clean-up by regular expressions, Markdown or HTML may take for their own becomes one.
fn quoted(lines: &[String]) -> String {
    let mut out = String::from('"');
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push_str("<br/>");
        }
        let mut before = ' ';
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            // Inside a word, an underscore is no emphasis.
            let in_word = before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
            before = character;
            if character == '\n' {
                out.push_str("<br/>");
            } else if character.is_control() {
                out.push(' ');
            } else if means_something(character) || character == '_' && !in_word {
                // Writing to a string cannot fail.
                let _ = write!(out, "#{};", u32::from(character));
            } else {
                out.push(character);
            }
        }
    }
    out.push('"');
    out
}

fn means_something(character: char) -> bool {
    matches!(
        character,
        // Strings, entities, HTML.
        '"' | '#' | ';' | '&' | '<' | '>'
        // Escapes, directives (`%%{..}%%`), styles (`style ..: ..`), mathematics.
        | '\\' | '%' | '{' | '}' | ':' | '$'
        // Markdown, edge labels.
        | '`' | '*' | '~' | '[' | ']' | '|'
    )
}
