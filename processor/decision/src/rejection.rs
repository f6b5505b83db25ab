//! Why an event changed nothing: a rejection is an outcome, never an error.
//!
//! What cannot even be read as an event is refused before the core sees it (`schemas`).

use crate::hold::HoldReason;
use crate::ids::{
    HoldId, InvoiceId, ManagerGroupName, ManagerName, Operation, PaymentId, PlanName, Queue, RuleId,
    SegmentName, StageName,
};
use crate::money::{Currency, Money};
use crate::time::{Date, Period, Timestamp};

/// Why an event changed nothing, most telling first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// An amount that must be above zero is not.
    #[error("the amount must be above zero")]
    AmountNotPositive,
    /// An amount is larger than any that is booked.
    #[error("the amount is beyond the largest that is booked (10^15 of the currency's smallest unit)")]
    AmountTooLarge,
    /// A moment lies outside the years that calendars know.
    #[error("{field} lies outside the years 0 to 9998")]
    MomentOutOfCalendar {
        /// Which field.
        field: &'static str,
    },
    /// The event is in another currency than the account.
    #[error("the currency of the event is {event}, that of the account {account}")]
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
    #[error(
        "payment «{0}» is not known; payments are remembered for the reversal window (reversal_window: {1})"
    )]
    UnknownPayment(PaymentId, String),
    /// More is to be reversed than is left of the payment.
    #[error("only {left} of payment «{payment}» is left to reverse")]
    MoreThanPaid {
        /// The payment.
        payment: PaymentId,
        /// What is left of it.
        left: Money,
    },
    /// There is no adjustment of this id to take back.
    #[error(
        "adjustment «{0}» is not known; adjustments are remembered for the reversal window (reversal_window: {1})"
    )]
    UnknownAdjustment(String, String),
    /// The adjustment is booked with another content.
    #[error("adjustment «{0}» is booked with another content")]
    AdjustmentDiffers(String),
    /// The adjustment would take the invoice below zero.
    #[error("invoice «{invoice}» asks for {asked} only")]
    MoreThanInvoiced {
        /// The invoice.
        invoice: InvoiceId,
        /// What it asks for.
        asked: Money,
    },
    /// There is no reversal to take back.
    #[error("payment «{0}» has no reversal of this amount to take back")]
    UnknownReversal(PaymentId),
    /// The policy has no such plan.
    #[error("the policy has no plan «{0}»")]
    UnknownPlan(PlanName),
    /// The account is in no segment: no plan group is its own, and no manager group.
    #[error("the account is in no segment, so no plan group and no managers are its own")]
    NoSegment,
    /// The plan is not of the group of the account's segment.
    #[error("plan «{plan}» is not of the plan group of the account's segment «{segment}»")]
    PlanOfAnotherGroup {
        /// The plan.
        plan: PlanName,
        /// The account's segment.
        segment: SegmentName,
    },
    /// The account's segment has no managers.
    #[error("the account's segment «{0}» has no managers")]
    NoManagers(SegmentName),
    /// The role may not change a personal manager.
    #[error(
        "the role «{role}» may not change a personal manager: of «{group}» {allowed} may",
        allowed = either(allowed)
    )]
    RoleNotAllowed {
        /// The role.
        role: String,
        /// The manager group of the account's segment.
        group: ManagerGroupName,
        /// The roles that may.
        allowed: Vec<String>,
    },
    /// The manager is not one of the group's personal managers.
    #[error("«{manager}» is no personal manager of «{group}»")]
    UnknownManager {
        /// The manager.
        manager: ManagerName,
        /// The manager group of the account's segment.
        group: ManagerGroupName,
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
    /// Nothing is sent for an account before it is known.
    #[error("the account's snapshot has not come: nothing is sent for it yet")]
    NoSnapshot,
    /// An order whose undo is the order itself.
    #[error("«{0}» cannot be its own undo")]
    UndoIsOperation(Operation),
    /// The order is on already.
    #[error("«{0}» is in force already")]
    InForceAlready(Operation),
    /// The order is not on.
    #[error("«{0}» is not in force: there is nothing to undo")]
    NotInForce(Operation),
    /// There is no service that may be cut off.
    #[error("every service of the account is always on")]
    AlwaysOn,
    /// No cycle is open.
    #[error("no cycle is open")]
    NoOpenCycle,
    /// No open cycle's plan has the stage.
    #[error("no open cycle has a stage «{0}»")]
    UnknownStage(StageName),
    /// No task of the queue waits for its result.
    #[error("no task in the queue «{0}» waits for a result")]
    UnknownTask(Queue),
    /// The task that was named does not wait for its result.
    #[error("that task does not lie in the queue «{0}» any more, or waits for no result")]
    NoSuchTask(Queue),
    /// Somebody else has the task in hand.
    #[error("the task in the queue «{queue}» is in {by}'s hands")]
    TaskTaken {
        /// Its queue.
        queue: Queue,
        /// Whose.
        by: String,
    },
    /// Nobody has the task in hand.
    #[error("nobody has the task in the queue «{0}» in hand")]
    TaskNotTaken(Queue),
    /// The payment is confirmed: it cannot be refused any more.
    #[error("payment «{0}» is confirmed: only a reversal takes it back")]
    PaymentConfirmed(PaymentId),
    /// A hold was made of this id, with another content.
    #[error("hold «{0}» was made with another content")]
    HoldDiffers(HoldId),
    /// The hold of this id is over.
    #[error("hold «{0}» is over; its id is not used again")]
    HoldOver(HoldId),
    /// There is no hold of this id.
    #[error("no dispute «{0}» is known; holds are remembered for the reversal window (reversal_window: {1})")]
    UnknownHold(HoldId, String),
    /// Only a dispute has an outcome.
    #[error("hold «{id}» is no dispute: it is of the kind {kind}", kind = kind.as_str())]
    NotADispute {
        /// The hold.
        id: HoldId,
        /// What it is.
        kind: HoldReason,
    },
    /// There is no debt that the hold could freeze.
    #[error("there is nothing open to freeze")]
    NothingOpen,
    /// The hold names an invoice that is not known.
    #[error("invoice «{0}» is not known: there is nothing open to freeze of it")]
    HoldOnUnknownInvoice(InvoiceId),
    /// The hold would be over when it is made.
    #[error("{0} is past: the hold would be over before it is made")]
    UntilPast(Date),
    /// An instalment plan without parts.
    #[error("an instalment plan has at least one part")]
    NoParts,
    /// The grace of an instalment plan is below zero, or beyond any calendar.
    #[error("the grace must be from 0 to 3660 days")]
    GraceOutOfRange,
    /// The parts of an instalment plan are not its amount.
    #[error("the parts add up to {parts}, the amount is {amount}")]
    PartsDiffer {
        /// Their sum.
        parts: Money,
        /// The amount as ordered.
        amount: Money,
    },
    /// The policy's bounds allow no such hold.
    #[error("{}", beyond_text(*kind, bound, beyond.as_deref()))]
    BeyondBound {
        /// What the hold is.
        kind: HoldReason,
        /// The bound.
        bound: Bound,
        /// The role that may grant more.
        beyond: Option<String>,
    },
    /// The debtor has as many holds as there may be.
    #[error("{most} holds are in force, and no debtor may have more")]
    TooManyHolds {
        /// How many there may be.
        most: usize,
    },
    /// The policy has no such rule.
    #[error("the policy has no threshold rule «{0}»")]
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
    /// The invoice was closed too long ago for anything to change it.
    #[error("invoice «{0}» was closed longer ago than the reversal window (reversal_window: {1})")]
    InvoiceForgotten(InvoiceId, String),
    /// The invoice that an adjustment waited for did not come, or is forgotten.
    #[error(
        "invoice «{invoice}» did not come within {waited}; closed ones are remembered for the reversal window (reversal_window: {remembered})"
    )]
    UnknownInvoice {
        /// The invoice.
        invoice: InvoiceId,
        /// How long the adjustment waited.
        waited: String,
        /// How long closed invoices are remembered.
        remembered: String,
    },
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
            Self::NoManagers(_) => "no_managers",
            Self::RoleNotAllowed { .. } => "role_not_allowed",
            Self::UnknownManager { .. } => "unknown_manager",
            Self::NotPaused => "not_paused",
            Self::AlreadyOver { .. } => "already_over",
            Self::NoSnapshot => "no_snapshot",
            Self::UndoIsOperation(_) => "undo_is_operation",
            Self::InForceAlready(_) => "in_force_already",
            Self::NotInForce(_) => "not_in_force",
            Self::AlwaysOn => "always_on",
            Self::NoOpenCycle => "no_open_cycle",
            Self::UnknownStage(_) => "unknown_stage",
            Self::UnknownTask(_) => "unknown_task",
            Self::NoSuchTask(_) => "no_such_task",
            Self::TaskTaken { .. } => "task_taken",
            Self::TaskNotTaken(_) => "task_not_taken",
            Self::PaymentConfirmed(_) => "payment_confirmed",
            Self::HoldDiffers(_) => "hold_differs",
            Self::HoldOver(_) => "hold_over",
            Self::UnknownHold(..) => "unknown_hold",
            Self::NotADispute { .. } => "not_a_dispute",
            Self::NothingOpen => "nothing_open",
            Self::HoldOnUnknownInvoice(_) => "hold_on_unknown_invoice",
            Self::UntilPast(_) => "until_past",
            Self::NoParts => "no_parts",
            Self::GraceOutOfRange => "grace_out_of_range",
            Self::PartsDiffer { .. } => "parts_differ",
            Self::BeyondBound { bound, .. } => bound.code(),
            Self::TooManyHolds { .. } => "too_many_holds",
            Self::UnknownRule(_) => "unknown_rule",
            Self::NotSupported { .. } => "not_supported",
            Self::TooManyWaiting { .. } => "too_many_waiting",
            Self::InvoiceForgotten(..) => "invoice_forgotten",
            Self::UnknownInvoice { .. } => "unknown_invoice",
        }
    }
}

