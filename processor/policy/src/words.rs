//! The words for what the core knows by types: mostly those of the policy file.
//!
//! What changes from one policy to another is told in them ([`crate::difference`]), and what a policy says.

mod hours;
mod measure;

pub use hours::{hours, runs, skips};
pub use measure::{details, measure, name, summary};

use decision::money::Decimal;
use decision::plan::{Anchor, CatchUp, CountDate, DebtClassBy, OnPartCure, OnResegment, RunningCycles};
use decision::policy::{Breaker, Condition, HoldBounds};
use decision::threshold::{Deliver, Direction, OnFirst};
use decision::time::{Period, Weekday};
use jiff::civil::DateTime;
use std::fmt::Display;

pub(crate) fn group(name: &str) -> String {
    format!("group {name}")
}

pub(crate) fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Things after one another, parted by commas; `none` where there is none.
#[must_use]
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

pub(crate) fn in_brackets(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// A condition as it is written, which is what its `Debug` gives.
#[must_use]
pub fn condition(condition: Option<&dyn Condition>) -> Option<String> {
    condition.map(|condition| format!("`{condition:?}`"))
}

/// A day, or a moment of it, as a policy writes them.
pub(crate) fn local(moment: DateTime) -> String {
    let text = moment.to_string();
    text.strip_suffix("T00:00:00").unwrap_or(&text).to_owned()
}

pub(crate) fn is_same_number(old: Decimal, new: Decimal) -> bool {
    let plain = |number: Decimal| {
        let text = number.to_string();
        match text.split_once('.') {
            Some((whole, fraction)) => (whole.to_owned(), fraction.trim_end_matches('0').to_owned()),
            None => (text, String::new()),
        }
    };
    plain(old) == plain(new)
}

/// A day of the week, in three letters.
#[must_use]
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Mon",
        Weekday::Tue => "Tue",
        Weekday::Wed => "Wed",
        Weekday::Thu => "Thu",
        Weekday::Fri => "Fri",
        Weekday::Sat => "Sat",
        Weekday::Sun => "Sun",
    }
}

/// Which invoices are worked on together.
#[must_use]
pub fn debt_class(by: DebtClassBy) -> &'static str {
    match by {
        DebtClassBy::All => "all",
        DebtClassBy::Provider => "provider",
        DebtClassBy::Service => "service",
    }
}

/// From which date an invoice's age is counted.
#[must_use]
pub fn count_date(date: CountDate) -> &'static str {
    match date {
        CountDate::Due => "due",
        CountDate::Issued => "issued",
    }
}

/// What stages count from.
#[must_use]
pub fn anchor(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Oldest => "oldest",
        Anchor::Entry => "entry",
    }
}

/// What a payment of a part does.
#[must_use]
pub fn on_part_cure(what: OnPartCure) -> &'static str {
    match what {
        OnPartCure::Stay => "stay",
        OnPartCure::StepDown => "step_down",
    }
}

/// What becomes of a running cycle when its account moves to the plan.
#[must_use]
pub fn on_resegment(what: OnResegment) -> &'static str {
    match what {
        OnResegment::Keep => "keep",
        OnResegment::Map => "map",
        OnResegment::Restart => "restart",
    }
}

/// Whether running cycles move to a new version.
#[must_use]
pub fn running_cycles(what: RunningCycles) -> &'static str {
    match what {
        RunningCycles::Stay => "stay",
        RunningCycles::Move => "move",
    }
}

/// What is done with several stages due at once.
#[must_use]
pub fn catch_up(how: CatchUp) -> &'static str {
    match how {
        CatchUp::Sequential => "sequential",
        CatchUp::Severest => "severest",
    }
}

/// Which way a value crosses lines, as it is said.
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Falling => "falls to",
        Direction::Rising => "rises to",
    }
}

/// Whether the very first value may fire.
#[must_use]
pub fn on_first(what: OnFirst) -> &'static str {
    match what {
        OnFirst::Silent => "silent",
        OnFirst::Fire => "fire",
    }
}

/// Which of several lines an alert names.
#[must_use]
pub fn deliver(which: Deliver) -> &'static str {
    match which {
        Deliver::All => "all",
        Deliver::Severest => "severest",
    }
}

/// A length of time as it is said: `15 days`, `1 hour`.
#[must_use]
pub fn period(period: Period) -> String {
    let written = period.to_string();
    let (count, unit) = written.split_at(written.len().saturating_sub(1));
    let unit = match unit {
        "d" => "day",
        "h" => "hour",
        "m" => "minute",
        _ => "second",
    };
    if count == "1" { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// What bounds a kind of hold; none where nothing does.
#[must_use]
pub fn bounds(bounds: &HoldBounds) -> Option<String> {
    let HoldBounds { at_most, per, no_longer_than, no_more_than, beyond } = bounds;
    let parts = [
        at_most.map(|count| match per {
            Some(per) => format!("at most {count} in {}", period(*per)),
            None => format!("at most {count} at one time"),
        }),
        no_longer_than.map(|longest| format!("no longer than {}", period(longest))),
        no_more_than.map(|most| format!("no more than {most}")),
        beyond.as_ref().map(|role| format!("beyond that by {role}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// When cutting off is stopped.
#[must_use]
pub fn breaker(breaker: &Breaker) -> String {
    let Breaker { more_than, over, against, at_least } = breaker;
    let (over, against) = (period(*over), period(*against));
    format!(
        "more than {more_than} times as many orders that cut off in {over} as is usual, by the last {against}, and \
         at least {at_least}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_as_people_say_it() {
        let rows = [
            ("0d", "0 days"),
            ("1d", "1 day"),
            ("15d", "15 days"),
            ("1h", "1 hour"),
            ("24h", "24 hours"),
            ("90m", "90 minutes"),
            ("30s", "30 seconds"),
        ];
        for (written, said) in rows {
            assert_eq!(period(Period::parse(written).unwrap()), said);
        }
    }
}
