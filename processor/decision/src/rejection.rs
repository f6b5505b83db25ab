//! Why an event changed nothing: a rejection is an outcome, never an error.
//!
//! What cannot even be read as an event is refused before the core sees it (`schemas`).

use crate::ids::{InvoiceId, PaymentId, PlanName, Queue, RuleId, SegmentName, StageName};
use crate::money::Currency;
use crate::time::Timestamp;

/// Why an event changed nothing, most telling first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// An amount that must be above zero is not.
    #[error("the amount must be above zero")]
    AmountNotPositive,
    /// An amount is larger than any that is booked.
    #[error("the amount is beyond the largest that is booked (10^15 minor units)")]
    AmountTooLarge,
    /// A moment lies outside the years that calendars know.
    #[error("{field} lies outside the years 0 to 9998")]
    MomentOutOfCalendar {
        /// Which field.
        field: &'static str,
    },
    /// The event is in another currency than the account.
    #[error("the event is in {event}, the account in {account}")]
    CurrencyDiffers {
        /// The event's currency.
        event: Currency,
        /// The account's currency.
        account: Currency,
    },
    /// The snapshot lacks an attribute that the policy requires.
    #[error("attribute «{name}» is required and absent")]
    AttributeMissing {
        /// Its name.
        name: String,
    },
    /// An attribute is of another type than the policy declares.
    #[error("attribute «{name}» must be of type {expected}")]
    AttributeType {
        /// Its name.
        name: String,
        /// The declared type.
        expected: &'static str,
    },
    /// The policy declares no such balance.
    #[error("the policy declares no balance «{name}»")]
    UnknownBalance {
        /// Its name.
        name: String,
    },
    /// The invoice is booked with another content.
    #[error("invoice «{0}» is booked with another content")]
    InvoiceDiffers(InvoiceId),
    /// The payment is booked with another content.
    #[error("payment «{0}» is booked with another content")]
    PaymentDiffers(PaymentId),
    /// The payment is not known.
    #[error("payment «{0}» is not known; ids are remembered for {1}")]
    UnknownPayment(PaymentId, String),
    /// More is to be reversed than is left of the payment.
    #[error("only {left} minor units of payment «{payment}» are left to reverse")]
    MoreThanPaid {
        /// The payment.
        payment: PaymentId,
        /// What is left of it, in minor units.
        left: i64,
    },
    /// There is no adjustment of this id to take back.
    #[error("adjustment «{0}» is not known; ids are remembered for {1}")]
    UnknownAdjustment(String, String),
    /// The adjustment is booked with another content.
    #[error("adjustment «{0}» is booked with another content")]
    AdjustmentDiffers(String),
    /// The adjustment would take the invoice below zero.
    #[error("invoice «{invoice}» asks for {asked} minor units only")]
    MoreThanInvoiced {
        /// The invoice.
        invoice: InvoiceId,
        /// What it asks for, in minor units.
        asked: i64,
    },
    /// There is no reversal to take back.
    #[error("payment «{0}» has no reversal of this amount to take back")]
    UnknownReversal(PaymentId),
    /// The policy has no such plan.
    #[error("the policy has no plan «{0}»")]
    UnknownPlan(PlanName),
    /// The account is in no segment: no plan group is its own.
    #[error("the account is in no segment, so no plan group is its own")]
    NoSegment,
    /// The plan is not of the group of the account's segment.
    #[error("plan «{plan}» is not of the plan group of the account's segment «{segment}»")]
    PlanOfAnotherGroup {
        /// The plan.
        plan: PlanName,
        /// The account's segment.
        segment: SegmentName,
    },
    /// Nothing is paused.
    #[error("there is no pause to end")]
    NotPaused,
    /// What is to begin would be over.
    #[error("{what} would be over already: it ends at {until}")]
    AlreadyOver {
        /// What.
        what: &'static str,
        /// When it would end.
        until: Timestamp,
    },
    /// No cycle is open.
    #[error("no cycle is open")]
    NoOpenCycle,
    /// No open cycle's plan has the stage.
    #[error("no open cycle has a stage «{0}»")]
    UnknownStage(StageName),
    /// No task of the queue waits for its result.
    #[error("no task in the queue «{0}» waits for a result")]
    UnknownTask(Queue),
    /// The policy has no such rule.
    #[error("the policy has no threshold «{0}»")]
    UnknownRule(RuleId),
    /// The order needs a rule that this version does not have.
    #[error("{what} is not supported by this version")]
    NotSupported {
        /// What was ordered.
        what: &'static str,
    },
    /// A waiting list is full.
    #[error("too many events wait for {what}")]
    TooManyWaiting {
        /// For what.
        what: &'static str,
    },
    /// The invoice that an adjustment waited for did not come.
    #[error("invoice «{0}» did not come within {1}")]
    UnknownInvoice(InvoiceId, String),
}

impl Rejection {
    /// The rejection's name, stable, for metrics and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AmountNotPositive => "amount_not_positive",
            Self::AmountTooLarge => "amount_too_large",
            Self::MomentOutOfCalendar { .. } => "moment_out_of_calendar",
            Self::CurrencyDiffers { .. } => "currency_differs",
            Self::AttributeMissing { .. } => "attribute_missing",
            Self::AttributeType { .. } => "attribute_type",
            Self::UnknownBalance { .. } => "unknown_balance",
            Self::InvoiceDiffers(_) => "invoice_differs",
            Self::PaymentDiffers(_) => "payment_differs",
            Self::UnknownPayment(..) => "unknown_payment",
            Self::MoreThanPaid { .. } => "more_than_paid",
            Self::UnknownAdjustment(..) => "unknown_adjustment",
            Self::AdjustmentDiffers(_) => "adjustment_differs",
            Self::MoreThanInvoiced { .. } => "more_than_invoiced",
            Self::UnknownReversal(_) => "unknown_reversal",
            Self::UnknownPlan(_) => "unknown_plan",
            Self::NoSegment => "no_segment",
            Self::PlanOfAnotherGroup { .. } => "plan_of_another_group",
            Self::NotPaused => "not_paused",
            Self::AlreadyOver { .. } => "already_over",
            Self::NoOpenCycle => "no_open_cycle",
            Self::UnknownStage(_) => "unknown_stage",
            Self::UnknownTask(_) => "unknown_task",
            Self::UnknownRule(_) => "unknown_rule",
            Self::NotSupported { .. } => "not_supported",
            Self::TooManyWaiting { .. } => "too_many_waiting",
            Self::UnknownInvoice(..) => "unknown_invoice",
        }
    }
}
