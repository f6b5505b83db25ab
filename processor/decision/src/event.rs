//! What comes in: the eight kinds of event of domain.md, section 2, checked and typed.
//!
//! How they look on the wire is `schemas`' business; what they do is each rule's module's.

use crate::account::Snapshot;
use crate::ids::{
    AccountId, AdjustmentId, BalanceName, Channel, CommandId, DebtorId, EventId, HoldId, InvoiceId,
    ManagerName, Operation, PaymentId, PlanName, Provider, Queue, Receipt, RuleId, ServiceId, StageName,
    TemplateName,
};
use crate::money::{Currency, MinorUnits};
use crate::policy::MessageClass;
use crate::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};

/// One event: its header, and what happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The event's id; seen again, the event changes nothing.
    pub event_id: EventId,
    /// The account it is about.
    pub account_id: AccountId,
    /// The account that pays, where that is another one.
    pub debtor_id: Option<DebtorId>,
    /// When it happened. It orders the debt's own dates; what is sent goes by the clock.
    pub occurred_at: Timestamp,
    /// The system that told of it.
    pub source: String,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// The debtor whose state it concerns, as text: the partition key.
    #[must_use]
    pub fn debtor(&self) -> &str {
        self.debtor_id.as_ref().map_or(self.account_id.as_str(), DebtorId::as_str)
    }

    /// Whether it is a control that comes to every partition, whatever account it names.
    #[must_use]
    pub fn is_about_no_account(&self) -> bool {
        let Body::Control(control) = &self.body else { return false };
        matches!(control.order, Order::ReleaseHeld | Order::DropHeld | Order::AdoptPolicy { .. })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The account as it is now, whole.
    Account(Snapshot),
    /// A balance has a new value.
    Balance(BalanceChange),
    /// An invoice was issued.
    Invoice(InvoiceIssued),
    /// A credit or debit note, a write-off, or its undoing.
    Adjustment(Adjustment),
    /// A payment, or what became of an unconfirmed one.
    Payment(Payment),
    /// A payment bounced, was charged back or refunded, or that was undone.
    Reversal(Reversal),
    /// A person's or another system's order.
    Control(Control),
    /// What became of a command.
    Report(Report),
}

/// A balance after a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceChange {
    /// Which balance of the account.
    pub name: BalanceName,
    /// Its value now, in its unit's smallest denomination.
    pub value: MinorUnits,
    /// Its limit or grant, where the event tells it.
    pub limit: Option<MinorUnits>,
    /// The currency, where the balance is money.
    pub currency: Option<Currency>,
    /// Until when the balance may be used.
    pub valid_until: Option<Timestamp>,
    /// Counts up with every change; one not above the last seen changes nothing.
    pub version: Option<i64>,
    /// Why it changed.
    pub reason: BalanceReason,
}

/// Why a balance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceReason {
    /// It was used.
    Usage,
    /// It was topped up.
    TopUp,
    /// It was corrected.
    Adjustment,
    /// What was left of it expired.
    Expiry,
    /// A new period began: the value is the first of it.
    PeriodRoll,
    /// Its limit changed.
    LimitChanged,
}

/// An invoice as issued.
#[derive(Clone, Debug, PartialEq)]
pub struct InvoiceIssued {
    /// The invoice's id.
    pub id: InvoiceId,
    /// What it asks for, in minor units; above zero.
    pub amount: MinorUnits,
    /// The currency.
    pub currency: Currency,
    /// When it was issued.
    pub issued: Date,
    /// Until when it is to be paid.
    pub due: Date,
    /// The service it bills, where it bills one.
    pub service: Option<ServiceId>,
    /// The provider it bills for, where there are several.
    pub provider: Option<Provider>,
    /// The operator's own kind: usage, deposit, device.
    pub kind: Option<String>,
    /// Not final: no debt yet.
    pub draft: bool,
}

/// A change of an invoice's amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The adjustment's id.
    pub id: AdjustmentId,
    /// The invoice it changes.
    pub invoice: InvoiceId,
    /// By how much, in minor units; below zero lowers the debt.
    pub amount: MinorUnits,
    /// The currency.
    pub currency: Currency,
    /// Why, in the source's words.
    pub reason: Option<String>,
    /// Whether it takes back the adjustment of this id.
    pub undo: bool,
}

/// A payment as reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The payment's id.
    pub id: PaymentId,
    /// The amount, in minor units; above zero.
    pub amount: MinorUnits,
    /// The currency.
    pub currency: Currency,
    /// The invoices it names; empty where it names none.
    pub invoices: Vec<InvoiceId>,
    /// The receipt's number, by which two reports of one payment are known.
    pub receipt: Option<Receipt>,
    /// By which way it was paid.
    pub channel: Option<String>,
    /// What is known of it.
    pub status: PaymentStatus,
}

/// What is known of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The money is there.
    Confirmed,
    /// The customer shows a receipt; the bank has not spoken.
    Unconfirmed,
    /// The bank says no.
    Refused,
}

