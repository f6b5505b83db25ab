//! Writing by position.

use super::{Unplaced, unplaced};
use serde::ser::{self, Serialize};
use std::fmt::{self, Write as _};

/// Appends a value's binary form.
pub(crate) fn write(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), Unplaced> {
    value.serialize(Writer { out })
}

impl ser::Error for Unplaced {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(reason.to_string())
    }
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    /// A whole number: the sign in the lowest bit, seven bits a byte.
    #[inline]
    fn long(&mut self, value: i64) {
        let mut left = (value.wrapping_shl(1) ^ value.wrapping_shr(63)).cast_unsigned();
        while left > 0x7f {
            self.out.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        self.out.push((left & 0x7f) as u8);
    }

    fn length(&mut self, length: usize) -> Result<(), Unplaced> {
        let length = i64::try_from(length).map_err(ser::Error::custom)?;
        self.long(length);
        Ok(())
    }

    fn block(mut self, length: Option<usize>) -> Result<Self, Unplaced> {
        let length = length.ok_or_else(|| Unplaced("a list whose length is not known".to_owned()))?;
        // A list of nothing is its end alone.
        if length > 0 {
            self.length(length)?;
        }
        Ok(self)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unplaced> {
        self.length(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

impl<'o> ser::Serializer for Writer<'o> {
    type Ok = ();
    type Error = Unplaced;
    type SerializeSeq = Self;
    type SerializeTuple = ser::Impossible<(), Unplaced>;
    type SerializeTupleStruct = ser::Impossible<(), Unplaced>;
    type SerializeTupleVariant = ser::Impossible<(), Unplaced>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = ser::Impossible<(), Unplaced>;

    fn serialize_bool(self, value: bool) -> Result<(), Unplaced> {
        self.out.push(u8::from(value));
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(mut self, value: i64) -> Result<(), Unplaced> {
        self.long(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unplaced> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unplaced> {
        self.serialize_i64(i64::try_from(value).map_err(ser::Error::custom)?)
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unplaced> {
        unplaced("a number with a point")
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unplaced> {
        unplaced("a number with a point")
    }

    fn serialize_char(self, _: char) -> Result<(), Unplaced> {
        unplaced("a character")
    }

    fn serialize_str(mut self, value: &str) -> Result<(), Unplaced> {
        self.bytes(value.as_bytes())
    }

    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), Unplaced> {
        self.bytes(value)
    }

    fn serialize_none(mut self) -> Result<(), Unplaced> {
        self.long(0);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Unplaced> {
        self.long(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unplaced> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unplaced> {
        Ok(())
    }

    fn serialize_unit_variant(
        mut self,
        _: &'static str,
        place: u32,
        _: &'static str,
    ) -> Result<(), Unplaced> {
        self.long(place.into());
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unplaced> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        place: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unplaced> {
        self.long(place.into());
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unplaced> {
        self.block(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unplaced> {
        unplaced("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unplaced> {
        unplaced("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unplaced> {
        unplaced("a tuple")
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Unplaced> {
        self.block(length)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unplaced> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unplaced> {
        unplaced("a variant with fields")
    }

    fn collect_str<T: fmt::Display + ?Sized>(mut self, value: &T) -> Result<(), Unplaced> {
        let mut text = Short::default();
        if write!(text, "{value}").is_ok() {
            return self.bytes(text.as_bytes());
        }
        self.serialize_str(&value.to_string())
    }
}

/// Room for the texts that values are written as: currencies, ids. Longer ones take the longer way.
#[derive(Default)]
struct Short {
    text: [u8; 32],
    length: usize,
}

impl Short {
    fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        let room = self.text.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl ser::SerializeSeq for Writer<'_> {
    type Ok = ();
    type Error = Unplaced;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unplaced> {
        value.serialize(Writer { out: self.out })
    }

    fn end(mut self) -> Result<(), Unplaced> {
        self.long(0);
        Ok(())
    }
}

impl ser::SerializeMap for Writer<'_> {
    type Ok = ();
    type Error = Unplaced;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unplaced> {
        key.serialize(Writer { out: self.out })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unplaced> {
        value.serialize(Writer { out: self.out })
    }

    fn end(mut self) -> Result<(), Unplaced> {
        self.long(0);
        Ok(())
    }
}

impl ser::SerializeStruct for Writer<'_> {
    type Ok = ();
    type Error = Unplaced;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Unplaced> {
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), Unplaced> {
        Ok(())
    }
}
