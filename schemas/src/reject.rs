//! The reject's record: what changed nothing, as it came, with the reason and where it came from.
//!
//! Why the core declined is its [`Rejection`]; why a value could not be read is a [`WireError`].

use crate::error::WireError;
use decision::time::Timestamp;
use decision::{Event, Rejection};
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use std::borrow::Cow;

/// The reason of what the core failed over.
pub const POISON: &str = "poison";

/// The reason of an event that came in another partition than its debtor's.
pub const WRONG_PARTITION: &str = "wrong_partition";

/// The reason of a control that names a publication of the policy that there is not.
pub const UNKNOWN_PUBLICATION: &str = "unknown_publication";

/// A record of an input topic that changed nothing; or, with no topic, something over which the core
/// failed that is no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject<'a> {
    /// Why: a stable word for programs.
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    /// Why, for a person.
    #[serde(borrow)]
    pub detail: Cow<'a, str>,
    /// The topic it came from; empty where it is no record.
    #[serde(borrow)]
    pub topic: Cow<'a, str>,
    /// The partition it came from.
    pub partition: u32,
    /// The offset it came from; -1 where it is no record.
    pub offset: i64,
    /// The record's own time in that topic.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// When it was rejected.
    pub rejected_at: Timestamp,
    /// The event's id, where it could be read.
    #[serde(default)]
    pub event_id: Option<Cow<'a, str>>,
    /// The account it is about, where that could be read.
    #[serde(default)]
    pub account_id: Option<Cow<'a, str>>,
    /// The debtor, where that could be read.
    #[serde(default)]
    pub debtor_id: Option<Cow<'a, str>>,
    /// The record's key as it came.
    #[serde(borrow, default)]
    pub key: Option<&'a Bytes>,
    /// The record's value as it came, its header included.
    #[serde(borrow, default)]
    pub value: Option<&'a Bytes>,
}

/// A record of an input topic, with where it came from; or, with no topic, what is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
    /// The record's own time, where the log tells it.
    pub timestamp: Option<Timestamp>,
    /// The key as it came.
    pub key: Option<&'a [u8]>,
    /// The value as it came.
    pub value: Option<&'a [u8]>,
}

impl<'a> Reject<'a> {
    /// A record that could not be read.
    #[must_use]
    pub fn unreadable(source: Source<'a>, error: &WireError, at: Timestamp) -> Self {
        Self::new(source, error.code(), error.to_string(), at)
    }

    /// An event that the core declined.
    #[must_use]
    pub fn declined(source: Source<'a>, event: &'a Event, why: &Rejection, at: Timestamp) -> Self {
        Self::told(source, event, (why.code(), why.to_string()), at)
    }

    /// Something over which the core failed: an event, where it could be read, or what is no record.
    #[must_use]
    pub fn poison(source: Source<'a>, event: Option<&'a Event>, detail: String, at: Timestamp) -> Self {
        Self {
            event_id: event.map(|event| event.event_id.as_str().into()),
            account_id: event.map(|event| event.account_id.as_str().into()),
            debtor_id: event.map(|event| event.debtor().into()),
            ..Self::new(source, POISON, detail, at)
        }
    }

    /// Whether the core knows the event's id by now: sent again under it, the event would be a
    /// repetition, as long as ids are remembered.
    #[must_use]
    pub fn is_id_remembered(&self) -> bool {
        self.event_id.is_some() && ![POISON, WRONG_PARTITION, UNKNOWN_PUBLICATION].contains(&&*self.reason)
    }

    /// Whether it is a record of an input topic, which can be sent again.
    #[must_use]
    pub fn is_record(&self) -> bool {
        !self.topic.is_empty()
    }

    /// An event that came in another partition than its debtor's.
    #[must_use]
    pub fn misplaced(source: Source<'a>, event: &'a Event, detail: String, at: Timestamp) -> Self {
        Self::told(source, event, (WRONG_PARTITION, detail), at)
    }

    /// A control that names a publication of the policy that there is not.
    #[must_use]
    pub fn unpublished(source: Source<'a>, event: &'a Event, detail: String, at: Timestamp) -> Self {
        Self::told(source, event, (UNKNOWN_PUBLICATION, detail), at)
    }

    fn told(
        source: Source<'a>,
        event: &'a Event,
        (reason, detail): (&'static str, String),
        at: Timestamp,
    ) -> Self {
        Self {
            event_id: Some(event.event_id.as_str().into()),
            account_id: Some(event.account_id.as_str().into()),
            debtor_id: Some(event.debtor().into()),
            ..Self::new(source, reason, detail, at)
        }
    }

    fn new(source: Source<'a>, reason: &'static str, detail: String, at: Timestamp) -> Self {
        Self {
            reason: reason.into(),
            detail: detail.into(),
            topic: source.topic.into(),
            partition: source.partition,
            offset: source.offset,
            timestamp: source.timestamp,
            rejected_at: at,
            event_id: None,
            account_id: None,
            debtor_id: None,
            key: source.key.map(Bytes::new),
            value: source.value.map(Bytes::new),
        }
    }
}