/// A payment taken back, or that undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// The payment.
    pub payment: PaymentId,
    /// How much of it, in minor units; all that is left of it where absent.
    pub amount: Option<MinorUnits>,
    /// Why, in the source's words.
    pub reason: Option<String>,
    /// Whether it takes back a reversal of this payment.
    pub undo: bool,
}

/// An order of a person or of another system, with who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: Option<String>,
    /// What.
    pub order: Order,
}

/// Which task an order is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTask {
    /// The queue it lies in.
    pub queue: Queue,
    /// The command that gave it; without it, the newest of the queue whose result is waited for is meant.
    pub command_id: Option<CommandId>,
}

impl NamedTask {
    /// The newest task of a queue.
    pub fn newest(queue: impl Into<Queue>) -> Self {
        Self { queue: queue.into(), command_id: None }
    }

    /// Whether it is this task of this queue that is meant, or may be.
    pub(crate) fn may_be(&self, queue: &Queue, command_id: CommandId) -> bool {
        self.queue == *queue && self.command_id.is_none_or(|named| named == command_id)
    }
}

/// What a control orders (domain.md, section 8).
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// A hold is made.
    Hold(HoldOrder),
    /// A dispute is over.
    DisputeEnded {
        /// Which.
        id: HoldId,
        /// How.
        outcome: DisputeOutcome,
    },
    /// No dunning at all, until lifted.
    Exempt(bool),
    /// Another plan of the account's group.
    AssignPlan(PlanName),
    /// The cycle is paused.
    Pause {
        /// To resume by itself at this moment.
        until: Option<Timestamp>,
    },
    /// A pause ends.
    Resume,
    /// The stage is entered at once.
    Jump(StageName),
    /// The cycle ends, and its invoices stay out of further ones.
    Close,
    /// The rule's lines are armed again.
    Rearm(RuleId),
    /// A task has a result.
    TaskResult {
        /// Which.
        task: NamedTask,
        /// The result, in the operator's own words.
        result: String,
    },
    /// Whoever gives the order has the task in hand.
    TakeTask(NamedTask),
    /// Nobody has it in hand any more.
    PutBackTask(NamedTask),
    /// A measure is taken by hand: no cycle's end lifts it.
    Do(ByHandMeasure),
    /// What was put on by hand with this operation is taken back.
    Undo(Operation),
    /// The account has this personal manager.
    AssignManager(ManagerName),
    /// What the breaker holds is let go. It is about no account, and goes to every partition.
    ReleaseHeld,
    /// What the breaker holds is dropped. It is about no account, and goes to every partition.
    DropHeld,
    /// The publications of the policy up to this one are known from here on. It is about no account, and
    /// goes to every partition.
    AdoptPolicy {
        /// Its number, from 1.
        revision: i64,
    },
}

/// A measure that a person takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHandMeasure {
    /// A provisioning order, with its undo.
    Provision {
        /// What is done, in the operator's own word.
        operation: Operation,
        /// What takes it back.
        undo: Operation,
        /// Whether it cuts the customer off.
        cuts_off: bool,
    },
    /// A message.
    Message {
        /// Its template.
        template: TemplateName,
        /// The channel it goes by.
        channel: Channel,
        /// What kind of message it is.
        class: MessageClass,
    },
    /// A task for a person.
    Task {
        /// The queue it goes to.
        queue: Queue,
    },
}

/// A hold as ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldOrder {
    /// The hold's id.
    pub id: HoldId,
    /// What it is.
    pub kind: HoldKind,
    /// How much it freezes, in minor units; all where absent.
    pub amount: Option<MinorUnits>,
    /// The invoices it names; empty where it names none.
    pub invoices: Vec<InvoiceId>,
    /// Through which day.
    pub until: Option<Date>,
}

/// What a hold is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldKind {
    /// The customer contests it.
    Dispute,
    /// The customer promises to pay.
    Promise,
    /// The operator grants time.
    Deferral,
    /// It is paid in parts.
    Instalments {
        /// The parts.
        parts: Vec<Instalment>,
        /// How many days a part may be late.
        grace_days: i32,
    },
}

/// One part of an instalment plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// Through which day it may be paid.
    pub due: Date,
    /// How much, in minor units.
    pub amount: MinorUnits,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeOutcome {
    /// The customer was right: an adjustment follows.
    Upheld,
    /// The customer was wrong.
    Rejected,
    /// The customer took it back.
    Withdrawn,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The command.
    pub command_id: CommandId,
    /// What became of it.
    pub outcome: Outcome,
    /// More, in the receiver's words.
    pub detail: Option<String>,
}

/// What became of a command, in its receiver's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Taken over; the end is to come.
    Accepted,
    /// Done.
    Done,
    /// Not done, and will not be.
    Failed,
    /// Too late to be done.
    Expired,
}

impl Outcome {
    /// The word for it in reports and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}
