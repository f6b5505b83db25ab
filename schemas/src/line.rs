//! The history's record: the core's [`Record`], written and read back.
//!
//! Where histories are kept and shown is not known here.

use crate::value::Text;
use crate::wire::out;
use decision::record::{Figure, Record};
use decision::time::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// A line of history, as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// What was decided, by its word.
    pub kind: String,
    /// The account it is about.
    pub account_id: String,
    /// The debtor whose state made it.
    pub debtor_id: String,
    /// Counts the debtor's records from 1, without a gap.
    pub sequence: i64,
    /// When it was decided.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The figures it rests on, in order.
    #[serde(default)]
    pub figures: Vec<FigureLine>,
    /// The policy that held.
    pub policy_name: String,
    /// Its version: a label.
    pub policy_version: String,
    /// The hash of its content: its identity.
    pub policy_hash: String,
    /// The event with which it was decided.
    #[serde(default)]
    pub event_id: Option<String>,
}

/// A figure of a line of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureLine {
    /// What it is.
    pub name: String,
    /// Its value, written for a person.
    pub value: String,
}

impl HistoryLine {
    /// The line that this record becomes.
    #[must_use]
    pub fn new(record: &Record) -> Self {
        let figure =
            |figure: &Figure| FigureLine { name: figure.name.to_string(), value: figure.value.clone() };
        Self {
            kind: record.kind.as_str().to_owned(),
            account_id: record.account_id.to_string(),
            debtor_id: record.debtor_id.to_string(),
            sequence: record.sequence,
            at: record.at,
            reason: record.reason.clone(),
            figures: record.figures.iter().map(figure).collect(),
            policy_name: record.policy.name.to_string(),
            policy_version: record.policy.version.to_string(),
            policy_hash: record.policy.hash.to_string(),
            event_id: record.event_id.as_ref().map(ToString::to_string),
        }
    }
}

/// A line of history, as it is written: nothing is copied.
#[derive(Serialize)]
pub(crate) struct LineWire<'a> {
    kind: &'static str,
    account_id: Text<'a>,
    debtor_id: Text<'a>,
    sequence: i64,
    at: Timestamp,
    reason: Text<'a>,
    figures: Figures<'a>,
    policy_name: &'a str,
    policy_version: &'a str,
    policy_hash: &'a str,
    event_id: Option<Text<'a>>,
}

impl<'a> LineWire<'a> {
    pub(crate) fn new(record: &'a Record) -> Self {
        Self {
            kind: record.kind.as_str(),
            account_id: out(&record.account_id),
            debtor_id: out(&record.debtor_id),
            sequence: record.sequence,
            at: record.at,
            reason: out(&record.reason),
            figures: Figures(&record.figures),
            policy_name: &record.policy.name,
            policy_version: &record.policy.version,
            policy_hash: record.policy.hash.as_str(),
            event_id: record.event_id.as_ref().map(|id| out(id)),
        }
    }
}

struct Figures<'a>(&'a [Figure]);

impl Serialize for Figures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct FigureWire<'a> {
            name: &'a str,
            value: &'a str,
        }
        serializer
            .collect_seq(self.0.iter().map(|figure| FigureWire { name: figure.name, value: &figure.value }))
    }
}
