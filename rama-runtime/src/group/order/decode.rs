//! Reads the encoding. The bytes may be anything: they are never trusted.

use super::{DEPTH, ELEMENT, END, ESCAPE, OrderError, WIDE, any_upto};
use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::ffi::CStr;

/// Takes one value off the front of `input`. Passed by value, so that the depth needs no counting back.
pub(super) struct Decoder<'a, 'de> {
    input: &'a mut &'de [u8],
    /// How many levels may still be entered.
    room: u8,
}

impl<'a, 'de> Decoder<'a, 'de> {
    #[inline]
    pub(super) fn new(input: &'a mut &'de [u8]) -> Self {
        Decoder { input, room: DEPTH }
    }

    /// The decoder of what an option, sequence, map or variant holds.
    #[inline]
    fn inside(self) -> Result<Self, OrderError> {
        let room = self.room.checked_sub(1).ok_or(OrderError::Deep)?;
        Ok(Decoder {
            input: self.input,
            room,
        })
    }

    #[inline]
    fn one<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, OrderError> {
        seed.deserialize(Decoder {
            input: self.input,
            room: self.room,
        })
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], OrderError> {
        let (bytes, rest) = self.input.split_first_chunk::<N>().ok_or(OrderError::Short)?;
        *self.input = rest;
        Ok(*bytes)
    }

    /// Whether there is something: an element, or what an option holds.
    #[inline]
    fn flag(&mut self, what: &'static str) -> Result<bool, OrderError> {
        match self.take()? {
            [END] => Ok(false),
            [ELEMENT] => Ok(true),
            _ => Err(OrderError::Malformed(what)),
        }
    }

    /// The bytes of a text as they were written, without its end; and whether some are escaped.
    #[inline]
    fn text(&mut self) -> Result<(&'de [u8], bool), OrderError> {
        // The standard library's own search for a zero byte is only offered like this.
        let text = CStr::from_bytes_until_nul(self.input)
            .map_err(|_| OrderError::Short)?
            .to_bytes();
        *self.input = &self.input[text.len() + 1..];
        Ok((text, any_upto(ESCAPE, text)))
    }
}

/// The bytes that were escaped.
fn unescape(mut text: &[u8]) -> Result<Vec<u8>, OrderError> {
    // What is escaped only shrinks.
    let mut bytes = Vec::with_capacity(text.len());
    while let [byte, rest @ ..] = text {
        text = rest;
        if *byte != ESCAPE {
            bytes.push(*byte);
            continue;
        }
        let [escaped @ 1..=2, rest @ ..] = rest else {
            return Err(OrderError::Malformed("an escaped byte"));
        };
        bytes.push(*escaped - 1);
        text = rest;
    }
    Ok(bytes)
}

macro_rules! numbers {
    ($($method:ident => $visit:ident($value:expr);)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
                visitor.$visit($value(self.take()?))
            }
        )*
    };
}

