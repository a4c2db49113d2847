//! The graph of a module: what it is made of and what flows where, for people and tools.
//!
//! [`ModuleDescriptor::graph`](super::ModuleDescriptor::graph) makes it; it prints as [Mermaid](Graph::to_mermaid) (which
//! many renderers of Markdown show), [DOT](Graph::to_dot) (Graphviz) and [JSON](Graph::to_json).
//!
//! ```
//! use rama_runtime::{module::Module, prelude::*};
//!
//! #[module]
//! pub struct WordCount {
//!     #[depot(random)]
//!     lines: Depot<String>,
//!     #[pstate(owner = count_words)]
//!     counts: PState<Map<String, u64>>,
//! }
//!
//! topology! {
//!     impl WordCount {
//!         #[stream(source = lines)]
//!         async fn count_words(&mut self, line: String) {
//!             let word: &str = explode(line.split_whitespace()).await;
//!             hash_partition(word).await;
//!             self.counts.key(word).update(|n| *n += 1);
//!         }
//!     }
//! }
//!
//! let graph = WordCount::DESCRIPTOR.graph();
//! assert_eq!(graph.topologies[0].segments.len(), 2);
//! println!("{}", graph.to_mermaid());
//! ```

mod dot;
mod json;
mod mermaid;
mod model;
#[cfg(test)]
mod tests;
mod words;

pub use model::{DepotNode, Edge, EdgeKind, Graph, NodeId, PStateNode, SegmentNode, SourceNode, TopologyNode};
