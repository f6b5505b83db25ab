//! Events, commands and records in words, as a person reads them in a row of a table.

use decision::command::{Action, Cancelled, Command};
use decision::event::{
    Body, ByHandMeasure, Control, DisputeOutcome, Event, HoldKind, HoldOrder, Order, PaymentStatus,
};
use decision::policy::{Policy, Unit};
use decision::record::Record;
use schemas::HistoryLine;

/// What an event says. Amounts that name no currency have this many decimals. Without a policy a balance is
/// money where the event names a currency.
#[must_use]
pub fn event(event: &Event, exponent: u8, policy: Option<&Policy>) -> String {
    match &event.body {
        Body::Account(snapshot) => {
            let closed = if snapshot.closed { ", closed" } else { "" };
            format!("account: {}{closed}", snapshot.payment_mode.as_str())
        }
        Body::Balance(change) => {
            let is_money = policy.map_or(change.currency.is_some(), |policy| {
                policy.balances.get(&change.name).is_some_and(|unit| matches!(unit, Unit::Money))
            });
            let value = if is_money {
                change.value.in_major(change.currency.map_or(exponent, |currency| currency.exponent()))
            } else {
                change.value.0.to_string()
            };
            format!("balance {}: {value}", change.name)
        }
        Body::Invoice(invoice) => {
            let draft = if invoice.draft { "draft of an invoice" } else { "invoice" };
            let amount = invoice.amount.in_major(invoice.currency.exponent());
            format!("{draft} {}: {amount}, due {}", invoice.id, invoice.due)
        }
        Body::Adjustment(adjustment) => {
            let undo = if adjustment.undo { "undo of adjustment" } else { "adjustment" };
            let amount = adjustment.amount.in_major(adjustment.currency.exponent());
            format!("{undo} {} of invoice {}: {amount}", adjustment.id, adjustment.invoice)
        }
        Body::Payment(payment) => {
            let status = match payment.status {
                PaymentStatus::Confirmed => "",
                PaymentStatus::Unconfirmed => ", not confirmed",
                PaymentStatus::Refused => ", refused",
            };
            format!(
                "payment {}: {}{status}",
                payment.id,
                payment.amount.in_major(payment.currency.exponent())
            )
        }
        Body::Reversal(reversal) => {
            let undo = if reversal.undo { "undo of the reversal" } else { "reversal" };
            let amount = reversal.amount.map(|amount| format!(": {}", amount.in_major(exponent)));
            format!("{undo} of payment {}{}", reversal.payment, amount.unwrap_or_default())
        }
        Body::Control(control) => self::control(control, exponent),
        Body::Report(report) => format!("report: {}", report.outcome.as_str()),
    }
}

fn control(control: &Control, exponent: u8) -> String {
    let what = match &control.order {
        Order::Hold(hold) => self::hold(hold, exponent),
        Order::DisputeEnded { id, outcome } => {
            let outcome = match outcome {
                DisputeOutcome::Upheld => "upheld",
                DisputeOutcome::Rejected => "rejected",
                DisputeOutcome::Withdrawn => "withdrawn",
            };
            format!("dispute {id} {outcome}")
        }
        Order::Exempt(true) => "exempt".to_owned(),
        Order::Exempt(false) => "no longer exempt".to_owned(),
        Order::AssignPlan(plan) => format!("plan {plan} assigned"),
        Order::Pause { until: Some(until) } => format!("pause until {until}"),
        Order::Pause { until: None } => "pause".to_owned(),
        Order::Resume => "resume".to_owned(),
        Order::Jump(stage) => format!("jump to {stage}"),
        Order::Close => "close".to_owned(),
        Order::Rearm(rule) => format!("re-arm {rule}"),
        Order::TaskResult { task, result } => format!("task {}: {result}", task.queue),
        Order::TakeTask(task) => format!("task {} taken", task.queue),
        Order::PutBackTask(task) => format!("task {} put back", task.queue),
        Order::Do(ByHandMeasure::Provision { operation, .. }) => format!("by hand: {operation}"),
        Order::Do(ByHandMeasure::Message { template, channel, .. }) => {
            format!("by hand: {template} by {channel}")
        }
        Order::Do(ByHandMeasure::Task { queue }) => format!("by hand: task {queue}"),
        Order::Undo(operation) => format!("undo of {operation}"),
        Order::AssignManager(manager) => format!("manager {manager}"),
        Order::ReleaseHeld => "release of what is held".to_owned(),
        Order::DropHeld => "drop of what is held".to_owned(),
        Order::AdoptPolicy { revision } => format!("publication {revision} of the policy"),
    };
    format!("{what} (by {})", control.by)
}

