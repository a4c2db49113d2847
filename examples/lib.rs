//! The examples are the files beside this one: `cargo run --release --example word_count -- FILE`.
//!
//! | example | what it shows |
//! |---|---|
//! | `word_count` | the smallest module, on real text: `explode`, one hop, one PState |
//! | `page_analytics` | nested PStates with fields, several updates in one event |
//! | `profiles` | a unique name claimed once, an id made on the way, typed ack returns |
//! | `bananaman` | two edits of one user racing through a `random` depot, and the cure |
//! | `graph` | the graph of each of these modules, as Mermaid, DOT and JSON |
//!
//! As a library, they are here for `graph`, and for their rustdoc: each module's page has a picture of its topologies.

#[allow(dead_code)]
pub mod bananaman;
#[allow(dead_code)]
pub mod page_analytics;
#[allow(dead_code)]
pub mod profiles;
#[allow(dead_code)]
pub mod word_count;
