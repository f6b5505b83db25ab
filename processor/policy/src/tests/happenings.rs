//! The events of policy tests, as people write them.

use crate::file::{Amount, CurrencyCode, Day, Deadline, Length, MeasureFile, Moment, ZoneName};
use crate::yaml::{NonEmpty, Spanned, Table};
use decision::account::PaymentMode;
use decision::event::{BalanceReason, DisputeOutcome, Outcome};
use schemars::JsonSchema;
use serde::Deserialize;

use super::words::WordOf;

/// What an account has, or what changes of it. Attributes change one by one, all else whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountChange {
    /// How it pays.
    pub(super) payment_mode: Option<WordOf<PaymentMode>>,
    /// The currency of its money.
    pub(super) currency: Option<CurrencyCode>,
    /// The language it is addressed in.
    pub(super) language: Option<String>,
    /// The zone its days are counted in.
    pub(super) time_zone: Option<ZoneName>,
    /// Its credit limit.
    pub(super) credit_limit: Option<Amount>,
    /// An address by channel.
    pub(super) contacts: Option<Table<String>>,
    /// Channels by which it does not want to be addressed.
    pub(super) opt_outs: Option<Vec<String>>,
    /// Its services.
    pub(super) services: Option<Vec<ServiceFile>>,
    /// What the policy declares beyond the standard fields.
    #[serde(default)]
    pub(super) attributes: Table<AttributeText>,
    /// Whether it is closed.
    pub(super) closed: Option<bool>,
}

/// The value of an attribute, as it was written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(extend("type" = ["string", "number", "boolean"]))]
pub(super) struct AttributeText(pub(super) String);

/// A service of an account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceFile {
    /// Its id.
    pub(super) id: String,
    /// The operator's own kind.
    pub(super) kind: Option<String>,
    /// Who provides it.
    pub(super) provider: Option<String>,
    /// Never to be cut off.
    #[serde(default)]
    pub(super) always_on: bool,
}

/// A balance after a change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BalanceEvent {
    /// Which balance.
    pub(super) name: String,
    /// Its value now.
    pub(super) value: Amount,
    /// Its limit or grant.
    pub(super) limit: Option<Amount>,
    /// Until when it may be used.
    pub(super) valid_until: Option<Moment>,
    /// Counts up with every change.
    pub(super) version: Option<i64>,
    /// Why it changed: `usage` unless set.
    pub(super) reason: Option<WordOf<BalanceReason>>,
}

/// An invoice is issued.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvoiceEvent {
    /// Its id.
    pub(super) id: String,
    /// What it asks for.
    pub(super) amount: Amount,
    /// Until when it is to be paid.
    pub(super) due: Day,
    /// When it was issued: the step's day unless set.
    pub(super) issued: Option<Day>,
    /// The service it bills.
    pub(super) service: Option<String>,
    /// The provider it bills for.
    pub(super) provider: Option<String>,
    /// The operator's own kind.
    pub(super) kind: Option<String>,
    /// Not final: no debt yet.
    #[serde(default)]
    pub(super) draft: bool,
}

/// A credit or debit note, or its undoing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustmentEvent {
    /// Its id: a new one unless set.
    pub(super) id: Option<String>,
    /// The invoice it changes; an undo need not say it again.
    pub(super) invoice: Option<String>,
    /// By how much; below zero lowers the debt. An undo need not say it again.
    pub(super) amount: Option<Amount>,
    /// Why.
    pub(super) reason: Option<String>,
    /// Takes back the adjustment of this id.
    #[serde(default)]
    pub(super) undo: bool,
}

