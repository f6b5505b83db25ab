//! Debt profiles and their cycles, as state: where each run of a plan stands.
//!
//! What moves a cycle is [`crate::dunning`]'s business.

use crate::event::Outcome;
use crate::ids::{
    Channel, CommandId, InvoiceId, Operation, PlanName, PolicyHash, Provider, Queue, ServiceId, StageName,
    TemplateName,
};
use crate::time::Timestamp;
use crate::underway::Taken;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The part of an account's invoices that is worked on together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Which part.
    pub debt_class: DebtClass,
    /// How many cycles have been opened: each one's number is its generation.
    pub cycles_opened: i64,
    /// The open cycles, oldest first: one, or several under a rolling plan.
    pub cycles: Vec<Cycle>,
}

/// Which invoices a profile is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DebtClass {
    /// All of them.
    All,
    /// One provider's; `None` those that name none.
    Provider(Option<Provider>),
    /// One service's; `None` those that name none.
    Service(Option<ServiceId>),
}

impl fmt::Display for DebtClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Provider(Some(provider)) => write!(f, "provider:{provider}"),
            Self::Provider(None) => f.write_str("provider"),
            Self::Service(Some(service)) => write!(f, "service:{service}"),
            Self::Service(None) => f.write_str("service"),
        }
    }
}

impl DebtClass {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("provider", name)) => Some(Self::Provider(Some(name.into()))),
            Some(("service", name)) => Some(Self::Service(Some(name.into()))),
            Some(_) => None,
            None => match text {
                "all" => Some(Self::All),
                "provider" => Some(Self::Provider(None)),
                "service" => Some(Self::Service(None)),
                _ => None,
            },
        }
    }
}

impl Serialize for DebtClass {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DebtClass {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("«{text}» is no debt class")))
    }
}

/// One run of a plan over one profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its number in the profile, from 1: a timer or a report of another one cannot touch it.
    pub number: i64,
    /// The plan.
    pub plan: PlanName,
    /// The hash of the policy it was opened under.
    pub policy_hash: PolicyHash,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The stage it is in; none before the first.
    pub stage: Option<StageName>,
    /// When each stage was entered, in order; a stage that was left is not here.
    pub entries: Vec<StageEntry>,
    /// How often each stage was entered so far, those left again included: keeps ids apart.
    pub visits: Vec<StageVisits>,
    /// When the cycle was held so far, oldest first, as far as the days did not count.
    pub held: Vec<HeldSpan>,
    /// Since when it is held, while it is.
    pub held_since: Option<Timestamp>,
    /// How far a person's jumps have shifted its clock, in microseconds on the wall; below zero
    /// where stages come earlier.
    pub shift_micros: i64,
    /// Under a rolling plan, the invoices that it works on, which no other cycle does; else none.
    pub owned: Vec<InvoiceId>,
    /// What it has put on or asked for and may have to take back, oldest first.
    pub measures: Vec<MeasureInForce>,
    /// Whether it has sent anything to the customer.
    pub has_sent: bool,
}

/// A time in which a cycle was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSpan {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// A stage that was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEntry {
    /// The stage.
    pub stage: StageName,
    /// When.
    pub at: Timestamp,
    /// Whether a message of it was dropped: then it has not given its notice.
    #[serde(default)]
    pub has_dropped: bool,
}

impl StageEntry {
    /// The stage is entered at this moment.
    #[must_use]
    pub fn new(stage: &StageName, at: Timestamp) -> Self {
        Self { stage: stage.clone(), at, has_dropped: false }
    }
}

/// How often a stage was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageVisits {
    /// The stage.
    pub stage: StageName,
    /// How often.
    pub count: i64,
}

/// The place of a measure that the version which its cycle is under does not have.
pub const NOWHERE: i32 = -1;

/// A measure that was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureInForce {
    /// The stage that took it.
    pub stage: StageName,
    /// Its place among the stage's measures, from 0, in the version that the cycle is under; [`NOWHERE`]
    /// where that does not have it.
    pub index: i32,
    /// The command that asked for it.
    pub command_id: CommandId,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// What its receiver has reported last, and when.
    pub outcome: Option<ReportedOutcome>,
    /// What it is.
    pub what: MeasureKind,
}

impl MeasureInForce {
    /// The task that it is, where somebody was given it and has it still to do.
    #[must_use]
    pub fn open_task(&self) -> Option<&TaskInForce> {
        let has_failed = match self.outcome.map(|reported| reported.outcome) {
            Some(Outcome::Failed | Outcome::Expired) => true,
            Some(Outcome::Accepted | Outcome::Done) | None => false,
        };
        match &self.what {
            MeasureKind::Task(task) => {
                (task.result.is_none() && !task.is_observed && !has_failed).then_some(task)
            }
            MeasureKind::Message(_) | MeasureKind::Provision(_) => None,
        }
    }
}

/// What a command's receiver has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedOutcome {
    /// What.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

/// What kind of measure is in force. In the stored form each goes by the full name of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MeasureKind {
    /// A message.
    #[serde(rename = "weir.state.MessageInForce")]
    Message(MessageInForce),
    /// A provisioning order.
    #[serde(rename = "weir.state.ProvisionInForce")]
    Provision(ProvisionInForce),
    /// A task.
    #[serde(rename = "weir.state.TaskInForce")]
    Task(TaskInForce),
}

/// A message that was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageInForce {
    /// Its template.
    pub template: TemplateName,
    /// The channel it went by.
    pub channel: Channel,
    /// When it was delivered, by its receiver's word; an observed one when it was decided.
    pub delivered_at: Option<Timestamp>,
}

/// A provisioning order that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionInForce {
    /// The operation.
    pub operation: Operation,
    /// What takes it back.
    pub undo: Operation,
    /// Whether it cuts the customer off.
    pub cuts_off: bool,
    /// The services it holds; empty: the profile as a whole.
    pub services: Vec<ServiceId>,
    /// Since when it is lifted because the cycle is held, to be put on again when that is over.
    pub lifted_since: Option<Timestamp>,
}

/// A task that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInForce {
    /// Its queue.
    pub queue: Queue,
    /// Its result, once a person gave one.
    pub result: Option<String>,
    /// When it is due.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Who has it in hand.
    #[serde(default)]
    pub taken: Option<Taken>,
    /// Whether it was only observed, so that nobody was given it.
    #[serde(default)]
    pub is_observed: bool,
}
