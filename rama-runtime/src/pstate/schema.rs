//! The schema of a PState: a type that says what it holds, and so which cursors lead through it.

use super::lookup::Foreseen;
use super::storage::Step;
use crate::group::{Changes, Entries, Evicting, StoreError};
use serde::{Serialize, de::DeserializeOwned};
use std::hash::Hash;

/// What may be the key of a [`Map`](super::Map) or an element of a [`Set`](super::Set).
///
/// Implemented for every `Serialize + DeserializeOwned + Clone + Ord + Hash + Send + 'static`; never by hand. Keys are
/// found by `Hash` and `Eq`, listed in the order of `Ord`, and placed on tasks by their `Serialize`.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` cannot be a key of a `Map` or an element of a `Set`",
    label = "not a key",
    note = "a key owns its data and is `Serialize + DeserializeOwned + Clone + Ord + Hash + Send`",
    note = "for your own type: `#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]`"
)]
pub trait Key: Serialize + DeserializeOwned + Clone + Ord + Hash + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Clone + Ord + Hash + Send + 'static> Key for T {}

/// A plain value: one that a PState stores, reads and writes as a whole.
///
/// Implemented for every `Serialize + DeserializeOwned + Clone + Send + 'static`; never by hand.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` cannot be a plain value of a PState",
    label = "not a plain value",
    note = "a plain value owns its data and is `Serialize + DeserializeOwned + Clone + Send`"
)]
pub trait Plain: Serialize + DeserializeOwned + Clone + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Plain for T {}

/// What a PState, or a nested place in it, holds.
///
/// A schema is a type without values: [`Map<K, S>`](super::Map), [`Set<T>`](super::Set), [`List<S>`](super::List),
/// [`Subindexed`](super::Subindexed) around one of these, a struct with `#[derive(Fields)]` whose fields are schemas, or a
/// [plain value](Plain). Never implemented by hand: this trait is what cursors and the derive need to know.
///
/// ```
/// use rama_runtime::prelude::*;
/// use rama_runtime::topology::TaskInfo;
///
/// /// What a user owns.
/// #[derive(Fields)]
/// struct Account {
///     /// In cents.
///     balance: u64,
///     history: Subindexed<List<String>>,
/// }
///
/// let mut accounts = PState::<Map<String, Account>>::new(TaskInfo { task: 0, tasks: 1 }, None);
/// accounts.key("ann").balance().update(|b| *b += 5);
/// accounts.key("ann").history().push("5 from bob".into());
/// assert_eq!(accounts.key("ann").balance().get(), Some(5));
/// assert_eq!(accounts.key("ann").history().range(..10).get(), ["5 from bob"]);
/// accounts.key("bob").set(AccountValue { balance: Some(7), ..Default::default() });
/// assert_eq!(accounts.key("bob").history().len(), 0);
/// ```
///
/// A place either holds a [`Node`](Schema::Node) or nothing at all; a write that leads through a place that holds nothing
/// creates what is missing on the way.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` is not a schema: a PState cannot hold it",
    label = "not a schema",
    note = "a schema is `Map<K, S>`, `Set<T>`, `List<S>`, `Subindexed<..>` around one of these, a struct with `#[derive(Fields)]`, or a plain value",
    note = "a plain value owns its data and is `Serialize + DeserializeOwned + Clone + Send`: for your own type `#[derive(Serialize, Deserialize, Clone)]`"
)]
pub trait Schema: Sized + Send + 'static {
    /// How it is stored in memory.
    type Node: Send + 'static;

    /// How one write to a node is taken back.
    type Undo: Send + 'static;

    /// The whole of it as an owned value, for whole reads and `set`: a `BTreeMap` for a map, a `BTreeSet` for a set, a
    /// `Vec` for a list, `NAMEValue` for a struct `NAME` of fields, the value itself for a plain value.
    type Value: Clone + Send + 'static;

    /// What leads through it and reads or writes it: `X` is where it is ([`Local`](super::Local),
    /// [`Remote`](super::Remote), ..), `P` the [path](super::Path) from the root.
    type Cursor<X, P>;

    /// What says which task a part of it is on, when it is the root of a PState: a map's key. `()` where there is none.
    type Partition: 'static;

    /// What a new partition starts with: an empty collection, or nothing for a plain value.
    #[must_use]
    fn vacant() -> Option<Self::Node>;

    /// The node that holds `value`. Cost: every element is moved.
    fn build(value: Self::Value) -> Self::Node;

    /// The node's content. Cost: every element is cloned.
    fn value(node: &Self::Node) -> Self::Value;

    /// The undo record of having put another node in `old`'s place.
    fn replaced(old: Self::Node) -> Self::Undo;

    /// Takes back the last write that was not yet taken back.
    fn undo(node: &mut Self::Node, undo: Self::Undo);

    /// Whether nothing in the undo record needs to be dropped.
    #[inline]
    fn is_trivial(_undo: &Self::Undo) -> bool {
        !std::mem::needs_drop::<Self::Undo>()
    }

    /// Prepares a look into a node, where what it holds is elsewhere.
    const PREPARE_INSIDE: Option<fn(&Self::Node)> = None;

    /// Prepares a lookup of `key` among at least that many entries: see [`PState::prepare`](super::PState).
    #[inline]
    fn prepare<Q: Foreseen + ?Sized>(_node: &Self::Node, _key: &Q, _least: usize, _step: Step, _found: &mut u64) {}

    /// The cursor at `path`.
    fn cursor<X, P>(site: X, path: P) -> Self::Cursor<X, P>;

    /// What it is, in words: `Map<String, Account { balance: u64 }>`. What is stored in one shape cannot be read in another. Of a
    /// plain value it is the type's name, without the modules where it stands.
    #[must_use]
    fn shape() -> String;

    /// Whether a nested one is stored as one value: nothing in it is [`Subindexed`](super::Subindexed).
    const FLAT: bool;

    /// Appends the encoding of the whole node to `out`.
    ///
    /// # Errors
    /// When a value's own `Serialize` fails.
    fn encode(node: &Self::Node, out: &mut Vec<u8>) -> Result<(), StoreError>;

    /// Takes one node off the front of `input`.
    ///
    /// # Errors
    /// When the bytes are not an encoding of such a node.
    fn decode(input: &mut &[u8]) -> Result<Self::Node, StoreError>;

    /// Writes what has changed in the node since it was last stored, below the place where `changes` are; element by element,
    /// where it is a collection that is stored so. A node that was never stored, or stands where another one stood, is
    /// written as a whole.
    ///
    /// # Errors
    /// When a key's or a value's own `Serialize` fails. Then nothing is known of what has been written.
    fn store(node: &mut Self::Node, changes: &mut Changes) -> Result<(), StoreError> {
        changes.put(|out| Self::encode(node, out))
    }

    /// What [`store`](Schema::store) does beside writing, where nothing has changed.
    fn settle(_node: &mut Self::Node, _changes: &mut Changes) {}

    /// About how many bytes the node takes in memory beside itself, as far as they may leave it.
    fn weight(_node: &Self::Node) -> usize {
        0
    }

    /// What is in the store leaves memory, below the place where `evicting` is. Right behind [`store`](Schema::store).
    fn evict(_node: &mut Self::Node, _evicting: &mut Evicting) {}

    /// Reads back what [`store`](Schema::store) wrote; nothing where nothing stands.
    ///
    /// # Errors
    /// When what stands there is something else.
    fn load(entries: &mut Entries<'_>) -> Result<Option<Self::Node>, StoreError> {
        entries.here()?.map(|value| whole::<Self>(&value)).transpose()
    }
}

