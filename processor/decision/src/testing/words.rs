//! Decisions and states as short texts.

use crate::Debtor;
use crate::command::{Action, Command};
use crate::ids::ServiceId;
use crate::policies::Policies;
use crate::time::Timestamp;
use crate::{Moment, view};

/// `low[100.00, 50.00]`, `od1@email`, `+bar(line-1)`, `-un-bar`, `task calls`, `cancel calls`; a
/// further try begins with `again`.
pub(crate) fn command_text(command: &Command) -> String {
    let text = action_text(command);
    if command.first_id.is_some() { format!("again {text}") } else { text }
}

fn action_text(command: &Command) -> String {
    match &command.action {
        Action::Message(message) => {
            let channel = match message.channel.as_str() {
                "sms" => String::new(),
                channel => format!("@{channel}"),
            };
            let lines = match message.lines.as_slice() {
                [] => String::new(),
                lines if lines.len() > 4 => {
                    let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
                    format!("[{first}..{last}: {} of {}]", lines.len(), message.lines_crossed)
                }
                lines => format!("[{}]", lines.join(", ")),
            };
            format!("{}{channel}{lines}", message.template)
        }
        Action::Provision(order) => {
            let services: Vec<&str> = order.services.iter().map(ServiceId::as_str).collect();
            let of = if services.is_empty() { String::new() } else { format!("({})", services.join(" ")) };
            format!("{}{}{of}", if order.is_undo { "-" } else { "+" }, order.operation)
        }
        Action::Task { queue, .. } => format!("task {queue}"),
        Action::Fee { code, amount } => format!("fee {code} {amount}"),
        Action::Handover { to, debt } => format!("to {to} {debt}"),
        Action::Cancel { what, .. } => match what {
            crate::command::Cancelled::Message(template) => format!("cancel {template}"),
            crate::command::Cancelled::Task(queue) => format!("cancel {queue}"),
        },
    }
}

/// `clear`, `active od1 249.95`, or one such for each debt class: `service:a clear | …`.
pub(crate) fn state_text(debtor: &Debtor, now: Timestamp, policies: &Policies) -> String {
    let profiles = view::profiles(debtor, Moment { now, horizon: now }, policies);
    let several = profiles.len() > 1;
    let text = |profile: &view::ProfileView| {
        let debt = profile.real_debt.in_major(2);
        let stage = profile.stage.as_ref().map_or("none", |stage| stage.as_str());
        let text = match profile.status {
            view::Status::Clear => format!("clear {debt}"),
            view::Status::Active | view::Status::Held => {
                format!("{} {stage} {debt}", profile.status.as_str())
            }
        };
        if several { format!("{} {text}", profile.debt_class) } else { text }
    };
    profiles.iter().map(text).collect::<Vec<_>>().join(" | ")
}

/// `B1 40 of 100, B2 0 of 70, credit 5, waiting 9`: what is paid of each invoice's asked amount, and
/// of what is not, what is free and what waits.
pub(crate) fn debt_text(debtor: &Debtor) -> String {
    let invoices = debtor.debt.invoices.iter();
    let mut texts: Vec<String> = invoices
        .map(|invoice| format!("{} {} of {}", invoice.id, invoice.paid.0, invoice.asked().0))
        .collect();
    let rest = [("credit", view::credit(debtor)), ("waiting", view::waiting(debtor))];
    texts.extend(rest.iter().filter(|(_, sum)| sum.0 != 0).map(|(name, sum)| format!("{name} {}", sum.0)));
    texts.join(", ")
}

/// `D1 100 of 200, P1 50 of 50`: what each hold freezes now, and its amount.
pub(crate) fn holds_text(debtor: &Debtor, now: Timestamp, policies: &Policies) -> String {
    let holds = view::holds(debtor, Moment { now, horizon: now }, policies);
    let texts = holds.iter().map(|hold| format!("{} {} of {}", hold.id, hold.freezes.0, hold.amount.0));
    texts.collect::<Vec<_>>().join(", ")
}

/// `low: 100.00 50.00`.
pub(crate) fn fired_text(debtor: &Debtor, policies: &Policies) -> String {
    let fired = view::fired(debtor, Moment { now: Timestamp(0), horizon: Timestamp(0) }, policies);
    let texts = fired.iter().map(|(rule, lines)| format!("{rule}: {}", lines.join(" ")));
    texts.collect::<Vec<_>>().join("; ")
}
