//! An item as a line of text: when, what, whose, in words, and what led to it.

use super::causes::Led;
use super::item::{Item, Unreadable, What};
use super::order::Told;
use super::wanted::command_kind;
use decision::Policies;
use decision::time::{Timestamp, Zone};
use std::sync::Arc;
use whatif::words;

/// How many of the causes are named.
const NAMED: usize = 5;

/// Amounts that name no currency have so many decimals where no policy says the usual currency.
const USUAL_EXPONENT: u8 = 2;

/// Puts items into words, by the policy where it is at hand.
pub(super) struct Words {
    policies: Option<Arc<Policies>>,
}

impl Words {
    pub(super) fn new(policies: Option<Arc<Policies>>) -> Self {
        Self { policies }
    }

    /// What an item says.
    pub(super) fn of(&self, item: &Item) -> String {
        let words = match &item.what {
            What::Event(_, event) => {
                let policy = self.policies.as_ref().map(|policies| policies.at(item.logged_at));
                let exponent = policy.map_or(USUAL_EXPONENT, |policy| policy.defaults.currency.exponent());
                words::event(event, exponent, policy.map(|policy| &**policy))
            }
            What::Decision(line) => words::line(line),
            What::Command(topic, command) => {
                format!("{}: {}", command_kind(*topic), words::command(command))
            }
            What::Reject(rejected) => format!("{}: {}", rejected.reason, rejected.detail),
            What::Unreadable(Unreadable { problem, .. }) => problem.clone(),
        };
        one_line(&words)
    }

    /// The line of an item.
    pub(super) fn line(&self, told: &Told) -> String {
        let item = &told.item;
        let (what, indent, behind) = match &item.what {
            What::Event(_, event) => ("event", "", format!("  [{}]", event.event_id)),
            What::Decision(_) => ("decision", "  ", led(told.led.as_ref())),
            What::Command(..) => ("command", "  ", led(told.led.as_ref())),
            What::Reject(rejected) => {
                let place = rejected.from.as_ref().map(|from| format!(" at {from}")).unwrap_or_default();
                let event = rejected.event_id.as_deref().unwrap_or("an event without a readable id");
                ("reject", "  ", format!("  ← {event}{place}"))
            }
            What::Unreadable(_) => ("unreadable", "", format!("  at {}", item.place)),
        };
        let (at, whose, words) = (moment(item.logged_at), whose(item), self.of(item));
        // In columns, unless an id is long.
        format!("{at}  {:<10}  {whose:<10}  {words}{}", format!("{indent}{what}"), one_line(&behind))
    }
}

/// The account, and who pays where that is another one.
fn whose(item: &Item) -> String {
    let text = match (item.account(), item.debtor()) {
        (Some(account), Some(debtor)) if account != debtor => format!("{account} (debtor {debtor})"),
        (Some(id), _) | (None, Some(id)) => id.to_owned(),
        (None, None) => "-".to_owned(),
    };
    one_line(&text)
}

/// What led to something, behind an arrow.
fn led(led: Option<&Led>) -> String {
    let Some(led) = led else { return String::new() };
    let due = led.due.iter().map(|due| format!("due {}", moment(*due)));
    let policy = led.new_policy.then(|| "another version of the policy".to_owned());
    let mut causes: Vec<String> = led.events.iter().cloned().chain(due).chain(policy).collect();
    let left_out = causes.len().saturating_sub(NAMED);
    causes.truncate(NAMED);
    if left_out > 0 {
        causes.push(format!("{left_out} more"));
    }
    let is_one = led.count() == 1;
    if led.may_be_others {
        causes.push("what was not seen".to_owned());
    }
    match (led.count(), led.may_be_others) {
        (0, _) => "  ← not seen".to_owned(),
        (_, false) if is_one => format!("  ← {}", causes.concat()),
        _ => format!("  ← one of {}", causes.join(", ")),
    }
}

/// A moment to the millisecond, in UTC.
fn moment(at: Timestamp) -> String {
    Zone::utc().local(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// What others wrote may hold breaks of lines, and orders to a terminal.
fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests;
