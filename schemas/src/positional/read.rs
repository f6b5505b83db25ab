//! Reading by position.

use super::{Unplaced, unplaced};
use serde::de::value::U32Deserializer;
use serde::de::{self, Deserialize, DeserializeSeed, IntoDeserializer, Visitor};
use std::fmt;

/// Reads a value from its binary form, to the last byte.
pub(crate) fn read<'v, T: Deserialize<'v>>(datum: &'v [u8]) -> Result<T, Unplaced> {
    let mut reader = Reader { left: datum };
    let value = T::deserialize(&mut reader)?;
    match reader.left.len() {
        0 => Ok(value),
        left => Err(Unplaced(format!("{left} bytes are left over"))),
    }
}

impl de::Error for Unplaced {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(reason.to_string())
    }
}

#[cold]
fn ended() -> Unplaced {
    Unplaced("the bytes end within a value".to_owned())
}

struct Reader<'v> {
    left: &'v [u8],
}

impl<'v> Reader<'v> {
    /// A whole number: the sign in the lowest bit, seven bits a byte.
    #[inline]
    fn long(&mut self) -> Result<i64, Unplaced> {
        let (mut bits, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = self.byte()?;
            bits |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 && (shift < 63 || byte < 2) {
                return Ok((bits >> 1).cast_signed() ^ (bits & 1).cast_signed().wrapping_neg());
            }
            shift += 7;
            if shift > 63 {
                return Err(Unplaced("a whole number of more than 64 bits".to_owned()));
            }
        }
    }

    /// The place of a variant, or of a symbol.
    fn place(&mut self) -> Result<u32, Unplaced> {
        u32::try_from(self.long()?).map_err(de::Error::custom)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'v [u8], Unplaced> {
        let length = usize::try_from(self.long()?).map_err(de::Error::custom)?;
        let (bytes, left) = self.left.split_at_checked(length).ok_or_else(ended)?;
        self.left = left;
        Ok(bytes)
    }

    #[inline]
    fn text(&mut self) -> Result<&'v str, Unplaced> {
        std::str::from_utf8(self.bytes()?).map_err(de::Error::custom)
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Unplaced> {
        let (byte, left) = self.left.split_first().ok_or_else(ended)?;
        self.left = left;
        Ok(*byte)
    }

    /// How many elements a list or map has in the block that begins here.
    fn block(&mut self) -> Result<usize, Unplaced> {
        let count = self.long()?;
        if count < 0 {
            // A block that says how many bytes it takes, for those who pass it over.
            self.long()?;
        }
        let count = usize::try_from(count.unsigned_abs()).map_err(de::Error::custom)?;
        // Each takes a byte at the least: a count is not believed beyond that.
        if count > self.left.len() { Err(ended()) } else { Ok(count) }
    }
}

/// Methods that read a whole number, whatever width is wanted: the visitor checks it.
macro_rules! whole {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
            visitor.visit_i64(self.long()?)
        })+
    };
}

/// Methods for what our records do not have.
macro_rules! nowhere {
    ($($method:ident: $what:literal)+) => {
        $(fn $method<V: Visitor<'v>>(self, _: V) -> Result<V::Value, Unplaced> {
            unplaced($what)
        })+
    };
}

