//! PStates: partitioned state of any shape, read and written through typed cursors.
//!
//! ```text
//!   PState<S> ── root: S::Node ──┐            cursor = site + path
//!             ── undo log        │              site: Local (read, write) · Shared (read) · Remote (read, by a client)
//!                                ▼              path: Root · AtKey · AtIndex · Field, nested
//!   Map, Set: storage::Table    Subindexed: storage::Tree    List: Vec    Fields: struct of places    plain: itself
//! ```
//!
//! A read walks the path and runs a function on what it finds: at once, or on the owning task. A write walks it with an
//! [`Edit`], which creates what is missing and gives one undo record for the whole walk.

mod alignment;
mod client;
mod cursor;
#[doc(hidden)]
pub mod derive;
mod edit;
mod kinds;
mod list;
mod lookup;
mod migration;
mod path;
mod plain;
mod rooted;
mod schema;
mod site;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod window;

pub use alignment::{Ownership, PartitionHash, hash_with};
pub use client::{PStateClient, global_pstate};
pub use cursor::{Counter, EntryCursor, ListCursor, ListRange, MapCursor, MapRange, SetCursor, SetRange, ValueCursor};
pub use edit::{After, Edit, PlaceUndo};
pub use kinds::{EntryOf, ItemOf, Keyed, List, Map, Sequence, Set, Subindexed};
pub use list::ListUndo;
pub use lookup::{HeldKey, Lookup, Owned};
pub use migration::{Migrates, Migration};
pub use path::{AtIndex, AtKey, Field, HasField, Path, Root};
pub use plain::ValueUndo;
pub use schema::{Key, Plain, Schema};
pub use site::{Answer, Local, Read, Remote, Shared, Site};
pub use state::{NoPartition, PState, PStatePartition, Partition};
pub use storage::{NodeOf, Step, Storage, Table, TableUndo, Tree, TreeUndo};
pub use window::Window;
