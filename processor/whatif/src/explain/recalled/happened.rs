//! What a record shows that happened: the event that led to it, in the words of [`crate::words::event`] as far as
//! the record has them.
//!
//! What follows from an event, or from nothing but time, is no event: a stage, a hold that expired, a command.

use super::{figure, kind_of};
use decision::record::RecordKind;
use schemas::HistoryLine;
use std::collections::BTreeSet;

/// Puts events into words; remembers what waits, since it is an event once and not again when it is booked.
#[derive(Default)]
pub(super) struct Happened {
    /// The adjustments that wait for their invoice, and the payments whose reversal waits.
    waiting: BTreeSet<String>,
}

impl Happened {
    /// The event that the record shows; none where it shows none.
    pub(super) fn hear(&mut self, line: &HistoryLine) -> Option<String> {
        let of = |name| figure(line, name);
        match kind_of(line)? {
            RecordKind::Alert
            | RecordKind::AlertSuppressed
            | RecordKind::AlertStale
            | RecordKind::Recovered => balance(line),
            RecordKind::InvoiceBooked => {
                let draft = if line.reason.starts_with("draft") { "draft of an invoice" } else { "invoice" };
                Some(format!("{draft} {}: {}, due {}", of("invoice")?, of("amount")?, of("due")?))
            }
            RecordKind::InvoiceAdjusted => {
                let is_new = !self.waiting.remove(of("adjustment")?);
                is_new.then(|| adjustment(line)).flatten()
            }
            RecordKind::PaymentBooked if line.reason == "confirmed" => payment(line),
            // It waited, and does no longer: for its invoice, or for the time that it may wait.
            RecordKind::PaymentBooked => None,
            RecordKind::PaymentWaiting => self.waits(line),
            RecordKind::PaymentReversed => {
                let is_new = !self.waiting.remove(of("payment")?) || line.reason == "undone while it waited";
                is_new.then(|| reversal(line)).flatten()
            }
            RecordKind::Duplicate => Some(format!("event {}, which was known", of("event_id")?)),
            RecordKind::HoldMade if line.reason == "unconfirmed_payment" => {
                Some(format!("payment {}: {}, not confirmed", of("hold")?, of("amount")?))
            }
            RecordKind::HoldMade => {
                let until = of("until").map(|until| format!(", until {until}")).unwrap_or_default();
                let what = format!("{} {}: {}{until}", line.reason, of("hold")?, of("amount")?);
                Some(by(line, what))
            }
            RecordKind::HoldEnded => hold_ended(line),
            RecordKind::ControlApplied => Some(by(line, control(line)?)),
            RecordKind::MeasureDropped if line.reason == "drop_held" => {
                Some(by(line, "drop of what is held".to_owned()))
            }
            RecordKind::SegmentChanged if line.reason == "attributes" => Some("account".to_owned()),
            RecordKind::CommandReported => Some(format!("report: {}", line.reason)),
            // Of what was rejected nothing is told but why.
            RecordKind::EventRejected => None,
            // These follow from an event that has its own record, or from nothing but time.
            RecordKind::SegmentChanged
            | RecordKind::PromiseKept
            | RecordKind::PromiseBroken
            | RecordKind::InstalmentsBroken
            | RecordKind::PlanAssigned
            | RecordKind::ManagerAssigned
            | RecordKind::CycleOpened
            | RecordKind::CycleHeld
            | RecordKind::CycleResumed
            | RecordKind::CycleEnded
            | RecordKind::StageEntered
            | RecordKind::StageLeft
            | RecordKind::MeasureRequested
            | RecordKind::MeasureDelayed
            | RecordKind::MeasureCapped
            | RecordKind::MeasureDropped
            | RecordKind::MeasureObserved
            | RecordKind::MeasureHeld
            | RecordKind::MeasureCancelled
            | RecordKind::MeasureLifted
            | RecordKind::PolicyChanged => None,
        }
    }

    /// What waits for what it names.
    fn waits(&mut self, line: &HistoryLine) -> Option<String> {
        if let Some(adjusted) = figure(line, "adjustment") {
            self.waiting.insert(adjusted.to_owned());
            return adjustment(line);
        }
        if figure(line, "amount").is_none() {
            self.waiting.insert(figure(line, "payment")?.to_owned());
            return reversal(line);
        }
        payment(line)
    }
}

/// The change of a balance; none where an alert came by itself.
fn balance(line: &HistoryLine) -> Option<String> {
    if line.reason == "expires_soon" {
        return None;
    }
    // It may be the balance's own limit, or the account's.
    let limit = if line.reason == "limit_changed" { ", limit changed" } else { "" };
    Some(format!("balance {}: {}{limit}", figure(line, "balance")?, figure(line, "value")?))
}

fn payment(line: &HistoryLine) -> Option<String> {
    Some(format!("payment {}: {}", figure(line, "payment")?, figure(line, "amount")?))
}

fn adjustment(line: &HistoryLine) -> Option<String> {
    let undo = if figure(line, "undone").is_some() { "undo of adjustment" } else { "adjustment" };
    let (id, invoice) = (figure(line, "adjustment")?, figure(line, "invoice")?);
    Some(format!("{undo} {id} of invoice {invoice}: {}", figure(line, "amount")?))
}

fn reversal(line: &HistoryLine) -> Option<String> {
    let undo = if line.reason.starts_with("undone") { "undo of the reversal" } else { "reversal" };
    let amount = figure(line, "amount").map(|amount| format!(": {amount}")).unwrap_or_default();
    Some(format!("{undo} of payment {}{amount}", figure(line, "payment")?))
}

/// How a person or a bank ended a hold; none where it ended by itself, or by what has its own record.
fn hold_ended(line: &HistoryLine) -> Option<String> {
    let hold = figure(line, "hold")?;
    match line.reason.as_str() {
        "rejected" | "withdrawn" => Some(by(line, format!("dispute {hold} {}", line.reason))),
        "refused" => Some(format!("payment {hold}: {}, refused", figure(line, "amount")?)),
        _ => None,
    }
}

/// What was ordered, by the word of the order.
fn control(line: &HistoryLine) -> Option<String> {
    let of = |name| figure(line, name);
    Some(match line.reason.as_str() {
        "exemption lifted" => "no longer exempt".to_owned(),
        "assign_plan" => format!("plan {} assigned", of("plan")?),
        "pause" => of("until").map_or("pause".to_owned(), |until| format!("pause until {until}")),
        "jump" => format!("jump to {}", of("stage")?),
        "rearm" => format!("re-arm {}", of("rule")?),
        "task_result" => format!("task {}: {}", of("queue")?, of("result")?),
        "take_task" => format!("task {} taken", of("queue")?),
        "put_back_task" => format!("task {} put back", of("queue")?),
        // What was done stands among the commands.
        "do" => "by hand".to_owned(),
        "undo" => format!("undo of {}", of("operation")?),
        "assign_manager" => format!("manager {}", of("manager")?),
        "dispute upheld" => format!("dispute {} upheld", of("hold")?),
        "release_held" => "release of what is held".to_owned(),
        // Exempt, resume, close: the word says it all.
        other => other.replace('_', " "),
    })
}

/// With who ordered it.
fn by(line: &HistoryLine, what: String) -> String {
    match figure(line, "by") {
        Some(by) => format!("{what} (by {by})"),
        None => what,
    }
}

#[cfg(test)]
pub(super) mod tests;
