//! YAML as a tree in which every value knows its place and keeps the text it was written as.
//!
//! Numbers stay text here, so that money never becomes floating point. What a file may say is
//! `file`'s business; anchors, aliases and tags are left out of the formats.

mod de;
mod load;
mod shape;
mod spanned;
mod table;

pub(crate) use load::load;
pub(crate) use shape::{Required, read};
pub(crate) use spanned::Spanned;
pub(crate) use table::{NonEmpty, Table};

use crate::report::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Tells it from every other node of its tree.
    pub(crate) id: usize,
    /// Where it is written.
    pub(crate) span: Span,
    /// What was taken out of it because it was wrong: keys, or `-` for an item of a list.
    pub(crate) pruned: Vec<String>,
    /// What it is.
    pub(crate) value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// One value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the file's order, each key once.
    Map(Vec<Entry>),
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// Its text, without quotes.
    pub(crate) text: String,
    /// Whether it stands without quotes.
    pub(crate) plain: bool,
}

/// A key of a mapping, with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key is written.
    pub(crate) key_span: Span,
    /// The value.
    pub(crate) value: Node,
}

impl Scalar {
    /// Whether it says that there is nothing.
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Node {
    /// The value of a key, where the node is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// The keys of a mapping; none of anything else.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = match &self.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Scalar(_) | Value::List(_) => &[],
        };
        entries.iter().map(|entry| entry.key.as_str())
    }

    /// Whether something wrong was taken out of it, or out of anything in it.
    pub(crate) fn is_damaged(&self) -> bool {
        let inside = match &self.value {
            Value::Scalar(_) => false,
            Value::List(items) => items.iter().any(Self::is_damaged),
            Value::Map(entries) => entries.iter().any(|entry| entry.value.is_damaged()),
        };
        inside || !self.pruned.is_empty()
    }

    /// What it is, in a person's words.
    pub(crate) fn described(&self) -> String {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => "nothing".to_owned(),
            Value::Scalar(scalar) => format!("«{}»", shortened(&scalar.text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The text, cut where it would fill a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
