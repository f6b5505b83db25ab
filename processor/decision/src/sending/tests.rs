//! Sending as tables: a row a moment, what happens then, what is commanded.

mod caps;
mod kept_back;
mod orders;
mod tries;
mod windows;

use crate::event::{Body, Outcome};
use crate::plan::{Plan, Stage};
use crate::policy::{CommandRules, Delivery, Measure, Policy};
use crate::testing::*;

/// A moment, what happens then, and what is commanded since the row before.
type Row<'a> = (&'a str, Does, &'a str);

/// What happens.
enum Does {
    /// Nothing but time.
    Time,
    /// An event comes.
    Event(Body),
    /// The newest command of this text is reported.
    Report(&'static str, Outcome),
}

use Does::{Event, Report, Time};

#[track_caller]
fn check(policy: Policy, rows: Vec<Row<'_>>) -> Life {
    let mut life = Life::new(policy);
    check_on(&mut life, rows);
    life
}

#[track_caller]
fn check_on(life: &mut Life, rows: Vec<Row<'_>>) {
    for (number, (at, does, commands)) in rows.into_iter().enumerate() {
        let by_time = life.until(at);
        let by_event = match does {
            Time => String::new(),
            Event(body) => life.at(at, body),
            Report(text, outcome) => {
                let id = life.newest(text);
                life.at(at, report(id, outcome))
            }
        };
        let both: Vec<String> = [by_time, by_event].into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(both.join(", "), commands, "commands of row {} at {at}", number + 1);
    }
}

/// A policy with a plan of one stage, `remind`, that takes these measures on the due day.
fn reminds(measures: Vec<Measure>) -> Policy {
    policy_of(Plan { on_cure: vec![sms("thanks")], ..plan(vec![remind(measures)]) })
}

fn remind(measures: Vec<Measure>) -> Stage {
    stage("remind", "0d", measures)
}

/// Messages under these rules.
fn messages(message: Delivery) -> CommandRules {
    CommandRules { message, ..CommandRules::default() }
}

/// Orders under these rules.
fn provisions(provision: Delivery) -> CommandRules {
    CommandRules { provision, ..CommandRules::default() }
}

fn within(report_within: &str, retries: u32) -> Delivery {
    Delivery { report_within: Some(period(report_within)), retries, then: None }
}

/// An invoice of ten dollars, due on the 1st of March.
fn b1() -> Does {
    Event(invoice("B1", 10_00, "2026-03-01"))
}

fn paid() -> Does {
    Event(payment("P1", 10_00, &["B1"]))
}

fn opted_out(channels: &[&str]) -> Does {
    Event(account(|account| account.opt_outs = channels.iter().map(|channel| (*channel).into()).collect()))
}