fn hold(hold: &HoldOrder, exponent: u8) -> String {
    let kind = match &hold.kind {
        HoldKind::Dispute => "dispute",
        HoldKind::Promise => "promise",
        HoldKind::Deferral => "deferral",
        HoldKind::Instalments { .. } => "instalments",
    };
    let amount = hold.amount.map(|amount| format!(": {}", amount.in_major(exponent))).unwrap_or_default();
    let until = hold.until.map(|until| format!(", until {until}")).unwrap_or_default();
    format!("{kind} {}{amount}{until}", hold.id)
}

/// What a command asks for.
#[must_use]
pub fn command(command: &Command) -> String {
    let what = match &command.action {
        Action::Message(message) => {
            let lines = if message.lines.is_empty() {
                String::new()
            } else {
                format!(" ({})", message.lines.join(", "))
            };
            format!("{} by {}{lines}", message.template, message.channel)
        }
        Action::Provision(provision) => provision.operation.to_string(),
        Action::Task { queue, .. } => format!("task {queue}"),
        Action::Fee { code, amount } => format!("fee {code} {amount}"),
        Action::Handover { to, debt } => format!("hand over {debt} to {to}"),
        Action::Cancel { what: Cancelled::Message(template), .. } => format!("cancel {template}"),
        Action::Cancel { what: Cancelled::Task(queue), .. } => format!("cancel task {queue}"),
    };
    match &command.first_id {
        Some(_) => format!("{what}, again"),
        None => what,
    }
}

/// What a record says, with the figures that it rests on.
pub(crate) fn record(record: &Record) -> String {
    let figures = record.figures.iter().map(|figure| (figure.name, figure.value.as_str()));
    decided(record.kind.as_str(), &record.reason, figures)
}

/// What was decided, beside what stands around it already: a figure that `beside` knows is left out, another one
/// may be said in other words.
pub(crate) fn decided_beside(
    kind: &str,
    reason: &str,
    figures: &[(&str, &str)],
    beside: impl Fn(&str, &str) -> Beside,
) -> String {
    let figures: Vec<(&str, String)> = figures
        .iter()
        .filter_map(|(name, value)| match beside(name, value) {
            Beside::IsThere => None,
            Beside::AsItIs => Some((*name, (*value).to_owned())),
            Beside::SoThat(words) => Some((*name, words)),
        })
        .collect();
    let figures = figures.iter().map(|(name, value)| (*name, value.as_str()));
    decided(kind, reason, figures)
}

/// How a figure is said beside what stands around it.
pub(crate) enum Beside {
    /// Not at all: it stands there already.
    IsThere,
    /// As the record has it.
    AsItIs,
    /// In these words.
    SoThat(String),
}

/// What a line of history says: the same as the record that it was.
#[must_use]
pub fn line(line: &HistoryLine) -> String {
    let figures = line.figures.iter().map(|figure| (figure.name.as_str(), figure.value.as_str()));
    decided(&line.kind, &line.reason, figures)
}

fn decided<'r>(kind: &str, reason: &str, figures: impl Iterator<Item = (&'r str, &'r str)>) -> String {
    let kind = kind.replace('_', " ");
    // A command's id tells a person nothing.
    let figures = figures.filter(|(name, _)| *name != "command_id");
    let figures: Vec<_> =
        figures.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let figures = if figures.is_empty() { String::new() } else { format!(" ({})", figures.join(", ")) };
    format!("{kind}{reason}{figures}")
}

/// So many of something that has an ordinary plural.
pub(crate) fn count(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(&count.to_string()), if count == 1 { "" } else { "s" })
}

/// A number with its thousands apart, whatever stands behind its whole part: 1,234,567.80 USD.
pub(crate) fn grouped(number: &str) -> String {
    let end = number.find(|letter: char| !letter.is_ascii_digit() && letter != '-').unwrap_or(number.len());
    let (whole, rest) = number.split_at(end);
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_history_says_what_its_record_said() {
        let record = schemas::sample::record();
        assert_eq!(line(&HistoryLine::new(&record)), super::record(&record));
        assert_eq!(
            super::record(&record),
            "stage entered: 15 days past due (real debt 120000.00, stage bar)"
        );
    }

    #[test]
    fn without_a_policy_a_balance_is_money_where_the_event_names_a_currency() {
        let mut balance = schemas::sample::event_of(schemas::InputTopic::Balances);
        assert_eq!(event(&balance, 0, None), "balance main: 49900.00");
        let Body::Balance(change) = &mut balance.body else { panic!("it is a balance") };
        change.currency = None;
        assert_eq!(event(&balance, 2, None), "balance main: 4990000");
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        let all = ["0", "999", "1000", "1234567.80 USD", "-1234.50", "-999"].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "1,234,567.80 USD", "-1,234.50", "-999"]);
        assert_eq!([count(1, "event"), count(2_000, "event")], ["1 event", "2,000 events"]);
    }
}
