//! Paths, queries and bodies as they are read: what cannot be made out is told with its name and in plain words, and
//! never in those of whatever reads it.
//!
//! What a value may be beyond its kind (bounds, moments, names) is each path's own business.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path, Query, RawPathParams};
use axum::http::request::Parts;
use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt::{self, Display};

/// A part of the question, whose faults are told as problems.
pub(crate) struct In<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for In<Query<T>> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = pairs.map_err(|_| Problem::bad_request("What follows the `?` is no query."))?;
        let parts =
            pairs.into_iter().map(|(name, text)| (name.clone(), Part { name, said: Said::Text(text) }));
        let read = T::deserialize(MapDeserializer::new(parts));
        read.map(|read| Self(Query(read))).map_err(|fault| Problem::bad_request(fault.told("parameter")))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for In<Path<T>> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let unreadable = |_| Problem::bad_request("The path is no text in UTF-8.");
        let segments = RawPathParams::from_request_parts(parts, state).await.map_err(unreadable)?;
        let part =
            |(name, text): (&str, &str)| Part { name: name.to_owned(), said: Said::Text(text.to_owned()) };
        let read = T::deserialize(Segments(segments.iter().map(part).collect()));
        read.map(|read| Self(Path(read)))
            .map_err(|fault| Problem::bad_request(fault.told("part of the path")))
    }
}

/// Reads a body that is a JSON object.
pub(crate) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let no_object = |_| Problem::bad_request("The body is no JSON object.");
    let Fields(fields) = serde_json::from_slice(body).map_err(no_object)?;
    let parts =
        fields.into_iter().map(|(name, value)| (name.clone(), Part { name, said: Said::Json(value) }));
    T::deserialize(MapDeserializer::new(parts)).map_err(|fault| Problem::bad_request(fault.told("field")))
}

