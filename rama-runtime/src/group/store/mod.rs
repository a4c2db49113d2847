//! The store: what the log has said, by key. It lags behind the log, and the log is trimmed only up to where the store is
//! durable; so the store itself never has to be synced for a commit.

mod coalesced;
mod lsm;
mod migrating;
mod simulated;
mod verify;

pub(crate) use coalesced::Coalesced;
pub(crate) use lsm::LsmStore;
pub(crate) use migrating::{Migrating, Move, Mover};
pub use simulated::SimulatedStore;

use super::entries::Entry;
use super::order;
use std::ops::Bound;

/// What can go wrong with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A key of a PState cannot be encoded in its order.
    #[error("a key cannot be stored: {reason}")]
    Key {
        /// What its `Serialize` said.
        reason: String,
    },
    /// A value, a record or a hop cannot be encoded.
    #[error("a value cannot be stored: {reason}")]
    Value {
        /// What its `Serialize` said.
        reason: String,
    },
    /// A value of an earlier version of the module cannot be made into one of this version. It stays as it is.
    #[error(
        "a value of PState `{pstate}` cannot be migrated: {reason}; mend the function that `#[migrate(with = ..)]` names, and launch again"
    )]
    Migration {
        /// The PState.
        pstate: String,
        /// What the function, or reading the old value, said.
        reason: String,
    },
    /// A value of more than 4 GiB.
    #[error("a value of more than 4 GiB cannot be stored; use `Subindexed` for what grows")]
    TooLarge,
    /// What is stored is not what is expected there.
    #[error("what is stored cannot be read: {reason}")]
    Damaged {
        /// What was found.
        reason: String,
    },
    /// The store itself failed.
    #[error("the store failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}

/// So many entries are changed at once.
pub(crate) const ATOMIC: usize = 2048;

/// Keys and values, in the order of their keys.
pub(crate) trait Store: Send + Sync {
    /// The number of the last commit whose changes are here.
    fn applied(&self) -> Result<u64, StoreError>;

    /// Makes the changes of all commits up to `up_to`. A crash may leave them half made: they are then made again. At most [`ATOMIC`]
    /// entries, without clears, are made all or not at all. Who reads meanwhile and sees that something was removed, sees all that was
    /// put.
    fn apply(&self, changes: Coalesced, up_to: u64) -> Result<(), StoreError>;

    /// Makes durable what was applied.
    fn persist(&self) -> Result<(), StoreError>;

    /// What stands at that key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Everything within the bounds, in order, or the last first, as it is now: what is applied later is not seen.
    fn range<'s>(&'s self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, backwards: bool) -> EntryIter<'s>;

    /// Everything whose key begins with `prefix`, in order.
    fn below<'s>(&'s self, prefix: &[u8]) -> EntryIter<'s> {
        let end = order::behind(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        self.range(Bound::Included(prefix.to_vec()), end, false)
    }
}

/// Entries of a store, one after the other.
pub(crate) type EntryIter<'s> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + 's>;
