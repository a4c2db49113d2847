//! How records are stored.

use crate::group::{StoreError, value};
use crate::topology::Record;
use std::fmt;
use std::marker::PhantomData;

/// Encodes and decodes the records of one depot. Functions, so that a depot of what cannot be a record is reported once, where it
/// is declared, and not at everything that is done with it.
pub struct Codec<R> {
    pub(super) encode: fn(&R, &mut Vec<u8>) -> Result<(), StoreError>,
    pub(super) decode: fn(&mut &[u8]) -> Result<R, StoreError>,
}

impl<R> Clone for Codec<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Codec<R> {}

impl<R> fmt::Debug for Codec<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

/// Where generated code looks for the codec of a record type.
#[derive(Debug)]
pub struct RecordCodec<R>(PhantomData<fn() -> R>);

impl<R> RecordCodec<R> {
    /// Of this type.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "generated code says what it means")]
    pub fn new() -> Self {
        RecordCodec(PhantomData)
    }
}

impl<R: Record> RecordCodec<R> {
    /// The codec.
    #[must_use]
    pub fn find(&self) -> Option<Codec<R>> {
        Some(Codec {
            encode: |record, out| value::encode(record, out),
            decode: |input| value::decode(input),
        })
    }
}

/// What stands in for [`RecordCodec::find`] where the type cannot be a record: see [`NoRecord`](super::NoRecord).
pub trait NoCodec<R> {
    /// None: the program did not compile.
    fn find(&self) -> Option<Codec<R>> {
        None
    }
}

impl<R> NoCodec<R> for RecordCodec<R> {}