/// The fields of a JSON object as they came: one that came twice is not taken for the last of the two.
struct Fields(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// Why it cannot be made out.
#[derive(Debug)]
enum Fault {
    Missing(&'static str),
    Twice(&'static str),
    NotKnown {
        name: String,
        known: &'static [&'static str],
    },
    /// Of the value that is named: what it is not.
    Value {
        name: String,
        says: String,
    },
}

impl Fault {
    /// In words, where what is named is of this kind.
    fn told(&self, kind: &str) -> String {
        match self {
            Self::Missing(name) => format!("`{name}` is missing."),
            Self::Twice(name) => format!("`{name}` is said twice."),
            Self::NotKnown { name, known: [] } => format!("`{name}` is no {kind} of this, which has none."),
            Self::NotKnown { name, known } => {
                format!("`{name}` is no {kind} of this, which has {}.", known.join(", "))
            }
            Self::Value { name, says } => format!("`{name}` {says}."),
        }
    }

    /// That of a value, which has this name.
    fn of(self, name: &str) -> Self {
        match self {
            Self::Value { says, .. } => Self::Value { name: name.to_owned(), says },
            // Of a word that was said as a value, what there is beside it.
            Self::NotKnown { name: said, known } => {
                let says = format!("is «{said}», and must be one of {}", known.join(", "));
                Self::Value { name: name.to_owned(), says }
            }
            Self::Missing(_) | Self::Twice(_) => self,
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told("field"))
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: Display>(_: T) -> Self {
        Self::Value { name: String::new(), says: "cannot be made out".to_owned() }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Twice(name)
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::NotKnown { name: name.to_owned(), known }
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::NotKnown { name: name.to_owned(), known }
    }
}

/// A value, with what it is called.
struct Part {
    name: String,
    said: Said,
}

/// What was said.
enum Said {
    Text(String),
    Json(Value),
}

impl Part {
    fn is_no(&self, says: &str) -> Fault {
        Fault::Value { name: self.name.clone(), says: says.to_owned() }
    }

    /// A whole number, read from its digits.
    fn number<N: std::str::FromStr>(&self, says: &str) -> Result<N, Fault> {
        let digits = match &self.said {
            Said::Text(text) => text.parse(),
            // To JSON Schema `279.0` is a whole number, and programs whose language knows one kind send it so.
            Said::Json(value) => {
                let said = value.to_string();
                said.strip_suffix(".0").unwrap_or(&said).parse()
            }
        };
        digits.map_err(|_| self.is_no(says))
    }

    fn text(&self) -> Result<&str, Fault> {
        match &self.said {
            Said::Text(text) | Said::Json(Value::String(text)) => Ok(text),
            Said::Json(_) => Err(self.is_no("is no text")),
        }
    }
}

/// A whole number that may be less than zero.
const NO_NUMBER: &str = "is no whole number, or too large a one";

/// One that may not.
const NO_COUNT: &str = "is no whole number from 0 on, or too large a one";

impl<'de> Deserializer<'de> for Part {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.said {
            Said::Json(Value::Bool(said)) => visitor.visit_bool(*said),
            Said::Text(text) if text == "true" || text == "false" => visitor.visit_bool(text == "true"),
            Said::Json(_) | Said::Text(_) => Err(self.is_no("is neither true nor false")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.number(NO_NUMBER)?).map_err(|fault: Fault| fault.of(&self.name))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_u32(self.number(NO_COUNT)?).map_err(|fault: Fault| fault.of(&self.name))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_u64(self.number(NO_COUNT)?).map_err(|fault: Fault| fault.of(&self.name))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text()?).map_err(|fault: Fault| fault.of(&self.name))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.said {
            Said::Json(Value::Null) => visitor.visit_none(),
            Said::Json(_) | Said::Text(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let said: StringDeserializer<Fault> = self.text()?.to_owned().into_deserializer();
        said.deserialize_enum(name, known, visitor).map_err(|fault| fault.of(&self.name))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Part { name, said } = self;
        let Said::Json(Value::Array(items)) = said else {
            return Err(Fault::Value { name, says: "is no list".to_owned() });
        };
        let item = |item| Self { name: name.clone(), said: Said::Json(item) };
        visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(item)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Part { name, said } = self;
        let Said::Json(Value::Object(fields)) = said else {
            return Err(Fault::Value { name, says: "is no object".to_owned() });
        };
        let field = |(field, value): (String, Value)| {
            let said = Self { name: format!("{name}.{field}"), said: Said::Json(value) };
            (field, said)
        };
        visitor.visit_map(MapDeserializer::new(fields.into_iter().map(field)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Fault> for Part {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What a path holds between its words: one value, or several in order.
struct Segments(Vec<Part>);

impl Segments {
    fn first(self) -> Result<Part, Fault> {
        self.0.into_iter().next().ok_or_else(|| Fault::custom("the path has nothing to read"))
    }
}

impl<'de> Deserializer<'de> for Segments {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.first()?.deserialize_any(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.first()?.deserialize_i64(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read into, and not read")]
    struct Said {
        why: String,
        #[serde(default)]
        even: bool,
        word: Option<Word>,
        least: Option<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Release,
        Drop,
    }

    #[track_caller]
    fn check(said: &str, expected: Option<&str>) {
        let read = body::<Said>(said.as_bytes()).err().map(|problem| problem.detail().to_owned());
        assert_eq!(read.as_deref(), expected, "{said}");
    }

    #[test]
    fn what_of_a_body_cannot_be_made_out_is_named_in_plain_words() {
        check(r#"{"why": "so", "even": true, "word": "drop", "least": -7}"#, None);
        check(r#"{"why": "so", "word": null}"#, None);
        check("[]", Some("The body is no JSON object."));
        check("{", Some("The body is no JSON object."));
        check("{}", Some("`why` is missing."));
        check(r#"{"why": "so", "why": "not so"}"#, Some("`why` is said twice."));
        check(r#"{"why": null}"#, Some("`why` is no text."));
        check(r#"{"why": 7}"#, Some("`why` is no text."));
        check(r#"{"why": "so", "even": "yes"}"#, Some("`even` is neither true nor false."));
        check(
            r#"{"why": "so", "word": "keep"}"#,
            Some("`word` is «keep», and must be one of release, drop."),
        );
        check(r#"{"why": "so", "word": 1}"#, Some("`word` is no text."));
        check(r#"{"why": "so", "least": 1.5}"#, Some("`least` is no whole number, or too large a one."));
        check(r#"{"why": "so", "x": 1}"#, Some("`x` is no field of this, which has why, even, word, least."));
    }
}
