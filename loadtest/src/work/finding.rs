//! What is not as it must be, and how much was looked at.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The most findings told of one partition: the first ones tell what is wrong, all are counted.
const MOST_TOLD: usize = 10;

/// What is wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It had to come, and did not.
    Missing,
    /// It came, and nothing had asked for it.
    NotAskedFor,
    /// It came twice: what had asked for it was answered before.
    Twice,
    /// Another has its `command_id`.
    SameId,
    /// One of its sequence that comes later had come before it.
    OutOfOrder,
    /// It came before the moment that the rules set.
    TooEarly,
    /// A field does not say what it must.
    WrongField,
    /// It cannot be read.
    Unreadable,
}

impl Fault {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::NotAskedFor => "was not asked for",
            Self::Twice => "came twice",
            Self::SameId => "has the command_id of another",
            Self::OutOfOrder => "is out of order",
            Self::TooEarly => "came too early",
            Self::WrongField => "says what is wrong",
            Self::Unreadable => "cannot be read",
        }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// In which partition.
    pub partition: u32,
    /// The topic of the command; of one that is missing, that of the event that asked for it.
    pub topic: &'static str,
    /// The offset there.
    pub offset: i64,
    /// The account; empty where the command could not be read.
    pub account: String,
    /// The rule and line, or the cycle and what it did.
    pub about: String,
    /// The rest, in words.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, partition, topic, offset, account, about, detail } = self;
        write!(f, "{topic} {partition}/{offset}: {account} {about} {}", fault.as_str())?;
        if detail.is_empty() { Ok(()) } else { write!(f, ": {detail}") }
    }
}

/// What the rules leave open and was let pass, either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Stages whose moment lies within the lag of a payment: come or not.
    pub stages: u64,
    /// Cycles whose events lie within the lag of each other, so that they may have been taken in another order.
    pub cycles: u64,
    /// Stages and alerts that were due as the inputs ended: come or not.
    pub at_the_end: u64,
    /// Commands to an account whose snapshots differ: by any of them.
    pub snapshots: u64,
}

impl Left {
    /// How many in all.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.stages + self.cycles + self.at_the_end + self.snapshots
    }
}

/// What a check found, of one partition or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// How many events were read.
    pub events: u64,
    /// How many of them changed nothing, since they had come before.
    pub repeated: u64,
    /// How many accounts there are.
    pub accounts: u64,
    /// How many commands were read.
    pub commands: u64,
    /// How many of them are as they must be.
    pub right: u64,
    /// What the rules leave open.
    pub left_open: Left,
    /// The longest lag, by the processor's own word, in microseconds.
    pub longest_lag_us: i64,
    /// How many findings of each kind.
    pub faults: BTreeMap<Fault, u64>,
    /// The first of them.
    pub findings: Vec<Finding>,
}

impl Judged {
    /// How many findings there are.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.faults.values().sum()
    }

    /// Notes a finding.
    pub(super) fn note(&mut self, finding: Finding) {
        *self.faults.entry(finding.fault).or_default() += 1;
        if self.findings.len() < MOST_TOLD {
            self.findings.push(finding);
        }
    }

    /// This and what was found of another partition.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.events += other.events;
        self.repeated += other.repeated;
        self.accounts += other.accounts;
        self.commands += other.commands;
        self.right += other.right;
        self.left_open.stages += other.left_open.stages;
        self.left_open.cycles += other.left_open.cycles;
        self.left_open.at_the_end += other.left_open.at_the_end;
        self.left_open.snapshots += other.left_open.snapshots;
        self.longest_lag_us = self.longest_lag_us.max(other.longest_lag_us);
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.findings.extend(other.findings);
        self
    }
}
