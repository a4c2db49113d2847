//! JSON, for tools.

use super::Graph;

impl Graph {
    /// The graph as JSON: its fields as they are in Rust, ids as their text, an edge's `kind` in snake case beside its
    /// fields.
    ///
    /// ```
    /// # use rama_runtime::{module::Module, prelude::*};
    /// # #[module]
    /// # pub struct Echo { #[depot(random)] input: Depot<u64> }
    /// # topology! { impl Echo { #[stream(source = input)] async fn echo(&mut self, n: u64) -> u64 { n } } }
    /// let json = Echo::DESCRIPTOR.graph().to_json();
    /// assert!(json.contains("\"module\": \"Echo\""));
    /// ```
    #[must_use]
    #[expect(clippy::expect_used, reason = "strings and numbers always have a JSON form")]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a graph is strings, numbers and lists")
    }
}
