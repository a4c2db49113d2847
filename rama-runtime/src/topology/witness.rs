//! The type of a variable that has no value yet.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Carries a type, and no data, from the segment that declares a variable to one that first assigns it. A body's types are
/// inferred over all of it, so the two segments must agree.
pub struct Witness<T>(PhantomData<fn() -> T>);

impl<T> Witness<T> {
    /// A witness of a type that is inferred.
    #[must_use]
    pub fn new() -> Self {
        Witness(PhantomData)
    }
}

impl<T> Default for Witness<T> {
    fn default() -> Self {
        Witness::new()
    }
}

impl<T> Clone for Witness<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Witness<T> {}

impl<T> fmt::Debug for Witness<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

impl<T> Serialize for Witness<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T> Deserialize<'de> for Witness<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Witness::new())
    }
}

/// Unifies the types; never called.
pub fn same_type<T>(_witness: &Witness<T>, _variable: &T) {}
