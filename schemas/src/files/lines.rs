//! JSON Lines: one event a line, `{"event": "payment", "account_id": "A-1", …}`.
//!
//! The fields are those of the topics' records. Moments and days may be written as text; what is
//! optional may be absent, and so may `event_id` and `source`; a field that the record does not have
//! is a fault, since it would be a mistake that nobody sees.

use super::attribute::FileAttribute;
use crate::encode::topic_of;
use crate::error::WireError;
use crate::topic::InputTopic;
use crate::value::{Number, Text};
use crate::wire::FromFile;
use crate::wire::account::AccountWire;
use crate::wire::control::ControlWire;
use crate::wire::events::{AdjustmentWire, BalanceWire, InvoiceWire, PaymentWire, ReportWire, ReversalWire};
use crate::wire::optional_moment;
use decision::Event;
use decision::event::Body;
use decision::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The field that says what a line is.
const KIND: &str = "event";
/// The field that says when it arrived, where that was later than it happened.
const ARRIVED: &str = "arrived_at";

/// An event of a file, with when it came to Weir.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// When it came: when it happened, unless the line says that it was late.
    pub at: Timestamp,
    /// The event.
    pub event: Event,
}

impl Arrival {
    /// Its rank among what comes at one moment: see [`rank`].
    #[must_use]
    pub fn rank(&self) -> u8 {
        rank(topic_of(&self.event))
    }
}

/// Of what comes at one moment an account itself is first, and all else after it, as it lies in the files.
#[must_use]
pub fn rank(topic: InputTopic) -> u8 {
    u8::from(topic != InputTopic::Accounts)
}

/// Why a line is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It does not say what it is.
    #[error("it does not say what it is: «event» is one of {}", kinds().join(", "))]
    NoKind,
    /// It says that it is something that is no event.
    #[error("there is no event «{word}»: it is one of {}", kinds().join(", "))]
    UnknownKind {
        /// What it says.
        word: String,
    },
    /// It has a field that such an event does not have.
    #[error("«{field}» is no field of «{kind}», which has {}", known.join(", "))]
    UnknownField {
        /// The event.
        kind: &'static str,
        /// The field, by its path.
        field: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// It is no JSON, or a value is of another type than it should be.
    #[error("{reason}{place}", place = place_of(field))]
    Unreadable {
        /// The field at which it stopped, by its path; empty where it is no JSON.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// It reads well, and a value cannot be.
    #[error(transparent)]
    Invalid(#[from] WireError),
}

fn place_of(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", at «{field}»") }
}

fn kinds() -> Vec<&'static str> {
    InputTopic::ALL.iter().map(|topic| topic.schema().name()).collect()
}

/// What a line is, before all of it is read.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
    arrived_at: Option<Number>,
}

/// Reads one line. Where it names no event id it gets its place as one, such as `events.jsonl:17`: the
/// place must tell it from all others.
///
/// # Errors
/// Where it is no event, with what is wrong and at which field.
pub fn read_line(line: &str, place: impl fmt::Display) -> Result<Arrival, LineError> {
    let head: Head<'_> = serde_json::from_str(line)
        .map_err(|error| LineError::Unreadable { field: String::new(), reason: told(&error) })?;
    let word = head.event.ok_or(LineError::NoKind)?;
    let topic = InputTopic::ALL.iter().find(|topic| topic.schema().name() == word.as_str());
    let topic = *topic.ok_or_else(|| LineError::UnknownKind { word: word.as_str().to_owned() })?;
    let event = event(topic, line, &place)?;
    let at = optional_moment(ARRIVED, head.arrived_at.as_ref())?.unwrap_or(event.occurred_at);
    Ok(Arrival { at, event })
}

fn event(topic: InputTopic, line: &str, place: &dyn fmt::Display) -> Result<Event, LineError> {
    let checked = match topic {
        InputTopic::Accounts => wire::<AccountWire<'_, FileAttribute<'_>>>(topic, line, place)?.check(),
        InputTopic::Balances => wire::<BalanceWire<'_>>(topic, line, place)?.check(),
        InputTopic::Invoices => wire::<InvoiceWire<'_>>(topic, line, place)?.check(),
        InputTopic::Adjustments => wire::<AdjustmentWire<'_>>(topic, line, place)?.check(),
        InputTopic::Payments => wire::<PaymentWire<'_>>(topic, line, place)?.check(),
        InputTopic::Reversals => wire::<ReversalWire<'_>>(topic, line, place)?.check(),
        InputTopic::Controls => wire::<ControlWire<'_>>(topic, line, place)?.check(),
        InputTopic::Reports => wire::<ReportWire<'_>>(topic, line, place)?.check(),
    };
    Ok(checked?)
}