macro_rules! untold {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, OrderError> {
                Err(OrderError::Untold(stringify!($method)))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Decoder<'_, 'de> {
    type Error = OrderError;

    numbers!(
        deserialize_u8 => visit_u8(u8::from_be_bytes);
        deserialize_u16 => visit_u16(u16::from_be_bytes);
        deserialize_u32 => visit_u32(u32::from_be_bytes);
        deserialize_u64 => visit_u64(u64::from_be_bytes);
        deserialize_u128 => visit_u128(u128::from_be_bytes);
        deserialize_i8 => visit_i8(|bytes| i8::from_be_bytes(bytes) ^ i8::MIN);
        deserialize_i16 => visit_i16(|bytes| i16::from_be_bytes(bytes) ^ i16::MIN);
        deserialize_i32 => visit_i32(|bytes| i32::from_be_bytes(bytes) ^ i32::MIN);
        deserialize_i64 => visit_i64(|bytes| i64::from_be_bytes(bytes) ^ i64::MIN);
        deserialize_i128 => visit_i128(|bytes| i128::from_be_bytes(bytes) ^ i128::MIN);
    );

    untold!(deserialize_any deserialize_ignored_any deserialize_identifier);

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        visitor.visit_bool(self.flag("a bool")?)
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        let bits = i32::from_be_bytes(self.take()?);
        // All ones if it was negative: its sign bit is 0 here.
        visitor.visit_f32(f32::from_bits((bits ^ (!bits >> 31 | i32::MIN)).cast_unsigned()))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        let bits = i64::from_be_bytes(self.take()?);
        visitor.visit_f64(f64::from_bits((bits ^ (!bits >> 63 | i64::MIN)).cast_unsigned()))
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        let [high, middle, low] = self.take()?;
        let point = u32::from_be_bytes([0, high, middle, low]);
        visitor.visit_char(char::from_u32(point).ok_or(OrderError::Malformed("a char"))?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        const TEXT: OrderError = OrderError::Malformed("a text");
        let (text, escaped) = self.text()?;
        if escaped {
            visitor.visit_string(String::from_utf8(unescape(text)?).map_err(|_| TEXT)?)
        } else {
            visitor.visit_borrowed_str(std::str::from_utf8(text).map_err(|_| TEXT)?)
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OrderError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        let (text, escaped) = self.text()?;
        if escaped {
            visitor.visit_byte_buf(unescape(text)?)
        } else {
            visitor.visit_borrowed_bytes(text)
        }
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OrderError> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, OrderError> {
        if self.flag("an option")? {
            visitor.visit_some(self.inside()?)
        } else {
            visitor.visit_none()
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OrderError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, OrderError> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, OrderError> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OrderError> {
        let mut elements = Elements {
            decoder: self.inside()?,
            ended: false,
        };
        let value = visitor.visit_seq(&mut elements)?;
        elements.end("a sequence")?;
        Ok(value)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, OrderError> {
        let mut fields = Fields {
            decoder: self,
            left: len,
        };
        let value = visitor.visit_seq(&mut fields)?;
        // What follows would be taken for the field that was not read.
        if fields.left == 0 {
            Ok(value)
        } else {
            Err(OrderError::Malformed("a tuple"))
        }
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, OrderError> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OrderError> {
        let mut elements = Elements {
            decoder: self.inside()?,
            ended: false,
        };
        let value = visitor.visit_map(&mut elements)?;
        elements.end("a map")?;
        Ok(value)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OrderError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OrderError> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of a sequence, or the entries of a map. How many there are is not known before the end: nothing is
/// allocated for elements that do not come.
struct Elements<'a, 'de> {
    decoder: Decoder<'a, 'de>,
    ended: bool,
}

impl Elements<'_, '_> {
    /// Whether there is one more.
    #[inline]
    fn more(&mut self) -> Result<bool, OrderError> {
        // A visitor may ask again, behind the end.
        self.ended = self.ended || !self.decoder.flag("a sequence or map")?;
        Ok(!self.ended)
    }

    /// A visitor may stop before the end: then nothing may be left.
    #[inline]
    fn end(mut self, what: &'static str) -> Result<(), OrderError> {
        if self.more()? {
            Err(OrderError::Malformed(what))
        } else {
            Ok(())
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = OrderError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, OrderError> {
        if self.more()? {
            self.decoder.one(seed).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = OrderError;

    #[inline]
    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, OrderError> {
        self.next_element_seed(seed)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, OrderError> {
        self.decoder.one(seed)
    }
}

/// The fields of a tuple or struct: as many as the type says.
struct Fields<'a, 'de> {
    decoder: Decoder<'a, 'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = OrderError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, OrderError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.decoder.one(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for Decoder<'_, 'de> {
    type Error = OrderError;
    type Variant = Self;

    #[inline]
    fn variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<(T::Value, Self), OrderError> {
        let index = match self.take()? {
            [WIDE] => match u32::from_be_bytes(self.take()?) {
                index if index < u32::from(WIDE) => return Err(OrderError::Malformed("a variant's index")),
                index => index,
            },
            [index] => u32::from(index),
        };
        let index: U32Deserializer<OrderError> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for Decoder<'_, 'de> {
    type Error = OrderError;

    #[inline]
    fn unit_variant(self) -> Result<(), OrderError> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, OrderError> {
        seed.deserialize(self.inside()?)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, OrderError> {
        self.inside()?.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OrderError> {
        self.inside()?.deserialize_tuple(fields.len(), visitor)
    }
}
