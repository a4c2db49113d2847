//! Plain values as a schema.

use super::cursor::ValueCursor;
use super::schema::{Plain, Schema, type_shape};
use crate::group::StoreError;
use serde::{Serialize, de::DeserializeOwned};

/// Takes back a write to a plain value: the value before.
#[derive(Debug)]
pub struct ValueUndo<T>(pub(super) T);

#[diagnostic::do_not_recommend]
impl<T: Plain> Schema for T {
    type Node = T;
    type Undo = ValueUndo<T>;
    type Value = T;
    type Cursor<X, P> = ValueCursor<X, P>;
    type Partition = ();

    fn vacant() -> Option<T> {
        None
    }

    fn build(value: T) -> T {
        value
    }

    fn value(node: &T) -> T {
        node.clone()
    }

    fn replaced(old: T) -> ValueUndo<T> {
        ValueUndo(old)
    }

    fn undo(node: &mut T, undo: ValueUndo<T>) {
        *node = undo.0;
    }

    fn shape() -> String {
        type_shape::<T>()
    }

    const FLAT: bool = true;

    fn encode(node: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
        encode_value(node, out)
    }

    fn decode(input: &mut &[u8]) -> Result<T, StoreError> {
        decode_value(input)
    }

    #[inline(always)]
    fn cursor<X, P>(site: X, path: P) -> ValueCursor<X, P> {
        ValueCursor::new(site, path)
    }
}

/// Appends a value's encoding.
pub(super) fn encode_value<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
    let buffer = std::mem::take(out);
    *out = postcard::to_extend(value, buffer).map_err(|error| StoreError::Value {
        reason: error.to_string(),
    })?;
    Ok(())
}

/// Takes one value off the front.
pub(super) fn decode_value<T: DeserializeOwned>(input: &mut &[u8]) -> Result<T, StoreError> {
    let (value, rest) = postcard::take_from_bytes(input).map_err(|error| StoreError::Damaged {
        reason: format!("a value cannot be read: {error}"),
    })?;
    *input = rest;
    Ok(value)
}