/// The wire type of a line.
fn wire<'l, T: Deserialize<'l> + FromFile>(
    topic: InputTopic,
    line: &'l str,
    place: &dyn fmt::Display,
) -> Result<T, LineError> {
    let mut unknown = None;
    let mut json = serde_json::Deserializer::from_str(line);
    let wire = serde_ignored::deserialize::<_, _, T>(&mut json, |path| {
        let path = path.to_string();
        if path != KIND && path != ARRIVED {
            unknown.get_or_insert(path);
        }
    });
    let mut wire = wire.map_err(|error| explain::<T>(line, &error))?;
    if let Some(field) = unknown {
        return Err(LineError::UnknownField { kind: topic.schema().name(), field, known: fields_of(topic) });
    }
    wire.complete(place);
    Ok(wire)
}

/// Reads a faulty line a second time, to name the field at which it stops.
#[cold]
fn explain<'l, T: Deserialize<'l>>(line: &'l str, error: &serde_json::Error) -> LineError {
    let mut json = serde_json::Deserializer::from_str(line);
    let field = match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(error) if error.path().iter().next().is_some() => error.path().to_string(),
        Err(_) | Ok(_) => String::new(),
    };
    LineError::Unreadable { field, reason: told(error) }
}

/// What the library says, without the number of the line: each is its first.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line 1 column ")
        .map_or(text.clone(), |(what, column)| format!("{what} (column {column})"))
}

/// The fields of an event, as its schema names them.
fn fields_of(topic: InputTopic) -> Vec<String> {
    let schema: Value = serde_json::from_str(topic.schema().json()).unwrap_or_default();
    let fields = schema.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    fields.iter().filter_map(|field| field.get("name")?.as_str().map(str::to_owned)).collect()
}

/// The fields that hold a moment, and those that hold a day, whatever the record: the schemas' own, as a
/// test holds.
const MOMENTS: [&str; 3] = ["occurred_at", "valid_until", "resume_at"];
const DAYS: [&str; 3] = ["issued", "due", "until"];

/// Writes an event as one line, without what it does not say; [`read_line`] reads it back as it was.
#[must_use]
pub fn write_line(event: &Event) -> String {
    let (topic, value) = match &event.body {
        Body::Account(body) => (InputTopic::Accounts, json(&AccountWire::new(event, body))),
        Body::Balance(body) => (InputTopic::Balances, json(&BalanceWire::new(event, body))),
        Body::Invoice(body) => (InputTopic::Invoices, json(&InvoiceWire::new(event, body))),
        Body::Adjustment(body) => (InputTopic::Adjustments, json(&AdjustmentWire::new(event, body))),
        Body::Payment(body) => (InputTopic::Payments, json(&PaymentWire::new(event, body))),
        Body::Reversal(body) => (InputTopic::Reversals, json(&ReversalWire::new(event, body))),
        Body::Control(body) => (InputTopic::Controls, json(&ControlWire::new(event, body))),
        Body::Report(body) => (InputTopic::Reports, json(&ReportWire::new(event, body))),
    };
    let mut line = Map::new();
    line.insert(KIND.to_owned(), topic.schema().name().into());
    line.extend(readable(value));
    Value::Object(line).to_string()
}

/// A wire type as JSON: its fields are texts, numbers and lists of them, which cannot fail.
fn json(wire: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(wire) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// Fields as people write them: without those that say nothing, moments and days as text.
fn readable(fields: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    fields.into_iter().filter(|(_, value)| !says_nothing(value)).map(|(name, value)| {
        let value = match value {
            Value::Number(number) => as_time(&name, number),
            Value::Object(attributes) if name == "attributes" => {
                Value::Object(attributes.into_iter().map(|(name, value)| (name, attribute(value))).collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(item).collect()),
            other @ (Value::Null | Value::Bool(_) | Value::String(_) | Value::Object(_)) => other,
        };
        (name, value)
    })
}

/// An item of a list: a text, or a record of its own.
fn item(item: Value) -> Value {
    let Value::Object(fields) = item else { return item };
    Value::Object(readable(fields).collect())
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(_) | Value::String(_) => false,
    }
}

fn as_time(name: &str, number: serde_json::Number) -> Value {
    let whole = number.as_i64();
    if MOMENTS.contains(&name) {
        let moment = whole.map(Timestamp).filter(|moment| moment.is_in_calendar());
        return moment.map_or(Value::Number(number), |moment| moment.to_string().into());
    }
    if DAYS.contains(&name) {
        let day = whole.and_then(|days| i32::try_from(days).ok()).and_then(Date::from_days);
        return day.map_or(Value::Number(number), |day| day.to_string().into());
    }
    Value::Number(number)
}

/// An attribute without the name of its type, but for a day: that could be taken for another.
fn attribute(tagged: Value) -> Value {
    let Value::Object(fields) = tagged else { return tagged };
    let Some((kind, value)) = fields.into_iter().next() else { return Value::Null };
    match (kind.as_str(), value) {
        ("Date", Value::Number(days)) => serde_json::json!({ "date": as_time("due", days) }),
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests;
