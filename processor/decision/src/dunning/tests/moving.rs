//! A running cycle comes under a new version of its plan: what is in force is found again by what it
//! is, not by its place.

use super::check_on;
use crate::cycle::MeasureInForce;
use crate::event::{Body, Order, Outcome};
use crate::plan::{Notice, Plan, RunningCycles, Stage};
use crate::policies::Policies;
use crate::policy::{Measure, MessageClass, Policy};
use crate::testing::*;
use std::sync::Arc;

/// A life under these stages, and from the 5th of March on under the others; it has one invoice, due
/// on the 1st.
#[track_caller]
fn life(first: Vec<Stage>, later: Vec<Stage>, commands: &str) -> Life {
    let version = |name: &str, from: Option<&str>, stages| {
        let plan = Plan { running_cycles: RunningCycles::Move, lift_measures: true, ..plan(stages) };
        Arc::new(Policy { identity: identity(name), effective_from: from.map(moment), ..policy_of(plan) })
    };
    let versions = vec![version("1", None, first), version("2", Some("2026-03-05"), later)];
    let mut life = Life::new(Policies::new(versions).unwrap());
    check_on(&mut life, vec![("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), commands, "")]);
    life
}

/// The new version is looked at.
fn look() -> Option<Body> {
    Some(account(|_| {}))
}

fn paid() -> Option<Body> {
    Some(payment("P1", 10_00, &["B1"]))
}

fn now(measures: Vec<Measure>) -> Vec<Stage> {
    vec![stage("now", "0d", measures)]
}

fn in_force(life: &Life) -> &[MeasureInForce] {
    &life.debtor.profiles[0].cycles[0].measures
}

#[test]
fn what_comes_before_the_bar_in_a_new_version_does_not_take_its_place() {
    let first = now(vec![order("bar"), task("calls")]);
    let later = || now(vec![sms("barred"), order("slow"), order("bar"), task("calls")]);
    let mut cured = life(first.clone(), later(), "+bar, task calls");
    check_on(
        &mut cured,
        vec![
            ("2026-03-05", look(), "", "active now 10.00"),
            ("2026-03-06", paid(), "-un-bar, cancel calls", ""),
        ],
    );
    // What is lifted while the cycle is held is put on again, and is the bar.
    let mut held = life(first, later(), "+bar, task calls");
    check_on(
        &mut held,
        vec![
            ("2026-03-05", look(), "", ""),
            ("2026-03-06", Some(control(Order::Pause { until: None })), "-un-bar", "held now 10.00"),
            ("2026-03-07", Some(control(Order::Resume)), "+bar", "active now 10.00"),
            ("2026-03-08", paid(), "-un-bar, cancel calls", ""),
        ],
    );
}

#[test]
fn what_a_new_version_no_longer_has_in_the_stage_stays_until_the_end_and_is_not_put_on_again() {
    let later = || now(vec![order("slow")]);
    let mut cured = life(now(vec![order("bar")]), later(), "+bar");
    check_on(&mut cured, vec![("2026-03-05", look(), "", ""), ("2026-03-06", paid(), "-un-bar", "")]);
    let mut held = life(now(vec![order("bar")]), later(), "+bar");
    check_on(
        &mut held,
        vec![
            ("2026-03-05", look(), "", ""),
            ("2026-03-06", Some(control(Order::Pause { until: None })), "-un-bar", ""),
            ("2026-03-07", Some(control(Order::Resume)), "", "active now 10.00"),
            ("2026-03-08", paid(), "", ""),
        ],
    );
}

#[test]
fn of_two_messages_by_one_template_each_is_found_by_its_channel() {
    let by = |channel| message("told", MessageClass::Service, &[channel]);
    let mut life = life(
        now(vec![by("sms"), by("email")]),
        now(vec![by("letter"), by("email"), by("sms")]),
        "told, told@email",
    );
    life.at("2026-03-05", account(|_| {}));
    let places: Vec<i32> = in_force(&life).iter().map(|measure| measure.index).collect();
    assert_eq!(places, [2, 1]);
}

/// The bar on the 8th of March, and not before two days after the notice of the stage `now`.
fn with_notice(messages: Vec<Measure>) -> Vec<Stage> {
    let notice = Some(Notice { of: "now".into(), at_least: period("2d") });
    let bar = Stage { notice, ..stage("bar", "7d", vec![order("bar")]) };
    now(messages).into_iter().chain([bar]).collect()
}

fn statutory(template: &str) -> Measure {
    message(template, MessageClass::Statutory, &["sms"])
}

#[test]
fn a_notice_is_that_of_what_was_sent_whatever_a_new_version_puts_beside_it() {
    let later = [
        vec![statutory("inserted"), statutory("told")],
        vec![statutory("told"), statutory("inserted")],
        vec![sms("inserted"), order("slow"), statutory("told")],
        vec![statutory("another")],
    ];
    for later in later {
        let mut life = life(with_notice(vec![statutory("told")]), with_notice(later), "told");
        let told = life.newest("told");
        check_on(
            &mut life,
            vec![
                ("2026-03-05", look(), "", ""),
                ("2026-03-09", None, "", "active now 10.00"),
                ("2026-03-10T12:00", Some(report(told, Outcome::Done)), "", ""),
                ("2026-03-12T11:59:59", None, "", "active now 10.00"),
                ("2026-03-12T12:00", None, "+bar", "active bar 10.00"),
            ],
        );
    }
}

#[test]
fn every_message_that_was_sent_and_is_still_there_must_be_delivered() {
    let both = || vec![statutory("told"), statutory("urged")];
    for (later, bar) in [
        (vec![statutory("urged"), statutory("told")], ""),
        (vec![statutory("told")], "+bar"),
        (vec![statutory("urged")], ""),
    ] {
        let mut life = life(with_notice(both()), with_notice(later), "told, urged");
        let told = life.newest("told");
        check_on(
            &mut life,
            vec![
                ("2026-03-02", Some(report(told, Outcome::Done)), "", ""),
                ("2026-03-05", look(), "", ""),
                ("2026-03-08", None, bar, ""),
            ],
        );
    }
}

#[test]
fn a_stage_of_which_a_message_was_dropped_has_given_no_notice() {
    let reminder = || message("urged", MessageClass::Reminder, &["email"]);
    let stages = || with_notice(vec![statutory("told"), reminder()]);
    let mut life = Life::new(policy_of(plan(stages())));
    life.at("2026-02-01", account(|account| account.opt_outs = vec!["email".into()].into_iter().collect()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-02", report(life.newest("told"), Outcome::Done));
    check_on(&mut life, vec![("2026-04-01", None, "", "active now 10.00")]);
}