/// A type's name, without the modules where it and its arguments stand: types may move.
#[must_use]
pub fn type_shape<T>() -> String {
    let name = std::any::type_name::<T>();
    let mut shape = String::with_capacity(name.len());
    for piece in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        shape.push_str(piece.rsplit_once("::").map_or(piece, |(_, last)| last));
    }
    shape
}

/// The node that exactly these bytes encode.
///
/// # Errors
/// When they encode none, or more.
pub fn whole<S: Schema>(mut bytes: &[u8]) -> Result<S::Node, StoreError> {
    let node = S::decode(&mut bytes)?;
    if bytes.is_empty() {
        Ok(node)
    } else {
        Err(StoreError::Damaged {
            reason: format!("{} bytes stand behind a value", bytes.len()),
        })
    }
}

/// Writes a nested node: as one value, or what has changed in it.
pub(super) fn store_nested<S: Schema>(node: &mut S::Node, changes: &mut Changes) -> Result<(), StoreError> {
    if S::FLAT {
        changes.put(|out| S::encode(node, out))
    } else {
        S::store(node, changes)
    }
}

/// Reads a nested node back.
pub(super) fn load_nested<S: Schema>(entries: &mut Entries<'_>) -> Result<Option<S::Node>, StoreError> {
    if S::FLAT {
        entries.here()?.map(|value| whole::<S>(&value)).transpose()
    } else {
        S::load(entries)
    }
}

/// Nothing stands any more at a nested place.
pub(super) fn remove_nested<S: Schema>(changes: &mut Changes) {
    if S::FLAT {
        changes.remove();
    } else {
        changes.clear();
    }
}
