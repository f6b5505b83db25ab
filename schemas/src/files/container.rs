//! Avro's object container files: the records of one topic, with the schema they were written with.
//!
//! Which record it is, the schema's own name says: `Account`, `weir.Invoice`, `com.example.Payment`.

use super::attribute::FileAttribute;
use crate::error::WireError;
use crate::fit;
use crate::topic::InputTopic;
use crate::wire::account::AccountWire;
use crate::wire::control::ControlWire;
use crate::wire::events::{AdjustmentWire, BalanceWire, InvoiceWire, PaymentWire, ReportWire, ReversalWire};
use decision::Event;
use serde::de::{Deserialize, DeserializeSeed, Deserializer};
use serde_avro_fast::de::read::ReaderRead;
use serde_avro_fast::object_container_file_encoding::Reader;
use serde_json::Value;
use std::fmt;
use std::io::BufRead;

/// How every container file begins.
const MAGIC: &[u8] = b"Obj\x01";

/// Whether what begins so is a container file.
#[must_use]
pub fn is_container(beginning: &[u8]) -> bool {
    beginning.starts_with(MAGIC)
}

/// Why a file cannot be read as events.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// It does not begin as such a file does.
    #[error("it is no Avro container file that can be read: {reason}")]
    Unreadable {
        /// What the library says.
        reason: String,
    },
    /// Its records are no events.
    #[error("its records are «{name}», and none of {}", names().join(", "))]
    NoEvents {
        /// What its schema says they are.
        name: String,
    },
    /// Its schema is not that of such an event.
    #[error("its schema is no «{record}»: {reason}")]
    UnfitSchema {
        /// The record that is wanted.
        record: &'static str,
        /// In which way.
        reason: String,
    },
}

fn names() -> Vec<&'static str> {
    InputTopic::ALL.iter().map(|topic| topic.schema().name()).collect()
}

/// A container file of events, from its beginning to its end.
pub struct Container<R: BufRead> {
    reader: Reader<ReaderRead<R>>,
    kind: Kind,
    has_ended: bool,
}

impl<R: BufRead> fmt::Debug for Container<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What its records are.
#[derive(Clone, Copy, Debug)]
struct Kind {
    topic: InputTopic,
    /// Whether an account's attributes are all of one type, and not of a union.
    has_plain_attributes: bool,
}

impl<R: BufRead> Container<R> {
    /// Reads its schema.
    ///
    /// # Errors
    /// Where it is no such file, or its records are no events.
    pub fn open(read: R) -> Result<Self, ContainerError> {
        let reader = Reader::from_reader(read)
            .map_err(|error| ContainerError::Unreadable { reason: error.to_string() })?;
        let kind = kind_of(reader.schema().json())?;
        Ok(Self { reader, kind, has_ended: false })
    }
}

fn kind_of(schema: &str) -> Result<Kind, ContainerError> {
    let parsed: Value = serde_json::from_str(schema).unwrap_or_default();
    let name = parsed.get("name").and_then(Value::as_str).unwrap_or("(no record)");
    let last = name.rsplit('.').next().unwrap_or(name);
    let topic = InputTopic::ALL.iter().find(|topic| topic.schema().name().eq_ignore_ascii_case(last));
    let topic = *topic.ok_or_else(|| ContainerError::NoEvents { name: name.to_owned() })?;
    let record = topic.schema().name();
    if let Some(reason) = fit::fault_of(schema, topic.schema()) {
        return Err(ContainerError::UnfitSchema { record, reason });
    }
    let plain = attributes_of(&parsed).filter(|values| !values.is_array());
    if plain.is_some_and(|values| values.get("logicalType").is_some()) {
        let reason = "attributes that are all days could be taken for numbers; a union tells them apart";
        return Err(ContainerError::UnfitSchema { record, reason: reason.to_owned() });
    }
    Ok(Kind { topic, has_plain_attributes: plain.is_some() })
}

/// The type of the attributes' values.
fn attributes_of(schema: &Value) -> Option<&Value> {
    let fields = schema.get("fields")?.as_array()?;
    let is_wanted = |field: &&Value| field.get("name").is_some_and(|name| name == "attributes");
    fields.iter().find(is_wanted)?.get("type")?.get("values")
}

impl<R: BufRead> Iterator for Container<R> {
    type Item = Result<Event, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        match self.reader.deserialize_seed_next(self.kind) {
            Ok(None) => None,
            Ok(Some(event)) => Some(event),
            Err(error) => {
                // Where the next record would begin is not known any more.
                self.has_ended = true;
                let record = self.kind.topic.schema().name();
                Some(Err(WireError::Undecodable { record, field: String::new(), reason: error.to_string() }))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = Result<Event, WireError>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok(match self.topic {
            InputTopic::Accounts if self.has_plain_attributes => {
                wire::<AccountWire<'_, FileAttribute<'_>>, _>(deserializer)?.check()
            }
            InputTopic::Accounts => wire::<AccountWire<'_>, _>(deserializer)?.check(),
            InputTopic::Balances => wire::<BalanceWire<'_>, _>(deserializer)?.check(),
            InputTopic::Invoices => wire::<InvoiceWire<'_>, _>(deserializer)?.check(),
            InputTopic::Adjustments => wire::<AdjustmentWire<'_>, _>(deserializer)?.check(),
            InputTopic::Payments => wire::<PaymentWire<'_>, _>(deserializer)?.check(),
            InputTopic::Reversals => wire::<ReversalWire<'_>, _>(deserializer)?.check(),
            InputTopic::Controls => wire::<ControlWire<'_>, _>(deserializer)?.check(),
            InputTopic::Reports => wire::<ReportWire<'_>, _>(deserializer)?.check(),
        })
    }
}

fn wire<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}
