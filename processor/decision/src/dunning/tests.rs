//! Dunning as tables: a row a moment and what happens then, what is commanded, where the debt stands.

mod horizon;
mod measures;
mod moving;
mod orders;
mod overdue;
mod rolling;
mod scope;
mod stages;
mod tasks;
mod waiting;

use crate::event::Body;
use crate::plan::{Plan, Stage};
use crate::policy::{Measure, Policy};
use crate::testing::*;

/// A moment, what happens then (nothing but time where none), what is commanded since the row
/// before, and the state: status, stage, real debt. An empty state is not asked.
type Row<'a> = (&'a str, Option<Body>, &'a str, &'a str);

#[track_caller]
fn check(policy: Policy, rows: Vec<Row<'_>>) -> Life {
    let mut life = Life::new(policy);
    check_on(&mut life, rows);
    life
}

#[track_caller]
fn check_on(life: &mut Life, rows: Vec<Row<'_>>) {
    for (number, (at, body, commands, state)) in rows.into_iter().enumerate() {
        let by_time = life.until(at);
        let by_event = body.map_or_else(String::new, |body| life.at(at, body));
        let both: Vec<String> = [by_time, by_event].into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(both.join(", "), commands, "commands of row {} at {at}", number + 1);
        if !state.is_empty() {
            assert_eq!(life.state(at), state, "state after row {} at {at}", number + 1);
        }
    }
}

/// A stage that sends a message of its own name.
fn says(name: &str, after: &str) -> Stage {
    stage(name, after, vec![sms(name)])
}

/// A stage that sends a message of its own name, and bars.
fn bars(name: &str, after: &str) -> Stage {
    stage(name, after, vec![sms(name), order("bar")])
}

/// remind at 0 days, bar at 10, agency at 20; thanks on cure.
fn three_stages() -> Plan {
    let agency = stage("agency", "20d", vec![Measure::Handover { to: "agency".to_owned() }]);
    let stages = vec![says("remind", "0d"), bars("bar", "10d"), agency];
    Plan { on_cure: vec![sms("thanks")], ..plan(stages) }
}
