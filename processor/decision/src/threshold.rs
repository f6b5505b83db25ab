//! Threshold rules: the lines on a balance, as the policy states them.
//!
//! When a line fires and re-arms is [`crate::alerting`]'s business; this module only knows rules.

use crate::ids::{BalanceName, RuleId};
use crate::money::{Decimal, MinorUnits};
use crate::policy::{Condition, Measure};
use crate::time::Period;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A rule on a balance.
#[derive(Debug)]
pub struct Threshold {
    /// Its id.
    pub id: RuleId,
    /// The balance it watches.
    pub balance: BalanceName,
    /// Which accounts it is for; all where absent.
    pub when: Option<Box<dyn Condition>>,
    /// What it watches for.
    pub watch: Watch,
    /// An alert whose event is older than this is recorded, not sent.
    pub max_age: Option<Period>,
    /// What an alert does.
    pub measures: Vec<Measure>,
    /// Decide and record, send nothing.
    pub observe: bool,
}

/// What a rule watches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The value crosses lines.
    Lines(Lines),
    /// The balance is about to expire: an alert this long before its `valid_until`.
    Expiry {
        /// How long before.
        before: Period,
    },
}

/// The lines of a rule, and how they fire and re-arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Which way the value crosses them.
    pub direction: Direction,
    /// The listed lines, in the order in which a moving value meets them.
    pub listed: Vec<Line>,
    /// Lines go on in steps beyond the last listed one, of the last one's kind; above zero.
    pub every: Option<Line>,
    /// How far beyond a line the value must come back for it to re-arm; not below zero.
    pub hysteresis: Decimal,
    /// Whether the very first value seen may fire.
    pub on_first: OnFirst,
    /// Which of the lines crossed at once an alert names.
    pub deliver: Deliver,
    /// How long after a sent alert of the rule further ones are suppressed.
    pub cooldown: Option<Period>,
    /// What is done when all announced lines are armed again.
    pub recovered: Vec<Measure>,
}

/// Which way a value crosses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Downwards: what remains.
    Falling,
    /// Upwards: what is used.
    Rising,
}

/// A line, as the policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// An amount: major units of the account's currency for money, the count for all else.
    Amount(Decimal),
    /// A part of the balance's limit, in percent.
    Percent(Decimal),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Whether the very first value seen may fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFirst {
    /// It only sets where the value stands.
    Silent,
    /// It fires the lines that it is beyond.
    Fire,
}

/// Which of the lines crossed at once an alert names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deliver {
    /// All of them.
    All,
    /// Only the furthest.
    Severest,
}

/// A line as the state keeps it: by what it *is*, so that editing the policy re-arms a line only
/// where that very line changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineKey {
    /// Whether it is a percent line.
    pub percent: bool,
    /// The line in the smallest unit of its balance, or in hundredths of a percent.
    pub at: MinorUnits,
}