/// `«a», «b» or «c»`; nobody where there is none.
fn either(roles: &[String]) -> String {
    let quoted: Vec<String> = roles.iter().map(|role| format!("«{role}»")).collect();
    match quoted.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// A bound that a policy sets to holds of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// How many there may be.
    AtMost {
        /// So many.
        most: u32,
        /// In this time; at one time where absent.
        per: Option<Period>,
    },
    /// How long one may last.
    NoLongerThan {
        /// So long.
        period: Period,
        /// To this day.
        last: Date,
    },
    /// How much one may freeze.
    NoMoreThan(Money),
}

impl Bound {
    fn code(&self) -> &'static str {
        match self {
            Self::AtMost { .. } => "hold_too_many",
            Self::NoLongerThan { .. } => "hold_too_long",
            Self::NoMoreThan(_) => "hold_too_large",
        }
    }
}

fn beyond_text(kind: HoldReason, bound: &Bound, beyond: Option<&str>) -> String {
    let kind = kind.as_str();
    let allowed = match bound {
        Bound::AtMost { most, per: Some(per) } => {
            format!("too many holds: at_most allows {most} of the kind {kind} in {per}")
        }
        Bound::AtMost { most, per: None } => {
            format!("too many holds: at_most allows {most} of the kind {kind} at one time")
        }
        Bound::NoLongerThan { period, last } => {
            format!(
                "the hold is too long: no_longer_than allows one of the kind {kind} to last {period}, to {last}"
            )
        }
        Bound::NoMoreThan(amount) => {
            format!("the hold is too large: no_more_than allows one of the kind {kind} to be {amount}")
        }
    };
    match beyond {
        Some(role) => format!("{allowed}; the role «{role}» may grant more"),
        None => format!("{allowed}; no role may grant more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MinorUnits;

    fn money(minor_units: i64, code: &str) -> Money {
        Money { minor_units: MinorUnits(minor_units), currency: Currency::parse(code).unwrap() }
    }

    #[track_caller]
    fn check(rejection: &Rejection, expected: &str) {
        assert_eq!(rejection.to_string(), expected);
    }

    #[test]
    fn amounts_read_as_money_of_their_currency() {
        let paid = |left| Rejection::MoreThanPaid { payment: "P1".into(), left };
        check(&paid(money(1_250, "USD")), "only 12.50 USD of payment «P1» is left to reverse");
        check(&paid(money(0, "KWD")), "only 0.000 KWD of payment «P1» is left to reverse");
        check(&paid(money(1_250, "JPY")), "only 1250 JPY of payment «P1» is left to reverse");
        let asked = Rejection::MoreThanInvoiced { invoice: "B1".into(), asked: money(5, "USD") };
        check(&asked, "invoice «B1» asks for 0.05 USD only");
        let parts = Rejection::PartsDiffer { parts: money(10_000, "USD"), amount: money(9_999, "USD") };
        check(&parts, "the parts add up to 100.00 USD, the amount is 99.99 USD");
    }
}
