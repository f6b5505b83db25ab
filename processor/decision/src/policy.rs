//! The policy as the core uses it: checked, compiled, immutable.
//!
//! How people write it and what the lint says of it is the `policy` package's business.

use crate::account::{AttributeKind, AttributeValue, Snapshot};
use crate::calendar::Window;
use crate::debt::Invoice;
use crate::ids::{
    BalanceName, Channel, GroupName, Language, ManagerGroupName, ManagerName, Operation, PlanName,
    PolicyHash, Queue, SegmentName, TemplateName, WindowName,
};
use crate::money::{Currency, Decimal};
use crate::plan::Plan;
use crate::threshold::Threshold;
use crate::time::{Period, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A policy, whole.
#[derive(Debug)]
pub struct Policy {
    /// Which policy it is.
    pub identity: PolicyIdentity,
    /// From when it holds; from the beginning where absent.
    pub effective_from: Option<Timestamp>,
    /// What holds where an account says nothing.
    pub defaults: Defaults,
    /// The attributes that accounts carry.
    pub attributes: Vec<AttributeRule>,
    /// The balances that are watched, and their units.
    pub balances: BTreeMap<BalanceName, Unit>,
    /// The threshold rules, in the file's order.
    pub thresholds: Vec<Threshold>,
    /// The segments, in order: the first that matches.
    pub segments: Vec<Segment>,
    /// The plan groups.
    pub groups: BTreeMap<GroupName, PlanGroup>,
    /// The manager groups.
    pub managers: BTreeMap<ManagerGroupName, ManagerGroup>,
    /// The plans.
    pub plans: BTreeMap<PlanName, Plan>,
    /// The windows, by name: those that messages wait for are asked again when they are sent.
    pub windows: BTreeMap<WindowName, Arc<Window>>,
    /// What bounds holds.
    pub holds: HoldRules,
    /// How commands leave, and what is done when they fail.
    pub commands: CommandRules,
    /// How long things are remembered and waited for.
    pub retention: Retention,
    /// Decide and record, send nothing.
    pub observe: bool,
    /// The texts of messages.
    pub texts: Arc<dyn Texts>,
}

/// Which policy it is: the name and version are labels, the hash of its content the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyIdentity {
    /// Its name.
    pub name: Arc<str>,
    /// Its version's label.
    pub version: Arc<str>,
    /// The hash of its content, in hexadecimal.
    pub hash: PolicyHash,
}

/// What holds where an account says nothing.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The zone its days are counted in.
    pub zone: Zone,
    /// Its currency.
    pub currency: Currency,
    /// Its language.
    pub language: Language,
}

/// An attribute that accounts carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeRule {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeKind,
    /// A snapshot without it is rejected.
    pub required: bool,
    /// What holds where a snapshot has none.
    pub default: Option<AttributeValue>,
}

/// What a balance counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Money, in the account's currency.
    Money,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Pieces: messages, calls.
    Pieces,
}

impl Unit {
    /// The word for it in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Pieces => "pieces",
        }
    }
}

/// A segment: accounts that a condition picks, and the plan group meant for them.
#[derive(Debug)]
pub struct Segment {
    /// Its name.
    pub name: SegmentName,
    /// Who is in it; everyone where absent.
    pub when: Option<Box<dyn Condition>>,
    /// Its plan group.
    pub group: GroupName,
    /// The manager group that serves it.
    pub managers: Option<ManagerGroupName>,
}

/// Plans meant for one kind of customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGroup {
    /// The plan that applies where nobody assigned another.
    pub standard: PlanName,
    /// All plans of the group, the standard one among them.
    pub plans: Vec<PlanName>,
}

/// The people whom a segment's accounts are in the care of (domain.md, section 8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerGroup {
    /// Those of whom each account has one for itself; empty where the group serves it together.
    pub personal: Vec<ManagerName>,
    /// The roles that may change an account's personal manager, and [those above them](crate::role).
    pub change: Vec<String>,
}

impl Default for ManagerGroup {
    fn default() -> Self {
        Self { personal: Vec::new(), change: vec!["senior".to_owned()] }
    }
}

/// How long things are remembered and waited for (domain.md, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long event ids are remembered.
    pub dedup: Period,
    /// How long closed invoices, payments and receipts are remembered.
    pub reversal: Period,
    /// How long a payment or an adjustment waits for the invoice that it names.
    pub wait_for_invoice: Period,
}

impl Default for Retention {
    fn default() -> Self {
        Self { dedup: Period::Days(8), reversal: Period::Days(400), wait_for_invoice: Period::Days(3) }
    }
}

/// What bounds holds, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRules {
    /// Disputes.
    pub dispute: Option<HoldBounds>,
    /// Promises to pay.
    pub promise: Option<HoldBounds>,
    /// Deferrals.
    pub deferral: Option<HoldBounds>,
    /// Instalment plans.
    pub instalments: Option<HoldBounds>,
    /// How long an unconfirmed payment freezes the debt.
    pub unconfirmed_valid_for: Period,
}

impl Default for HoldRules {
    fn default() -> Self {
        Self {
            dispute: None,
            promise: None,
            deferral: None,
            instalments: None,
            unconfirmed_valid_for: Period::Days(3),
        }
    }
}

