//! Red Planet Labs' Rama programming model as native Rust.
//!
//! An event-driven backend is usually glued together from a queue, a database, a cache and workers. Here it is one
//! *module*: a struct whose fields are *depots* (partitioned logs that take all input) and *PStates* (partitioned indexes of
//! any shape), and *topologies*, plain Rust bodies that process each record, hopping from task to task to where the data
//! lives.
//!
//! ```
//! use rama_runtime::prelude::*;
//!
//! /// Counts how often each word was seen.
//! #[module]
//! pub struct WordCount {
//!     /// Lines of text, spread evenly over the tasks.
//!     #[depot(random)]
//!     lines: Depot<String>,
//!     /// How often each word was seen.
//!     #[pstate(owner = count_words)]
//!     counts: PState<Map<String, u64>>,
//! }
//!
//! topology! {
//!     impl WordCount {
//!         /// Counts each word on the task that owns it.
//!         #[stream(source = lines)]
//!         async fn count_words(&mut self, line: String) {
//!             let word: &str = explode(line.split_whitespace()).await;
//!             hash_partition(word).await;
//!             self.counts.key(word).update(|n| *n += 1);
//!         }
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> rama_runtime::Result<()> {
//!     let cluster = InProcessCluster::start()?;
//!     let app = cluster.launch::<WordCount>(Launch::tasks(4).threads(2)).await?;
//!     app.lines().append("to be or not to be".into()).await?;      // waits for full processing by default
//!     assert_eq!(app.counts().key("be").get().await?, Some(2));
//!     Ok(())
//! }
//! ```
//!
//! # Choosing
//!
//! | to | use |
//! |---|---|
//! | declare a module | [`#[module]`](macro@module) on a struct |
//! | take input | a [`Depot`](depot::Depot) field: `random`, `hash_by`, `global`, `disallow`, `tick`, `partitioner`; what it keeps: `keep` |
//! | keep state | a [`PState`](pstate::PState) field of [`Map`](pstate::Map), [`Set`](pstate::Set), [`List`](pstate::List), a [`Fields`](macro@Fields) struct, a plain value, nested at will |
//! | process records | [`topology!`], or [`#[topologies]`](macro@topologies) on an ordinary `impl` |
//! | move in a body | the [operations](ops): `hash_partition(&key).await`, `explode(items).await`, .. |
//! | run it | [`InProcessCluster`](cluster::InProcessCluster), [`Launch`](cluster::Launch) |
//! | use it | the generated client: `app.lines().append(..)`, `app.counts().key("be").get()`, [`App`](client::App) |
//! | read its records from outside, and know how far | a named [`Consumer`](client::Consumer): `app.lines().consumer(name, from)` |
//! | test it | [`testing`] |
//! | understand a message with a code, `[RM0007]` | [`errors`] |
//! | know what it costs | [`costs`] |
//! | keep it in a folder | [`InProcessCluster::open`](cluster::InProcessCluster::open), [`durability`] |

// The macros name this crate; so do its own doc tests and tests.
extern crate self as rama_runtime;

pub mod client;
pub mod cluster;
#[doc = include_str!("docs/costs.md")]
pub mod costs {}
pub mod depot;
#[doc = include_str!("docs/durability.md")]
pub mod durability {}
mod editor;
pub mod env;
mod error;
pub mod errors;
mod exec;
mod group;
pub mod key;
pub mod module;
pub mod ops;
mod prefetch;
pub mod prelude;
pub mod pstate;
mod question;
pub mod testing;
pub mod topology;

#[doc(hidden)]
pub mod __private;

pub use depot::AckLevel;
pub use error::{Error, Result};
pub use exec::{Counters, ThreadCounters};
pub use group::{Recovery, StorageError, StoreError};

#[doc = include_str!("docs/module.md")]
pub use rama_macros::module;

#[doc = include_str!("docs/topology.md")]
pub use rama_macros::topology;

/// [`topology!`] on an ordinary `impl` block, which rustfmt formats and rust-analyzer completes in.
///
/// ```
/// # use rama_runtime::prelude::*;
/// # #[module]
/// # pub struct Echo { #[depot(random)] input: Depot<u64> }
/// #[topologies]
/// impl Echo {
///     #[stream(source = input)]
///     async fn echo(&mut self, record: u64) -> u64 {
///         record
///     }
/// }
/// ```
pub use rama_macros::topologies;

#[doc = include_str!("docs/fields.md")]
pub use rama_macros::Fields;
