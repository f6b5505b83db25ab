//! A schema's text as far as the pages show it: names, types, defaults, and what each is.
//!
//! The codec's own parsed form keeps no `doc`, so it cannot be used. What our schemas do not use,
//! such as `double`, is no variant here: a schema that begins to use it fails the tests.

use crate::avsc::RecordSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A record.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    /// Absent where it is that of the record around it.
    pub(super) namespace: Option<String>,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
}

/// A field of a record.
#[derive(Debug, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Type,
    pub(super) doc: String,
    /// Null is a default like any other: only a field without one has none.
    #[serde(default, deserialize_with = "some")]
    pub(super) default: Option<Value>,
}

/// The type of a field, of a list's items or of a map's values.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Type {
    /// A type without further parts, or the name of one that was told before.
    Name(String),
    /// Any of these.
    AnyOf(Vec<Type>),
    /// One that is told here.
    Told(Box<Told>),
}

/// A type that is told where it is used first.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Told {
    Record(Record),
    Enum(Enum),
    Fixed(Fixed),
    Array { items: Type },
    Map { values: Type },
    Int(Logical),
    Long(Logical),
}

/// A closed list of words.
#[derive(Debug, Deserialize)]
pub(super) struct Enum {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) symbols: Vec<String>,
}

/// So many bytes.
#[derive(Debug, Deserialize)]
pub(super) struct Fixed {
    pub(super) name: String,
    pub(super) size: u32,
}

/// What a number stands for.
#[derive(Debug, Deserialize)]
#[serde(tag = "logicalType")]
pub(super) enum Logical {
    /// Days since 1970-01-01.
    #[serde(rename = "date")]
    Day,
    /// Microseconds since 1970-01-01, UTC.
    #[serde(rename = "timestamp-micros")]
    Moment,
}

fn some<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Record {
    /// The record of one of our schemas.
    #[expect(clippy::expect_used, reason = "compiled in, and the tests read every one")]
    pub(super) fn of(schema: RecordSchema) -> Self {
        serde_json::from_str(schema.json()).expect("the package's own schema is told in what is known here")
    }

    /// Its name with its namespace.
    pub(super) fn full_name(&self) -> String {
        self.namespace.iter().chain([&self.name]).map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

/// A type that has a name, by which it may be used again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named<'a> {
    Record(&'a Record),
    Enum(&'a Enum),
    Fixed(&'a Fixed),
}

/// What is told within a record.
#[derive(Debug, Default)]
pub(super) struct Within<'a> {
    /// The records, in the order in which they are told.
    pub(super) records: Vec<&'a Record>,
    named: BTreeMap<&'a str, Named<'a>>,
}

impl<'a> Within<'a> {
    /// What is told within this record.
    pub(super) fn of(record: &'a Record) -> Self {
        let mut within = Self::default();
        within.fields(record);
        within
    }

    /// What has this name; nothing where it is the name of a type without further parts.
    pub(super) fn find(&self, name: &str) -> Option<Named<'a>> {
        self.named.get(name).copied()
    }

    fn fields(&mut self, record: &'a Record) {
        for field in &record.fields {
            self.meet(&field.kind);
        }
    }

    fn meet(&mut self, kind: &'a Type) {
        match kind {
            // What it names was met where it was told.
            Type::Name(_) => {}
            Type::AnyOf(kinds) => kinds.iter().for_each(|kind| self.meet(kind)),
            Type::Told(told) => match &**told {
                Told::Record(record) => {
                    self.records.push(record);
                    self.named.insert(&record.name, Named::Record(record));
                    self.fields(record);
                }
                Told::Enum(words) => {
                    self.named.insert(&words.name, Named::Enum(words));
                }
                Told::Fixed(bytes) => {
                    self.named.insert(&bytes.name, Named::Fixed(bytes));
                }
                Told::Array { items } => self.meet(items),
                Told::Map { values } => self.meet(values),
                // A number has no name.
                Told::Int(_) | Told::Long(_) => {}
            },
        }
    }
}
