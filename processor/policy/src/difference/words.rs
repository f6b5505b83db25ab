//! The words of the policy file for what the core knows by types.

use decision::money::Decimal;
use decision::plan::{Anchor, CatchUp, CountDate, DebtClassBy, OnPartCure, OnResegment, RunningCycles};
use decision::policy::Condition;
use decision::threshold::{Deliver, Direction, OnFirst};
use decision::time::Weekday;
use jiff::civil::DateTime;
use std::fmt::Display;

pub(super) fn group(name: &str) -> String {
    format!("group {name}")
}

pub(super) fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

pub(super) fn in_brackets(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// A condition as it is written, which is what its `Debug` gives.
pub(super) fn condition(condition: Option<&dyn Condition>) -> Option<String> {
    condition.map(|condition| format!("`{condition:?}`"))
}

/// A day, or a moment of it, as a policy writes them.
pub(super) fn local(moment: DateTime) -> String {
    let text = moment.to_string();
    text.strip_suffix("T00:00:00").unwrap_or(&text).to_owned()
}

pub(super) fn is_same_number(old: Decimal, new: Decimal) -> bool {
    let plain = |number: Decimal| {
        let text = number.to_string();
        match text.split_once('.') {
            Some((whole, fraction)) => (whole.to_owned(), fraction.trim_end_matches('0').to_owned()),
            None => (text, String::new()),
        }
    };
    plain(old) == plain(new)
}

pub(super) fn weekday(day: Weekday) -> &'static str {
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

pub(super) fn debt_class(by: DebtClassBy) -> &'static str {
    match by {
        DebtClassBy::All => "all",
        DebtClassBy::Provider => "provider",
        DebtClassBy::Service => "service",
    }
}

pub(super) fn count_date(date: CountDate) -> &'static str {
    match date {
        CountDate::Due => "due",
        CountDate::Issued => "issued",
    }
}

pub(super) fn anchor(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Oldest => "oldest",
        Anchor::Entry => "entry",
    }
}

pub(super) fn on_part_cure(what: OnPartCure) -> &'static str {
    match what {
        OnPartCure::Stay => "stay",
        OnPartCure::StepDown => "step_down",
    }
}

pub(super) fn on_resegment(what: OnResegment) -> &'static str {
    match what {
        OnResegment::Keep => "keep",
        OnResegment::Map => "map",
        OnResegment::Restart => "restart",
    }
}

pub(super) fn running_cycles(what: RunningCycles) -> &'static str {
    match what {
        RunningCycles::Stay => "stay",
        RunningCycles::Move => "move",
    }
}

pub(super) fn catch_up(how: CatchUp) -> &'static str {
    match how {
        CatchUp::Sequential => "sequential",
        CatchUp::Severest => "severest",
    }
}

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Falling => "falls to",
        Direction::Rising => "rises to",
    }
}

pub(super) fn on_first(what: OnFirst) -> &'static str {
    match what {
        OnFirst::Silent => "silent",
        OnFirst::Fire => "fire",
    }
}

pub(super) fn deliver(which: Deliver) -> &'static str {
    match which {
        Deliver::All => "all",
        Deliver::Severest => "severest",
    }
}
