//! An attribute in a file: as JSON has it, or as an Avro file whose attributes are all of one type.

use crate::value::{Attribute, Number, Text};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A text, a whole number, true or false; a day is `{"date": "2026-03-10"}`, since a text that looks
/// like one may be a text.
#[derive(Debug, PartialEq)]
pub(super) struct FileAttribute<'a>(Attribute<'a>);

impl<'a> From<FileAttribute<'a>> for Attribute<'a> {
    fn from(attribute: FileAttribute<'a>) -> Self {
        attribute.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for FileAttribute<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FileAttributeVisitor).map(Self)
    }
}

struct FileAttributeVisitor;

impl<'de> Visitor<'de> for FileAttributeVisitor {
    type Value = Attribute<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true, false, or {\"date\": \"2026-03-10\"}")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Attribute::String(text.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Attribute::String(Text::from(text.to_owned())))
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Self::Value, E> {
        Ok(Attribute::Boolean(is))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Attribute::Long(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let number = i64::try_from(number);
        number.map(Attribute::Long).map_err(|_| E::custom("the number does not fit"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let wrong = || de::Error::custom("of the objects, only {\"date\": \"2026-03-10\"} is an attribute");
        if map.next_key::<Text<'de>>()?.ok_or_else(wrong)?.as_str() != "date" {
            return Err(wrong());
        }
        let date = map.next_value::<Number>()?;
        if map.next_key::<Text<'de>>()?.is_some() {
            return Err(wrong());
        }
        let date = crate::wire::date("attributes", &date).map_err(de::Error::custom)?;
        Ok(Attribute::Date(date.days()))
    }
}