/// A payment, or what became of an unconfirmed one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentEvent {
    /// Its id.
    pub(super) id: String,
    /// How much; a refusal need not say it again.
    pub(super) amount: Option<Amount>,
    /// The invoices it names.
    #[serde(default)]
    pub(super) invoices: Vec<String>,
    /// The receipt's number.
    pub(super) receipt: Option<String>,
    /// By which way it was paid.
    pub(super) channel: Option<String>,
    /// The bank has not spoken.
    #[serde(default)]
    pub(super) unconfirmed: bool,
    /// The bank says no.
    #[serde(default)]
    pub(super) refused: bool,
}

/// A payment is taken back, or that undone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReversalEvent {
    /// The payment.
    pub(super) payment: String,
    /// How much of it: all unless set.
    pub(super) amount: Option<Amount>,
    /// Why.
    pub(super) reason: Option<String>,
    /// Takes back a reversal of this payment.
    #[serde(default)]
    pub(super) undo: bool,
}

/// A dispute, a promise or a deferral; or the end of a dispute.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldEvent {
    /// Its id.
    pub(super) id: String,
    /// How much it freezes: all unless set.
    pub(super) amount: Option<Amount>,
    /// The invoices it names.
    #[serde(default)]
    pub(super) invoices: Vec<String>,
    /// Through which day.
    pub(super) until: Option<Day>,
    /// How the dispute of this id ended.
    pub(super) outcome: Option<WordOf<DisputeOutcome>>,
    /// Who.
    pub(super) by: Option<String>,
    /// In which role.
    pub(super) role: Option<String>,
    /// Why.
    pub(super) why: Option<String>,
}

/// The debt is paid in parts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstalmentsEvent {
    /// Its id.
    pub(super) id: String,
    /// The parts.
    pub(super) parts: NonEmpty<PartFile>,
    /// The invoices it names.
    #[serde(default)]
    pub(super) invoices: Vec<String>,
    /// How many days a part may be late.
    pub(super) grace: Option<Length>,
    /// Who.
    pub(super) by: Option<String>,
    /// In which role.
    pub(super) role: Option<String>,
    /// Why.
    pub(super) why: Option<String>,
}

/// One part of an instalment plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartFile {
    /// Through which day it may be paid.
    pub(super) due: Day,
    /// How much.
    pub(super) amount: Amount,
}

/// A person's order: one of these, and who gave it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlEvent {
    /// No dunning at all, or again.
    pub(super) exempt: Option<bool>,
    /// Another plan of the account's group.
    pub(super) assign_plan: Option<String>,
    /// Another personal manager of its segment's group.
    pub(super) assign_manager: Option<String>,
    /// The cycle is paused.
    pub(super) pause: Option<PauseFile>,
    /// A pause ends.
    pub(super) resume: Option<bool>,
    /// This stage is entered at once.
    pub(super) jump: Option<String>,
    /// The cycle ends, and its invoices stay out of further ones.
    pub(super) close: Option<bool>,
    /// This rule's lines are armed again.
    pub(super) rearm: Option<String>,
    /// A measure is taken by hand.
    #[serde(rename = "do")]
    pub(super) measure: Option<MeasureFile>,
    /// This operation is taken back by hand.
    pub(super) undo: Option<String>,
    /// Who.
    pub(super) by: Option<String>,
    /// In which role.
    pub(super) role: Option<String>,
    /// Why.
    pub(super) why: Option<String>,
}

/// A pause.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseFile {
    /// To resume by itself: after this day, or at this moment.
    pub(super) until: Option<Deadline>,
}

/// What became of a command.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportEvent {
    /// The newest such command.
    pub(super) command: super::checks::CommandCheck,
    /// What became of it.
    pub(super) outcome: WordOf<Outcome>,
    /// More, in the receiver's words.
    pub(super) detail: Option<String>,
}

/// A task has a result.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskResultEvent {
    /// The queue it lay in.
    pub(super) queue: Spanned<String>,
    /// The result.
    pub(super) result: String,
    /// Who.
    pub(super) by: Option<String>,
    /// In which role.
    pub(super) role: Option<String>,
    /// Why.
    pub(super) why: Option<String>,
}
