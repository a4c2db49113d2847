//! Values of an earlier version of a module, made into those of this one.

use super::kinds::{Map, Subindexed};
use super::schema::{Key, Plain, Schema, type_shape};
use crate::exec::attempt;
use crate::group::{StoreError, value};
use std::fmt;

/// A schema whose values can be migrated: a plain value, or a map of plain values.
#[diagnostic::on_unimplemented(
    message = "[RM0010] the values of a `{Self}` cannot be migrated",
    label = "not a plain value, and no map of plain values",
    note = "`#[migrate(with = path)]` works on `Map<K, V>`, `Subindexed<Map<K, V>>` and `V` where `V` is a plain value; otherwise declare a new PState and fill it from the old one"
)]
pub trait Migrates: Schema {
    /// The values.
    type Leaf: Plain;

    /// Whether they are entries of a map.
    const IS_MAP: bool;

    /// The schema's shape, were its values of that type.
    #[must_use]
    fn shape_with(leaf: &str) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Plain> Migrates for T {
    type Leaf = T;
    const IS_MAP: bool = false;

    fn shape_with(leaf: &str) -> String {
        leaf.to_owned()
    }
}

impl<K: Key, V: Plain> Migrates for Map<K, V> {
    type Leaf = V;
    const IS_MAP: bool = true;

    fn shape_with(leaf: &str) -> String {
        format!("Map<{}, {leaf}>", type_shape::<K>())
    }
}

impl<K: Key, V: Plain> Migrates for Subindexed<Map<K, V>> {
    type Leaf = V;
    const IS_MAP: bool = true;

    fn shape_with(leaf: &str) -> String {
        format!("Subindexed<Map<{}, {leaf}>>", type_shape::<K>())
    }
}

type Convert = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, StoreError> + Send + Sync>;

/// How the values of a PState are made out of those of an earlier version.
pub struct Migration {
    /// The shape that it starts from.
    pub(crate) from: String,
    /// Whether values are entries of a map.
    pub(crate) is_map: bool,
    convert: Convert,
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl Migration {
    /// By calling `migrate` with each value.
    #[must_use]
    pub fn new<S: Migrates, Old: Plain>(migrate: fn(Old) -> S::Leaf) -> Self {
        Migration {
            from: S::shape_with(&type_shape::<Old>()),
            is_map: S::IS_MAP,
            convert: Box::new(move |mut old| {
                let value: Old = value::decode(&mut old)?;
                let value = attempt(|| migrate(value)).map_err(|error| StoreError::Value {
                    reason: error.to_string(),
                })?;
                let mut new = Vec::new();
                value::encode(&value, &mut new)?;
                Ok(new)
            }),
        }
    }

    /// The new value's encoding.
    pub(crate) fn convert(&self, old: &[u8]) -> Result<Vec<u8>, StoreError> {
        (self.convert)(old)
    }
}