/// What bounds a kind of hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldBounds {
    /// How many there may be in `per`; where that is absent, at one time.
    pub at_most: Option<u32>,
    /// In which time.
    pub per: Option<Period>,
    /// How long one may last.
    pub no_longer_than: Option<Period>,
    /// How much one may freeze, in major units.
    pub no_more_than: Option<Decimal>,
    /// The role that may grant more.
    pub beyond: Option<String>,
}

/// How commands leave, and what is done when they fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandRules {
    /// Messages.
    pub message: Delivery,
    /// Provisioning orders.
    pub provision: Delivery,
    /// How often one account is addressed.
    pub caps: Vec<Cap>,
    /// How many commands leave in a second, over all instances: by channel, or `provision`, `task`,
    /// `fee`, `handover`.
    pub rates: BTreeMap<String, u32>,
    /// When cutting off is stopped.
    pub breaker: Option<Breaker>,
}

/// What is done when a command's end is not reported, or it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How soon its end must be reported; no time-out where absent.
    pub report_within: Option<Period>,
    /// How often it is tried again.
    pub retries: u32,
    /// What is done after the last try.
    pub then: Option<Measure>,
}

/// How often one account is addressed by a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The channel.
    pub channel: Channel,
    /// How often at most.
    pub at_most: u32,
    /// In which time.
    pub per: Period,
}

/// When cutting off is stopped: far more accounts than usual are about to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// How many times as many as usual.
    pub more_than: Decimal,
    /// The time whose orders are counted.
    pub over: Period,
    /// The time that shows what is usual.
    pub against: Period,
    /// The least number of orders that stops anything.
    pub at_least: u32,
}

/// A compiled condition (`when`, `include`) over an account, and an invoice where there is one. Its
/// `Debug` is the condition as it is written.
pub trait Condition: fmt::Debug + Send + Sync {
    /// Whether it holds. A condition that cannot be evaluated does not.
    fn holds(&self, account: &Snapshot, invoice: Option<&Invoice>) -> bool;
}

/// The texts of a policy's templates.
pub trait Texts: fmt::Debug + Send + Sync {
    /// The text of `template` in `language`, else in the policy's own, with the language it is in.
    ///
    /// # Errors
    /// What is wrong with the template, where it cannot be rendered from these values.
    fn render(
        &self,
        template: &TemplateName,
        language: &Language,
        values: &TextValues<'_>,
    ) -> Result<Text, String>;

    /// The templates as they are written, each with its language; none where nobody wrote them.
    fn written(&self) -> BTreeMap<(TemplateName, Language), String> {
        BTreeMap::new()
    }
}

/// A rendered text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub body: String,
    /// The language it is in.
    pub language: Language,
}

/// What a template may speak of. Amounts are written in major units.
#[derive(Clone, Debug)]
pub struct TextValues<'a> {
    /// The account addressed.
    pub account_id: &'a str,
    /// Its currency's code.
    pub currency: &'a str,
    /// The debt, where the message is of one.
    pub debt: Option<DebtValues>,
    /// The balance, where the message is of one.
    pub balance: Option<BalanceValues>,
}

/// A debt, as a template speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtValues {
    /// The real debt, in major units.
    pub real: String,
    /// The conditional debt, in major units.
    pub conditional: String,
    /// The oldest due date, as `2026-03-10`.
    pub due: String,
    /// The stage, where the cycle is in one.
    pub stage: String,
}

/// A balance, as a template speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceValues {
    /// Its name.
    pub name: String,
    /// Its value: major units for money, the count for all else.
    pub value: String,
    /// The lines crossed, as the policy writes them.
    pub lines: Vec<String>,
    /// Until when it may be used, where that is known: a local date and time.
    pub valid_until: String,
}

/// What a stage, a threshold or a cure does to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A message.
    Message(MessageMeasure),
    /// A provisioning order, with its undo.
    Provision(ProvisionMeasure),
    /// A task for a person.
    Task {
        /// The queue it goes to.
        queue: Queue,
        /// How soon it is due.
        within: Option<Period>,
    },
    /// A fee.
    Fee {
        /// The operator's own code.
        code: String,
        /// How much, in major units of the account's currency.
        amount: Decimal,
    },
    /// The debt goes to someone else.
    Handover {
        /// To whom.
        to: String,
    },
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageMeasure {
    /// Its template.
    pub template: TemplateName,
    /// The channel it goes by.
    pub channel: Channel,
    /// What kind of message it is.
    pub class: MessageClass,
    /// The window that delays it.
    pub window: Option<Arc<Window>>,
    /// The channels to try instead, in order.
    pub fallback: Vec<Channel>,
}

/// What kind of message it is: decides what an opt-out and a cap do to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// Part of the service: an alert, a confirmation.
    Service,
    /// A reminder: dropped where the customer wants none.
    Reminder,
    /// Asked for by law: sent all the same.
    Statutory,
}

impl MessageClass {
    /// The word for it in the policy file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Reminder => "reminder",
            Self::Statutory => "statutory",
        }
    }
}

/// A provisioning order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionMeasure {
    /// What is done, in the operator's own word.
    pub operation: Operation,
    /// What takes it back.
    pub undo: Operation,
    /// Whether it cuts the customer off.
    pub cuts_off: bool,
}
