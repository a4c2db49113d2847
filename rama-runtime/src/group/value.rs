//! Values as they are stored: postcard.

use super::store::StoreError;
use serde::{Deserialize, Serialize};

/// Appends a value's encoding.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
    let buffer = std::mem::take(out);
    *out = postcard::to_extend(value, buffer).map_err(|error| StoreError::Value {
        reason: error.to_string(),
    })?;
    Ok(())
}

/// Takes one value off the front.
pub(crate) fn decode<'a, T: Deserialize<'a>>(input: &mut &'a [u8]) -> Result<T, StoreError> {
    let (value, rest) = postcard::take_from_bytes(input).map_err(|error| StoreError::Damaged {
        reason: format!("a value cannot be read: {error}"),
    })?;
    *input = rest;
    Ok(value)
}
