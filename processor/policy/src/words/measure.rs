//! What measures are called, and what they do.

use super::list;
use decision::policy::{Measure, MessageMeasure, ProvisionMeasure};

/// What it is called among the measures of its list, such as `message reminder`.
#[must_use]
pub fn name(measure: &Measure) -> String {
    match measure {
        Measure::Message(message) => format!("message {}", message.template),
        Measure::Provision(order) => format!("provision {}", order.operation),
        Measure::Task { queue, within: _ } => format!("task {queue}"),
        Measure::Fee { code, amount: _ } => format!("fee {code}"),
        Measure::Handover { to } => format!("handover to {to}"),
    }
}

/// What else there is of it beside its name, such as `by sms, statutory`; empty where that is all.
#[must_use]
pub fn details(measure: &Measure) -> String {
    let first = match measure {
        Measure::Message(message) => Some(format!("by {}", message.channel)),
        Measure::Fee { code: _, amount } => Some(amount.to_string()),
        Measure::Provision(_) | Measure::Task { .. } | Measure::Handover { .. } => None,
    };
    first.into_iter().chain(particulars(measure)).collect::<Vec<_>>().join(", ")
}

/// What neither its name nor [`summary`] says.
fn particulars(measure: &Measure) -> Vec<String> {
    match measure {
        Measure::Message(message) => {
            let MessageMeasure { template: _, channel: _, class, window, fallback } = message;
            let mut parts = vec![class.as_str().to_owned()];
            parts.extend(window.as_ref().map(|window| format!("window {}", window.name)));
            parts.extend((!fallback.is_empty()).then(|| format!("fallback {}", list(fallback))));
            parts
        }
        Measure::Provision(ProvisionMeasure { operation: _, undo, cuts_off }) => {
            let cuts_off = cuts_off.then(|| "cuts off".to_owned());
            [format!("undo {undo}")].into_iter().chain(cuts_off).collect()
        }
        Measure::Task { queue: _, within } => {
            within.iter().map(|within| format!("within {within}")).collect()
        }
        Measure::Fee { .. } | Measure::Handover { .. } => Vec::new(),
    }
}

/// What it does, in short, such as `sends reminder by sms`.
#[must_use]
pub fn summary(measure: &Measure) -> String {
    match measure {
        Measure::Message(message) => format!("sends {} by {}", message.template, message.channel),
        Measure::Provision(order) => format!("orders {}", order.operation),
        Measure::Task { queue, within: _ } => format!("gives a task to {queue}"),
        Measure::Fee { code, amount } => format!("charges {code} {amount}"),
        Measure::Handover { to } => format!("hands over to {to}"),
    }
}

/// All of it, such as `sends reminder by sms (statutory, fallback email)`.
#[must_use]
pub fn measure(measure: &Measure) -> String {
    let more = particulars(measure);
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    summary(measure) + &more
}
