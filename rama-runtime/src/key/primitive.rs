//! The hash of keys that are one number or one text: their canonical encoding, without a general serializer's detours.

use super::short;
use serde::Serialize;
use serde::ser::{Impossible, Serializer};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// The longest text, in bytes, that is hashed here; its length then takes one byte.
const LONGEST: usize = 63;

/// The hash of a key that is one number or one short text; an error says nothing but that it is something else.
#[inline]
pub(super) fn hash_of<K: Serialize + ?Sized>(key: &K) -> Result<u64, Other> {
    key.serialize(Primitive)
}

/// The key is no primitive.
#[derive(Debug)]
pub(super) struct Other;

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a primitive key")
    }
}

impl std::error::Error for Other {}

impl serde::ser::Error for Other {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Other
    }
}

struct Primitive;

/// The hash of the varint of `value`: its 7-bit groups, the lowest first, all but the last with the highest bit set. Without a
/// loop: the groups are spread over the bytes of a word.
// Always: rustc thinks it too long, but called, its result would go through memory.
#[inline(always)]
fn unsigned(value: u64) -> Result<u64, Other> {
    const CONTINUES: u64 = 0x8080_8080_8080_8080;
    let spread = (value & 0x0FFF_FFFF) | ((value << 4) & 0x0FFF_FFFF_0000_0000);
    let spread = (spread & 0x0000_3FFF_0000_3FFF) | ((spread << 2) & 0x3FFF_0000_3FFF_0000);
    let spread = (spread & 0x007F_007F_007F_007F) | ((spread << 1) & 0x7F00_7F00_7F00_7F00);
    if value >> 56 == 0 {
        let significant = 64 - (value | 1).leading_zeros();
        let length = significant.div_ceil(7);
        let continues = CONTINUES & ((1 << (8 * (length - 1))) - 1);
        return Ok(short::upto_8(spread | continues, length));
    }
    // All eight bytes, the ninth group, and the 64th bit: nine bytes or ten.
    let (bytes, top) = (spread | CONTINUES, value >> 63);
    let rest = (value >> 56) & 0x7F | (top << 7) | (top << 8);
    let beyond = 8 + 8 * top;
    let last = bytes >> beyond | rest << (64 - beyond);
    Ok(short::from_9(bytes, last, 9 + top))
}

/// Signed numbers are zigzag encoded.
#[inline]
fn signed(value: i64) -> Result<u64, Other> {
    unsigned(((value << 1) ^ (value >> 63)).cast_unsigned())
}

#[inline]
fn text(text: &[u8]) -> Result<u64, Other> {
    let length = text.len();
    if length > LONGEST {
        return Err(Other);
    }
    if length < 16 {
        // It fits, with its length in front.
        return Ok(short::xxh3_64(load(text) << 8 | length as u128, length as u32 + 1));
    }
    let mut bytes = [0; LONGEST + 1];
    bytes[0] = length as u8;
    bytes[1..=length].copy_from_slice(text);
    Ok(xxh3_64(&bytes[..=length]))
}

/// Up to 15 bytes, the first one lowest: by few reads, which may overlap.
#[inline]
fn load(bytes: &[u8]) -> u128 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        return u128::from(first) | u128::from(last) << (8 * (bytes.len() - 8));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u128::from(u64::from(first) | u64::from(last) << (8 * (bytes.len() - 4)));
    }
    bytes.iter().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte))
}

macro_rules! numbers {
    ($($method:ident($ty:ty) => $encode:ident),* $(,)?) => {
        $(
            #[inline]
            fn $method(self, value: $ty) -> Result<u64, Other> {
                $encode(value.into())
            }
        )*
    };
}

macro_rules! others {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(
            #[inline]
            fn $method(self, $(_: $argument),*) -> Result<$ok, Other> {
                Err(Other)
            }
        )*
    };
}

impl Serializer for Primitive {
    type Ok = u64;
    type Error = Other;
    type SerializeSeq = Impossible<u64, Other>;
    type SerializeTuple = Impossible<u64, Other>;
    type SerializeTupleStruct = Impossible<u64, Other>;
    type SerializeTupleVariant = Impossible<u64, Other>;
    type SerializeMap = Impossible<u64, Other>;
    type SerializeStruct = Impossible<u64, Other>;
    type SerializeStructVariant = Impossible<u64, Other>;

    numbers!(
        serialize_u16(u16) => unsigned,
        serialize_u32(u32) => unsigned,
        serialize_u64(u64) => unsigned,
        serialize_i16(i16) => signed,
        serialize_i32(i32) => signed,
        serialize_i64(i64) => signed,
    );

    #[inline]
    fn serialize_str(self, value: &str) -> Result<u64, Other> {
        text(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<u64, Other> {
        text(value)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<u64, Other> {
        value.serialize(self)
    }

    others!(
        serialize_bool(bool) -> u64;
        serialize_u8(u8) -> u64;
        serialize_i8(i8) -> u64;
        serialize_i128(i128) -> u64;
        serialize_u128(u128) -> u64;
        serialize_f32(f32) -> u64;
        serialize_f64(f64) -> u64;
        serialize_char(char) -> u64;
        serialize_none() -> u64;
        serialize_unit() -> u64;
        serialize_unit_struct(&'static str) -> u64;
        serialize_unit_variant(&'static str, u32, &'static str) -> u64;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    );

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Result<u64, Other> {
        Err(Other)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<u64, Other> {
        Err(Other)
    }

    /// As `postcard`, whose encoding this is.
    fn is_human_readable(&self) -> bool {
        false
    }
}
