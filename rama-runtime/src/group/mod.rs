//! A task group: the unit of durability. In one process there is one a module.
//!
//! ```text
//!   task threads ── what an epoch changed (changes.rs) ──► log/ ── later, in the background ──► store/
//!                                                           │ one write, one sync
//!                                                           ▼
//!                                              acks and answers of that epoch leave
//! ```
//!
//! - `folder.rs` opens all of it, and `manifest.rs` says what the module's parts are called in it; it stands in `meta/`.
//! - `keys.rs` says where what stands; `order/` encodes keys in their order; `entries.rs` reads back what `changes.rs` writes.
//!
//! Nothing here knows topologies, threads or events: `exec/epoch/` does, which decides what is written and when.

mod changes;
mod cold;
mod entries;
mod error;
mod folder;
pub(crate) mod keys;
pub(crate) mod log;
mod manifest;
mod meta;
pub(crate) mod order;
pub(crate) mod store;
pub(crate) mod value;

pub use changes::Changes;
pub(crate) use changes::Stamp;
pub(crate) use cold::Cold;
pub use cold::Evicting;
pub use entries::Entries;
pub use error::StorageError;
pub use folder::Recovery;
pub(crate) use folder::{AT_ONCE, Adoption, Folder, Group};
pub(crate) use manifest::{Declaration, Numbers};
pub use store::{SimulatedStore, StoreError};

use std::time::Duration;

/// When commits are made durable.
///
/// Whatever it is, a crash of the process alone loses nothing that was acknowledged: it is in the system's hands by then. What
/// differs is what a crash of the *machine* can take, and what an acknowledgement waits for. In every case the state that
/// comes back is that of one moment: records and what they have done are there together, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// Each commit, before anything of it is acknowledged or seen from outside. Nothing acknowledged is ever lost.
    #[default]
    Always,
    /// So long after the last time: a crash of the machine may take what was acknowledged in the meantime.
    Every(Duration),
    /// When the system likes, and whenever 32 MiB have come together: a crash of the machine may take that much.
    Os,
}
