//! The balances of an account, as state: the last value of each, and where its rules stand.

use crate::event::BalanceChange;
use crate::ids::{AccountId, BalanceName, RuleId};
use crate::money::MinorUnits;
use crate::threshold::LineKey;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A balance after the last change that counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Its name.
    pub name: BalanceName,
    /// Its value, in its unit's smallest denomination.
    pub value: MinorUnits,
    /// The last limit known.
    pub limit: Option<MinorUnits>,
    /// Until when it may be used.
    pub valid_until: Option<Timestamp>,
    /// The last version seen.
    pub version: Option<i64>,
    /// Where each rule stands that ever did anything on it.
    pub rules: Vec<RuleState>,
}

/// Where a threshold rule stands on one balance. A line not named here is armed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleState {
    /// The rule.
    pub rule: RuleId,
    /// The listed lines that are fired.
    pub fired: Vec<FiredLine>,
    /// The lines beyond the last listed one (`every`) that are fired.
    pub fired_steps: Option<FiredSteps>,
    /// How many alerts the rule has sent: the next one's occurrence.
    pub alerts: i64,
    /// When the last alert was sent.
    pub last_sent: Option<Timestamp>,
    /// The validity for which the coming expiry was announced.
    pub expiry_announced: Option<Timestamp>,
}

impl RuleState {
    /// A rule on which nothing has happened yet.
    #[must_use]
    pub fn new(rule: RuleId) -> Self {
        Self {
            rule,
            fired: Vec::new(),
            fired_steps: None,
            alerts: 0,
            last_sent: None,
            expiry_announced: None,
        }
    }
}

/// A listed line that is fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiredLine {
    /// The line.
    pub line: LineKey,
    /// Whether an alert was really sent for it.
    pub announced: bool,
}

/// The fired lines of the steps beyond the last listed line: those from the `nearest`-th to the
/// `furthest`-th, counted from 1. They always lie side by side, since a value moves through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiredSteps {
    /// The last listed line, from which they are counted.
    pub from: LineKey,
    /// The distance between two of them, in the line's unit.
    pub step: MinorUnits,
    /// The one met first that is fired.
    pub nearest: i64,
    /// The one met last that is fired.
    pub furthest: i64,
    /// The one met first for which an alert was really sent.
    pub nearest_announced: Option<i64>,
}

/// Balance changes of an account whose snapshot has not come: booked, and looked at when it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingChange {
    /// The account.
    pub account_id: AccountId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened.
    pub change: BalanceChange,
}
