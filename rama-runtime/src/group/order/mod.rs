//! The order-preserving encoding of keys: as bytes they have the order of their values. Part of the stored format.
//!
//! Keys on disk are sorted by their bytes, and PStates list keys in the order of their `Ord`: this encoding makes the two
//! one. Also, no encoding is the beginning of another one of the same type: so encodings can be written one after the
//! other, and the order of what they make is the order of the tuple.
//!
//! # The format
//! It never changes: keys on disk are found by it. The test vectors in `tests.rs` pin it. A type must be known to be
//! decoded; nothing in the bytes tells it.
//!
//! | value | bytes |
//! |---|---|
//! | `bool` | `00`, `01` |
//! | `u8` .. `u128` | big endian, in full width (`usize` is a `u64`) |
//! | `i8` .. `i128` | the same, with the sign bit flipped (`isize` is an `i64`) |
//! | `f32`, `f64` | its bits, big endian: negative ones with all bits flipped, others with the sign bit flipped; that is the order of `total_cmp` |
//! | `char` | its code point, three bytes, big endian |
//! | text, bytes (`serialize_bytes`) | its bytes with `00` as `01 01` and `01` as `01 02`; then `00` |
//! | `None`, `Some(x)` | `00`, `01 x` |
//! | unit, unit struct, `PhantomData` | nothing |
//! | tuple, array, struct | its fields one after the other |
//! | newtype struct, reference, `Box` | what it holds |
//! | sequence, set (also `Vec<u8>`) | each element after a `01`; then `00` |
//! | map | each entry, its key and then its value, after a `01`; then `00` |
//! | enum | its variant's index: one byte below 255, else `FF` and four bytes, big endian; then the variant's fields |
//!
//! Text ends with one byte, not with an escaped pair: it is a byte shorter, its end is the first `00`, and what is between
//! is UTF-8 as it is. `00` and `01`, the only bytes that grow, are rare in text.
//!
//! There is one encoding of a value: other bytes are refused. A key nests at most [`DEPTH`] options, sequences, maps and
//! enum variants in each other, so that bytes cannot exhaust the stack; no length is read, so they cannot exhaust the memory.
//!
//! # What a type must fulfil
//! - Equal keys serialise equally, and others do not. If not, one key has two places on disk, or two keys have one. (Not so:
//!   floats in a wrapper for which `0.0 == -0.0`; a field with `#[serde(skip)]` that counts for `Eq`; the flow info of a
//!   `SocketAddrV6`.)
//! - `Ord` compares what `Serialize` writes, in the order in which it is written. So it is for what the standard library
//!   offers, but for the exceptions here, and for `#[derive(PartialOrd, Ord, Serialize, Deserialize)]` of such fields. It may
//!   not be so for a hand-written `Ord` or `Serialize`, as of `std::cmp::Reverse` (which serialises as what it holds) and
//!   `PathBuf` (ordered by component, written as text), for numbers or times that serialise as text, and for enums with
//!   discriminants that do not rise (a derived `Ord` goes by the discriminant, the index by the place in the declaration).
//!   If not, point reads are right all the same; but ranges and listings from disk are in the order of the bytes: another
//!   one than that of `Ord`, and a range then also holds other keys.
//! - What borrows a key for a lookup serialises as the key does. `str` and `String`, `[T]` and `Vec<T>` do; `[T; N]` and
//!   `[T]` do not.
//! - It is decoded without a hint in the bytes: not `#[serde(untagged)]`, `#[serde(tag = "..")]` or `#[serde(flatten)]`,
//!   which decoding refuses; nor `#[serde(skip_serializing_if = "..")]`, which encoding refuses.
//!
//! The unit's encoding is empty: what stores keys must take an empty one, or put something before it.
//!
//! As far as the bytes go, a stored key's type may be renamed, wrapped into a newtype, and be given new variants behind its last
//! one; any other change makes it another type. (The manifest compares names of types as well, so it refuses another name.)

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use decode::Decoder;
use encode::Encoder;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;

/// How many options, sequences, maps and enum variants may be nested in each other.
pub(crate) const DEPTH: u8 = 128;

/// Before an element of a sequence or map, and before what an option holds. Greater than [`END`], so that the longer of two
/// sequences that begin alike is the greater one.
const ELEMENT: u8 = 1;
/// Behind the last element of a sequence or map, and behind a text; also `None`.
const END: u8 = 0;
/// In a text: the next byte, less one, is meant. Just above [`END`], and lower than every byte that is written as it is.
const ESCAPE: u8 = 1;
/// In place of a variant's index in one byte: it follows in four.
const WIDE: u8 = 0xFF;

/// Whether one of `bytes` is at most `most`.
#[inline]
fn any_upto(most: u8, bytes: &[u8]) -> bool {
    // Within a block it does not stop at the first one: a loop without an exit is vectorised.
    bytes
        .chunks(64)
        .any(|block| block.iter().fold(false, |found, byte| found | (*byte <= most)))
}

/// A key could not be encoded, or bytes could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OrderError {
    /// The type's own `Serialize` or `Deserialize` failed: its message.
    #[error("a key cannot be encoded or decoded: {0}")]
    Key(String),
    /// The bytes end within a key.
    #[error("the bytes end within a key")]
    Short,
    /// The bytes are no encoding of this.
    #[error("the bytes are not the encoding of {0}")]
    Malformed(&'static str),
    /// The type asks the bytes what they hold, by this method of serde's `Deserializer`.
    #[error(
        "`{0}`: the encoding of a key does not tell its type, so an untagged, internally tagged or flattened type cannot be one"
    )]
    Untold(&'static str),
    /// The type leaves out this field of some values (`skip_serializing_if`).
    #[error("the field `{0}` of a key is left out, but a key is stored with all of its fields")]
    LeftOut(&'static str),
    /// More than [`DEPTH`] options, sequences, maps and variants are nested.
    #[error("a key is nested deeper than {DEPTH} levels")]
    Deep,
}

impl serde::ser::Error for OrderError {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        OrderError::Key(message.to_string())
    }
}

impl serde::de::Error for OrderError {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        OrderError::Key(message.to_string())
    }
}

/// Appends the encoding of `key` to `out`. On an error `out` is as it was.
///
/// # Errors
/// When the key's own `Serialize` fails, leaves out a field, or nests too deeply.
#[inline]
pub(crate) fn encode<K: Serialize + ?Sized>(key: &K, out: &mut Vec<u8>) -> Result<(), OrderError> {
    let before = out.len();
    let encoded = key.serialize(Encoder::new(out));
    if encoded.is_err() {
        out.truncate(before);
    }
    encoded
}

/// Takes one key off the front of `input`. On an error `input` is as it was.
///
/// # Errors
/// When the bytes do not begin with an encoding of such a key.
#[inline]
pub(crate) fn decode<K: DeserializeOwned>(input: &mut &[u8]) -> Result<K, OrderError> {
    let mut rest = *input;
    let key = K::deserialize(Decoder::new(&mut rest))?;
    *input = rest;
    Ok(key)
}

/// The end of the range of everything that begins with `prefix`: None if there is no end (all `FF`).
///
/// The range begins with `prefix` itself and does not hold its end.
pub(crate) fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    // What follows an `FF` is what follows the byte before it.
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
