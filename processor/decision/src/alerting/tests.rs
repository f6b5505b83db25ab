//! Thresholds as tables: a row a value, its alert, and what is fired afterwards.

mod expiry;
mod lines;
mod sending;

use crate::event::Body;
use crate::policy::Policy;
use crate::testing::*;
use crate::threshold::Threshold;

/// A moment, what happens then, what is commanded, what is fired afterwards.
type Row<'a> = (&'a str, Body, &'a str, &'a str);

#[track_caller]
fn check(policy: Policy, rows: Vec<Row<'_>>) -> Life {
    let mut life = Life::new(policy);
    check_on(&mut life, rows);
    life
}

#[track_caller]
fn check_on(life: &mut Life, rows: Vec<Row<'_>>) {
    for (number, (at, body, commands, fired)) in rows.into_iter().enumerate() {
        assert_eq!(life.at(at, body), commands, "commands of row {} at {at}", number + 1);
        assert_eq!(life.fired(), fired, "fired after row {} at {at}", number + 1);
    }
}

/// The values that a rule's balance takes, an hour apart.
#[track_caller]
fn check_values(rule: Threshold, rows: &[(i64, &str, &str)]) -> Life {
    let name = rule.balance.to_string();
    let mut life = Life::new(policy_of_rules(vec![rule]));
    for (number, (value, commands, fired)) in rows.iter().enumerate() {
        let at = format!("2026-01-{:02}T{:02}:00", number / 24 + 1, number % 24);
        check_on(&mut life, vec![(&at, balance(&name, *value), commands, fired)]);
    }
    life
}
