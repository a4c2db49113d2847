//! Writes the encoding.

use super::{DEPTH, ELEMENT, END, ESCAPE, OrderError, WIDE, any_upto};
use serde::Serialize;
use serde::ser::{self, Serializer};

/// Appends one value to `out`. Passed by value, so that the depth needs no counting back.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// How many levels may still be entered.
    room: u8,
}

impl<'a> Encoder<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Encoder { out, room: DEPTH }
    }

    /// The encoder of what an option, sequence, map or variant holds. Decoding counts in the same places: what is encoded
    /// can be decoded.
    #[inline]
    fn inside(self) -> Result<Self, OrderError> {
        let room = self.room.checked_sub(1).ok_or(OrderError::Deep)?;
        Ok(Encoder { out: self.out, room })
    }

    #[inline]
    fn one<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), OrderError> {
        value.serialize(Encoder {
            out: self.out,
            room: self.room,
        })
    }

    #[inline]
    fn write<const N: usize>(self, bytes: [u8; N]) -> Result<(), OrderError> {
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    fn variant(&mut self, index: u32) {
        match u8::try_from(index) {
            Ok(index) if index < WIDE => self.out.push(index),
            _ => {
                self.out.push(WIDE);
                self.out.extend_from_slice(&index.to_be_bytes());
            }
        }
    }
}

macro_rules! numbers {
    ($($method:ident($value:ident: $ty:ty) => $bytes:expr;)*) => {
        $(
            #[inline]
            fn $method(self, $value: $ty) -> Result<(), OrderError> {
                self.write($bytes)
            }
        )*
    };
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = OrderError;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers!(
        serialize_bool(value: bool) => [u8::from(value)];
        serialize_u8(value: u8) => value.to_be_bytes();
        serialize_u16(value: u16) => value.to_be_bytes();
        serialize_u32(value: u32) => value.to_be_bytes();
        serialize_u64(value: u64) => value.to_be_bytes();
        serialize_u128(value: u128) => value.to_be_bytes();
        serialize_i8(value: i8) => (value ^ i8::MIN).to_be_bytes();
        serialize_i16(value: i16) => (value ^ i16::MIN).to_be_bytes();
        serialize_i32(value: i32) => (value ^ i32::MIN).to_be_bytes();
        serialize_i64(value: i64) => (value ^ i64::MIN).to_be_bytes();
        serialize_i128(value: i128) => (value ^ i128::MIN).to_be_bytes();
    );

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), OrderError> {
        let bits = value.to_bits().cast_signed();
        // All ones if negative: then every bit is flipped, else the sign alone.
        self.write((bits ^ (bits >> 31 | i32::MIN)).to_be_bytes())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), OrderError> {
        let bits = value.to_bits().cast_signed();
        self.write((bits ^ (bits >> 63 | i64::MIN)).to_be_bytes())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), OrderError> {
        let [_, bytes @ ..] = u32::from(value).to_be_bytes();
        self.write(bytes)
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), OrderError> {
        self.serialize_bytes(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), OrderError> {
        if any_upto(ESCAPE, value) {
            escape(value, self.out);
        } else {
            self.out.reserve(value.len() + 1);
            self.out.extend_from_slice(value);
        }
        self.out.push(END);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), OrderError> {
        self.write([END])
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), OrderError> {
        self.out.push(ELEMENT);
        value.serialize(self.inside()?)
    }

    fn serialize_unit(self) -> Result<(), OrderError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), OrderError> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<(), OrderError> {
        self.variant(index);
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), OrderError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<(), OrderError> {
        self.variant(index);
        value.serialize(self.inside()?)
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<Elements<'a>, OrderError> {
        Ok(Elements(self.inside()?))
    }

    #[inline]
    fn serialize_tuple(self, _len: usize) -> Result<Self, OrderError> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self, OrderError> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self, OrderError> {
        self.variant(index);
        self.inside()
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Elements<'a>, OrderError> {
        Ok(Elements(self.inside()?))
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self, OrderError> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        mut self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self, OrderError> {
        self.variant(index);
        self.inside()
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Appends `value` with its lowest bytes escaped.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    for run in value.split_inclusive(|byte| *byte <= ESCAPE) {
        match run.split_last() {
            Some((last, before)) if *last <= ESCAPE => {
                out.extend_from_slice(before);
                out.extend_from_slice(&[ESCAPE, *last + 1]);
            }
            _ => out.extend_from_slice(run),
        }
    }
}

/// The elements of a sequence, or the entries of a map.
pub(super) struct Elements<'a>(Encoder<'a>);

impl ser::SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = OrderError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), OrderError> {
        self.0.out.push(ELEMENT);
        self.0.one(value)
    }

    #[inline]
    fn end(self) -> Result<(), OrderError> {
        self.0.write([END])
    }
}

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = OrderError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), OrderError> {
        self.0.out.push(ELEMENT);
        self.0.one(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), OrderError> {
        self.0.one(value)
    }

    #[inline]
    fn end(self) -> Result<(), OrderError> {
        self.0.write([END])
    }
}

macro_rules! fields {
    ($($part:ident::$method:ident($($name:ident, $skip:ident)?);)*) => {
        $(
            impl ser::$part for Encoder<'_> {
                type Ok = ();
                type Error = OrderError;

                #[inline]
                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($name: &'static str,)?
                    value: &T,
                ) -> Result<(), OrderError> {
                    self.one(value)
                }

                $(
                    // serde leaves it out without a word: every field behind it would be decoded as the one before.
                    fn $skip(&mut self, name: &'static str) -> Result<(), OrderError> {
                        Err(OrderError::LeftOut(name))
                    }
                )?

                #[inline]
                fn end(self) -> Result<(), OrderError> {
                    Ok(())
                }
            }
        )*
    };
}

fields!(
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(_name, skip_field);
    SerializeStructVariant::serialize_field(_name, skip_field);
);
