//! What is told of rejects, and of one that was to be sent again; and what is to be said for that.

use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A page of rejects.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RejectPage {
    /// They, newest first.
    pub items: Vec<Reject>,
    /// How many older ones, of those that were looked at, would have fitted what was asked for.
    pub older: u64,
    /// Whether the whole topic was looked at; else only the newest of each partition.
    pub whole: bool,
}

/// An event that was declined, or something else over which the core failed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reject {
    /// The partition of the topic of rejects where it lies.
    pub partition: u32,
    /// Its offset there.
    pub offset: i64,
    /// Why: a stable word.
    #[schema(example = "unknown_plan")]
    pub reason: String,
    /// Why, for a person.
    pub detail: String,
    /// Where it came from; none where it is no record.
    pub came_from: Option<CameFrom>,
    /// When it was rejected, UTC.
    pub rejected_at: String,
    /// Its own time in the topic that it came from, UTC.
    pub logged_at: Option<String>,
    /// The event's id, where it could be read.
    pub event_id: Option<String>,
    /// The account, where it could be read.
    pub account_id: Option<String>,
    /// The debtor, where it could be read.
    pub debtor_id: Option<String>,
    /// Whether the event's id was seen: sent again as it is, it changes nothing.
    pub id_is_known: bool,
}

/// Where a record came from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RejectCameFrom)]
pub struct CameFrom {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
}

/// A reject with what was rejected.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RejectDetails {
    /// It.
    #[serde(flatten)]
    pub reject: Reject,
    /// The event, as one in a file is written; none where it cannot be read.
    #[schema(value_type = Option<Object>)]
    pub event: Option<Value>,
    /// The record's key, in hexadecimal digits, its first 4,096 bytes at most.
    pub key_hex: Option<String>,
    /// The record's value, likewise.
    pub value_hex: Option<String>,
}

/// What became of a reject that was to be sent again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Resent {
    /// What became of it.
    pub outcome: ResendOutcome,
    /// Where it lies again; none where it was not sent.
    pub sent_to: Option<SentTo>,
    /// The account that it is about, where it could be read.
    pub account_id: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResendOutcome {
    /// It was sent.
    Sent,
    /// Not: its id was seen, so it would change nothing. `even_known` sends it all the same.
    Known,
    /// Not: it is no record, but a timer or what a debtor was to be told.
    NoRecord,
    /// Not: the topic that it came from is no input.
    NoInput,
    /// Not: no reject lies there. Of several at once only; where one is asked for, that is 404.
    NotThere,
    /// Not: what lies there cannot be read. Of several at once only; where one is asked for, that is 500.
    Unreadable,
}

impl ResendOutcome {
    /// The outcome's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Known => "known",
            Self::NoRecord => "no_record",
            Self::NoInput => "no_input",
            Self::NotThere => "not_there",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Where a record was sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SentTo {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
}

/// What is said for sending a reject again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// Why: it stands in the audit log.
    #[schema(pattern = r"[^\s]", max_length = 500)]
    pub why: String,
    /// Whether it is sent even where the event's id was seen.
    #[serde(default)]
    #[schema(default = false)]
    pub even_known: bool,
}

/// The longest reason, in characters.
const LONGEST_WHY: usize = 500;

impl Resend {
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        let resend: Self = crate::plainly::body(body)?;
        check_why(&resend.why)?;
        Ok(resend)
    }
}

pub(super) fn check_why(why: &str) -> Result<(), Problem> {
    if why.trim().is_empty() || why.chars().count() > LONGEST_WHY {
        let wrong = format!("`why` says why, in {LONGEST_WHY} characters at most.");
        return Err(Problem::bad_request(wrong));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_something_again_says_why_and_nothing_that_is_not_known() {
        #[track_caller]
        fn check(body: &str, expected: Option<bool>) {
            let read = Resend::read(body.as_bytes()).ok().map(|resend| resend.even_known);
            assert_eq!(read, expected, "{body}");
        }
        check(r#"{"why":"mended"}"#, Some(false));
        check(r#"{"why":"mended","even_known":true}"#, Some(true));
        check(r#"{"why":" "}"#, None);
        check(r#"{"even_known":true}"#, None);
        check(r#"{"why":"mended","even":true}"#, None);
        check(r#"{"why":"mended","even_known":null}"#, None);
        check(&format!(r#"{{"why":"{}"}}"#, "ü".repeat(500)), Some(false));
        check(&format!(r#"{{"why":"{}"}}"#, "ü".repeat(501)), None);
        check("", None);
    }
}