impl<'v> de::Deserializer<'v> for &mut Reader<'v> {
    type Error = Unplaced;

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    nowhere! {
        deserialize_f32: "a number with a point"
        deserialize_f64: "a number with a point"
        deserialize_char: "a character"
        deserialize_ignored_any: "a value of which nothing is known"
    }

    /// Where a type takes what comes, our records have a whole number.
    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_bool<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        match self.byte()? {
            0 => visitor.visit_bool(false),
            1 => visitor.visit_bool(true),
            other => Err(Unplaced(format!("{other} is neither true nor false"))),
        }
    }

    fn deserialize_str<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        match self.place()? {
            0 => visitor.visit_none(),
            1 => visitor.visit_some(self),
            other => Err(Unplaced(format!("{other} is neither nothing nor a value"))),
        }
    }

    fn deserialize_unit<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unplaced> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unplaced> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_seq(Blocks::begin(self)?)
    }

    fn deserialize_tuple<V: Visitor<'v>>(self, _: usize, _: V) -> Result<V::Value, Unplaced> {
        unplaced("a tuple")
    }

    fn deserialize_tuple_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, Unplaced> {
        unplaced("a tuple")
    }

    fn deserialize_map<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_map(Blocks::begin(self)?)
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplaced> {
        visitor.visit_seq(Fields { reader: self, left: fields.len() })
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unplaced> {
        visitor.visit_enum(self)
    }

    fn deserialize_identifier<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Unplaced> {
        visitor.visit_u32(self.place()?)
    }

    /// Words are read by their place.
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The fields of a record, one after the other.
struct Fields<'r, 'v> {
    reader: &'r mut Reader<'v>,
    left: usize,
}

impl<'v> de::SeqAccess<'v> for Fields<'_, 'v> {
    type Error = Unplaced;

    fn next_element_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<Option<S::Value>, Unplaced> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

/// The elements of a list, or the entries of a map: blocks of them, and an empty one.
struct Blocks<'r, 'v> {
    reader: &'r mut Reader<'v>,
    /// How many of the block are left.
    left: usize,
    is_ended: bool,
}

impl<'r, 'v> Blocks<'r, 'v> {
    /// Reads how many the first block has: most have no other, and whoever keeps them makes as much room.
    fn begin(reader: &'r mut Reader<'v>) -> Result<Self, Unplaced> {
        let left = reader.block()?;
        Ok(Self { reader, left, is_ended: left == 0 })
    }

    /// Whether another one follows.
    fn goes_on(&mut self) -> Result<bool, Unplaced> {
        if self.is_ended {
            return Ok(false);
        }
        if self.left == 0 {
            self.left = self.reader.block()?;
            self.is_ended = self.left == 0;
        }
        self.left = self.left.saturating_sub(1);
        Ok(!self.is_ended)
    }
}

impl<'v> de::SeqAccess<'v> for Blocks<'_, 'v> {
    type Error = Unplaced;

    fn next_element_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<Option<S::Value>, Unplaced> {
        if self.goes_on()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'v> de::MapAccess<'v> for Blocks<'_, 'v> {
    type Error = Unplaced;

    fn next_key_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<Option<S::Value>, Unplaced> {
        if self.goes_on()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<S::Value, Unplaced> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'v> de::EnumAccess<'v> for &mut Reader<'v> {
    type Error = Unplaced;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'v>>(self, seed: S) -> Result<(S::Value, Self), Unplaced> {
        let place: U32Deserializer<Unplaced> = self.place()?.into_deserializer();
        Ok((seed.deserialize(place)?, self))
    }
}

impl<'v> de::VariantAccess<'v> for &mut Reader<'v> {
    type Error = Unplaced;

    fn unit_variant(self) -> Result<(), Unplaced> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'v>>(self, seed: S) -> Result<S::Value, Unplaced> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'v>>(self, _: usize, _: V) -> Result<V::Value, Unplaced> {
        unplaced("a tuple")
    }

    fn struct_variant<V: Visitor<'v>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Unplaced> {
        unplaced("a variant with fields")
    }
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Plain,
        Counted(u16),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        kind: Kind,
        numbers: Vec<i64>,
        name: Option<String>,
        prices: BTreeMap<String, i32>,
        is_new: bool,
    }

    fn thing() -> Thing {
        Thing {
            kind: Kind::Counted(7),
            numbers: vec![0, -1, 63, 64, i64::MAX, i64::MIN],
            name: Some("Zoë".to_owned()),
            prices: [("a".to_owned(), -300), ("b".to_owned(), 0)].into(),
            is_new: true,
        }
    }

    #[test]
    fn what_is_written_by_position_is_read_so() -> Result<(), Unplaced> {
        let empty =
            Thing { kind: Kind::Plain, numbers: vec![], name: None, prices: BTreeMap::new(), is_new: false };
        for thing in [thing(), empty] {
            let mut written = Vec::new();
            write(&thing, &mut written)?;
            assert_eq!(read::<Thing>(&written)?, thing);
        }
        Ok(())
    }

    #[test]
    fn bytes_that_end_early_or_late_are_refused() -> Result<(), Unplaced> {
        let mut written = Vec::new();
        write(&thing(), &mut written)?;
        for end in 0..written.len() {
            let part = written.get(..end).unwrap_or_default();
            assert!(read::<Thing>(part).is_err(), "{end} of {} bytes", written.len());
        }
        written.push(0);
        assert!(read::<Thing>(&written).is_err());
        Ok(())
    }

    #[test]
    fn what_cannot_be_is_refused_for_what_it_is() {
        let cases: [(&[u8], &str); 6] = [
            (&[4], "expected variant index 0 <= i < 2"),
            (&[2, 0xff, 0xff, 0xff, 0x7f], "expected u16"),
            (&[2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03], "more than 64 bits"),
            (&[0, 0, 4], "neither nothing nor a value"),
            (&[0, 0, 2, 2, 0xff], "invalid utf-8"),
            (&[0, 0, 0, 0, 2], "neither true nor false"),
        ];
        for (bytes, reason) in cases {
            let error = read::<Thing>(bytes).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|said| said.contains(reason)), "{reason}: {error:?}");
        }
    }

    #[test]
    fn a_list_is_not_believed_to_be_longer_than_its_bytes_even_where_its_elements_take_none() {
        assert!(read::<Vec<()>>(&[2, 0]).is_ok());
        assert!(read::<Vec<()>>(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 0]).is_err());
    }

    #[test]
    fn a_list_may_come_in_blocks_that_tell_their_bytes() -> Result<(), Unplaced> {
        // Two elements of two bytes, then one, then the end.
        assert_eq!(read::<Vec<i64>>(&[3, 4, 2, 4, 2, 6, 0])?, [1, 2, 3]);
        Ok(())
    }
}
