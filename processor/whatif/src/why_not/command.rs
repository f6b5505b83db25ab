//! Where a command stands, and what would stand in the way of one, in words.

use super::Finding;
use crate::customer::Customer;
use decision::why_not::command::{CommandView, Hindrance, Obstacle, Stands, What};

/// Where a command stands.
pub(super) fn view(view: &CommandView, customer: &Customer) -> Finding {
    let what = what(&view.what);
    let again = if view.tries > 1 { format!(", try {}", view.tries) } else { String::new() };
    let told = |finding, stands: String| Finding::new(finding, format!("{what}{again}: {stands}"));
    let told = match &view.stands {
        Stands::Waits { until } => {
            told("waits", "it waits for its window".to_owned()).until(*until, customer)
        }
        Stands::KeptBack => {
            told("kept_back", "it waits to leave, for its rate or for a person to release it".to_owned())
        }
        Stands::Sent { at, report_until } => {
            let (at, report) =
                (customer.local(*at), if report_until.is_some() { "waited for" } else { "not there" });
            told("sent", format!("sent at {at}, and the report of its end is {report}"))
                .until(*report_until, customer)
        }
        Stands::Reported { outcome, at } => {
            told("reported", format!("reported as {} at {}", outcome.as_str(), customer.local(*at)))
        }
        Stands::Observed { at } => {
            let counts = match &view.what {
                What::Message { .. } => "it counts as delivered",
                What::Order { .. } | What::Task { .. } | What::Fee { .. } | What::Handover { .. } => {
                    "it was not sent"
                }
            };
            told("observed", format!("only recorded, at {}: {counts}", customer.local(*at)))
        }
        Stands::Lifted { since } => {
            let since = customer.local(*since);
            told("lifted", format!("lifted since {since}, while the cycle is held")).acts("the cycle goes on")
        }
        Stands::Result { result } => told("result", format!("its result is {result}")),
        Stands::NotInForce => told(
            "not_in_force",
            "dropped, failed in every try, or taken back; the history says which".to_owned(),
        ),
        Stands::NotKept => told("not_kept", "asked for; what became of it is not remembered".to_owned()),
    };
    told.fact("command", what).fact("try", view.tries)
}

/// What stands in the way of a message.
pub(super) fn obstacle(obstacle: &Obstacle, customer: &Customer) -> Finding {
    let template = &obstacle.template;
    let told = match &obstacle.hindrance {
        Hindrance::WindowShut { window, opens } => {
            let says = format!("its message {template} would wait: the window {window} is shut");
            Finding::new("window_shut", says).until(*opens, customer).fact("window", window)
        }
        Hindrance::WindowNeverOpens { window } => {
            let says = format!("its message {template} would be dropped: the window {window} never opens");
            Finding::new("window_never_opens", says).fact("window", window)
        }
        Hindrance::OptedOut => {
            let says = format!("its message {template} would be dropped: opted out of every channel");
            Finding::new("opted_out", says).acts("a snapshot of the account without the opt-out")
        }
        Hindrance::Capped { channel, at_most, per, frees_at } => {
            let says =
                format!("its message {template} would be dropped: {channel} is capped at {at_most} in {per}");
            let capped = Finding::new("capped", says).until(*frees_at, customer);
            capped.fact("channel", channel).fact("at_most", at_most).fact("per", per)
        }
        Hindrance::NoAddress { channel } => {
            let says = format!(
                "its message {template} would go out without an address: the account has none for {channel}"
            );
            let acts = format!("a snapshot of the account with a contact for {channel}");
            Finding::new("no_address", says).acts(acts).fact("channel", channel)
        }
    };
    told.fact("template", template)
}

fn what(what: &What) -> String {
    match what {
        What::Message { template, channel } => format!("{template} by {channel}"),
        What::Order { operation } => operation.to_string(),
        What::Task { queue } => format!("task {queue}"),
        What::Fee { code } => format!("fee {code}"),
        What::Handover { to } => format!("hand-over to {to}"),
    }
}
