//! Lenient building blocks of wire types: they take what a field may be written as, and leave it
//! to the checks in [`crate::wire`] to say which field is wrong.
//!
//! A value that no block takes (a record where a text is wanted) is refused while decoding.

use serde::de::{self, EnumAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A text, borrowed from the bytes where it lies in them as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    // Symbols of a writer's Avro enum come so: they lie in its schema, not in the bytes.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A number that should be whole: another one is kept as text, for the error to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Whole(i64),
    Other(String),
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Other(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Any: an Avro decimal must come with its fraction, not cut to an integer.
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number::Whole(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        Ok(i64::try_from(number).map_or_else(|_| Number::Other(number.to_string()), Number::Whole))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number::Other(number.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        Ok(text.parse().map_or_else(|_| Number::Other(text.to_owned()), Number::Whole))
    }
}

/// The words of a closed list, as Rust values.
pub(crate) trait Words: Copy + 'static {
    /// The words, in the order of the Avro enum.
    const WORDS: &'static [&'static str];
    /// The values, in the same order.
    const VALUES: &'static [Self];

    fn parse(word: &str) -> Option<Self> {
        let place = Self::WORDS.iter().position(|known| *known == word)?;
        Self::VALUES.get(place).copied()
    }

    fn word(self) -> &'static str;
}

/// Ties a closed list's values to their words.
macro_rules! words {
    ($type:ty { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $crate::value::Words for $type {
            const WORDS: &'static [&'static str] = &[$($word),+];
            const VALUES: &'static [Self] = &[$(<$type>::$value),+];

            fn word(self) -> &'static str {
                match self {
                    $(<$type>::$value => $word),+
                }
            }
        }
    };
}
pub(crate) use words;

/// A word of a closed list, or one that the list does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word<T> {
    Known(T),
    Unknown(String),
}

impl<T: Words> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => {
                let word = value.word();
                let place = T::WORDS.iter().position(|known| *known == word).unwrap_or_default();
                serializer.serialize_unit_variant("Word", u32::try_from(place).unwrap_or(u32::MAX), word)
            }
            Self::Unknown(word) => serializer.serialize_str(word),
        }
    }
}

impl<'de, T: Words> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = WordVisitor(std::marker::PhantomData);
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(visitor);
        }
        deserializer.deserialize_identifier(visitor)
    }
}

struct WordVisitor<T>(std::marker::PhantomData<T>);

impl<T: Words> Visitor<'_> for WordVisitor<T> {
    type Value = Word<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", T::WORDS.join(", "))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Word<T>, E> {
        Ok(T::parse(word).map_or_else(|| Word::Unknown(word.to_owned()), Word::Known))
    }

    // By position: the place of the symbol.
    fn visit_u64<E: de::Error>(self, place: u64) -> Result<Word<T>, E> {
        let value = usize::try_from(place).ok().and_then(|place| T::VALUES.get(place).copied());
        value.map(Word::Known).ok_or_else(|| E::custom(format_args!("there is no word at place {place}")))
    }
}

/// The value of an attribute: of a union of types, or of one type only where the writer's schema
/// has but one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attribute<'a> {
    String(Text<'a>),
    Long(i64),
    Boolean(bool),
    Date(i32),
}

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = "Attribute";
        match self {
            Self::String(text) => serializer.serialize_newtype_variant(name, 0, "String", text),
            Self::Long(number) => serializer.serialize_newtype_variant(name, 1, "Long", number),
            Self::Boolean(is) => serializer.serialize_newtype_variant(name, 2, "Boolean", is),
            Self::Date(days) => serializer.serialize_newtype_variant(name, 3, "Date", days),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attribute<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("Attribute", &[], AttributeVisitor)
    }
}

struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = Attribute<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a long, a boolean or a date")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        let (tag, value) = access.variant::<Tag<'de>>()?;
        match tag {
            Tag::Value(text) => {
                value.unit_variant()?;
                Ok(Attribute::String(text.into()))
            }
            Tag::Number(number) => {
                value.unit_variant()?;
                Ok(Attribute::Long(number))
            }
            Tag::Place(place) => match place {
                0 => value.newtype_variant().map(Attribute::String),
                1 => value.newtype_variant().map(Attribute::Long),
                2 => value.newtype_variant().map(Attribute::Boolean),
                3 => value.newtype_variant().map(Attribute::Date),
                other => Err(de::Error::custom(format_args!("there is no type at place {other}"))),
            },
            Tag::Type(name) => match &*name {
                "String" => value.newtype_variant().map(Attribute::String),
                "Long" | "Int" => value.newtype_variant().map(Attribute::Long),
                "Boolean" => value.newtype_variant().map(Attribute::Boolean),
                "Date" => value.newtype_variant().map(Attribute::Date),
                other => Err(de::Error::custom(format_args!(
                    "a string, a long, a boolean or a date is wanted, not a value of type {other}"
                ))),
            },
        }
    }
}

/// How the Avro library names a union's branch: by the name of its type, which lies in the schema
/// and so cannot be borrowed. A text that can is no name but the value itself. By position it is the
/// branch's place.
enum Tag<'de> {
    Place(u64),
    Type(String),
    Value(&'de str),
    Number(i64),
}

impl<'de> Deserialize<'de> for Tag<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagVisitor)
    }
}

struct TagVisitor;

impl<'de> Visitor<'de> for TagVisitor {
    type Value = Tag<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a long, a boolean or a date")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Tag<'de>, E> {
        Ok(Tag::Value(text))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Tag<'de>, E> {
        Ok(Tag::Type(name.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tag<'de>, E> {
        Ok(Tag::Number(number))
    }

    fn visit_u64<E: de::Error>(self, place: u64) -> Result<Tag<'de>, E> {
        Ok(Tag::Place(place))
    }
}
