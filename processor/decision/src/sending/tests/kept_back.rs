//! Commands that were decided and had to wait before they left: for their rate, for a person, and
//! then for their window.

use super::{Event, Report, Time, b1, check, check_on, messages, paid, provisions, remind, reminds, within};
use crate::command::Action;
use crate::event::{Control, Order, Outcome};
use crate::passage::Passage;
use crate::plan::{Plan, Stage};
use crate::policy::{Cap, CommandRules, Measure, MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::Threshold;

fn awake(template: &str) -> Measure {
    while_awake(sms(template))
}

/// A life whose message was decided at 20:59:59, had to wait for its rate, and came back at 21:00.
fn came_back(policy: Policy) -> Life {
    let mut life = Life::new(policy);
    check_on(&mut life, vec![("2026-03-01T20:59:59", b1(), "remind")]);
    assert_eq!(life.pass("2026-03-01T20:59:59", "remind", Passage::Waits), "");
    assert_eq!(life.pass("2026-03-01T21:00", "remind", Passage::Shut), "");
    life
}

#[track_caller]
fn newest_text(life: &Life) -> &str {
    match life.commands.last().map(|command| &command.action) {
        Some(Action::Message(message)) => &message.text,
        other => panic!("the newest command is {other:?}"),
    }
}

#[test]
fn a_message_that_came_back_goes_when_its_window_opens_and_speaks_of_the_debt_as_it_is_then() {
    let mut life = came_back(reminds(vec![awake("remind")]));
    let first = life.newest("remind");
    check_on(
        &mut life,
        vec![
            ("2026-03-01T23:00", Event(payment("P1", 4_00, &["B1"])), ""),
            ("2026-03-02T08:59:59", Time, ""),
            ("2026-03-02T09:00", Time, "remind"),
            ("2026-03-09", Time, ""),
        ],
    );
    assert_eq!(newest_text(&life), "6.00 remind");
    assert_eq!(life.newest("remind"), first, "it is the same command");
    assert_eq!(life.reasons(RecordKind::MeasureDelayed), ["its window is shut"]);
}

#[test]
fn a_message_that_came_back_is_cancelled_with_its_cycle_and_was_never_sent() {
    let mut life = came_back(reminds(vec![awake("remind")]));
    check_on(&mut life, vec![("2026-03-02T08:59:59", paid(), ""), ("2026-03-09", Time, "")]);
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["the cycle no longer asks for it"]);
}

#[test]
fn where_something_else_was_sent_a_cure_is_thanked_for_though_the_message_came_back() {
    let mut life = Life::new(reminds(vec![awake("remind"), sms("first")]));
    check_on(&mut life, vec![("2026-03-01T20:59:59", b1(), "remind, first")]);
    life.pass("2026-03-01T21:00", "remind", Passage::Shut);
    check_on(&mut life, vec![("2026-03-02T08:59:59", paid(), "thanks")]);
}

#[test]
fn a_message_whose_cycle_ended_before_it_came_back_is_cancelled() {
    let mut life = Life::new(reminds(vec![awake("remind")]));
    check_on(&mut life, vec![("2026-03-01T20:00", b1(), "remind")]);
    life.pass("2026-03-01T20:00", "remind", Passage::Waits);
    check_on(&mut life, vec![("2026-03-01T20:30", paid(), "thanks")]);
    assert_eq!(life.pass("2026-03-01T21:00", "remind", Passage::Shut), "");
    assert_eq!(life.until("2026-03-09"), "");
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["the cycle no longer asks for it"]);
}

#[test]
fn an_alert_that_came_back_speaks_of_the_balance_as_it_was() {
    let low = Threshold { measures: vec![awake("low")], ..rule("low", "main", falling(&["100.00"])) };
    let mut life = Life::new(policy_of_rules(vec![low]));
    check_on(
        &mut life,
        vec![
            ("2026-03-01T19:00", Event(balance("main", 150_00)), ""),
            ("2026-03-01T20:00", Event(balance("main", 80_00)), "low[100.00]"),
        ],
    );
    life.pass("2026-03-01T20:00", "low[100.00]", Passage::Waits);
    life.pass("2026-03-01T21:00", "low[100.00]", Passage::Shut);
    check_on(
        &mut life,
        vec![
            ("2026-03-01T23:00", Event(balance("main", 70_00)), ""),
            ("2026-03-02T09:00", Time, "low[100.00]"),
        ],
    );
    assert_eq!(newest_text(&life), "80.00");
}

#[test]
fn a_message_that_came_back_counts_for_a_cap_once_it_is_sent() {
    let cap = Cap { channel: "sms".into(), at_most: 1, per: period("7d") };
    let commands = CommandRules { caps: vec![cap], ..CommandRules::default() };
    let Measure::Message(message) = awake("remind") else { unreachable!() };
    let service = Measure::Message(crate::policy::MessageMeasure { class: MessageClass::Service, ..message });
    let mut life = came_back(Policy { commands, ..reminds(vec![service]) });
    assert_eq!(life.until("2026-03-02T09:00"), "remind");
    assert_eq!(life.debtor.addressed[0].at, [moment("2026-03-02T09:00")]);
}

#[test]
fn a_further_try_that_came_back_keeps_the_channels_that_are_left() {
    let both = message("remind", MessageClass::Service, &["sms", "email", "letter"]);
    let policy = Policy { commands: messages(within("6h", 0)), ..reminds(vec![while_awake(both)]) };
    let mut life = check(
        policy,
        vec![("2026-03-01T14:00", b1(), "remind"), ("2026-03-01T20:00", Time, "again remind@email")],
    );
    life.pass("2026-03-01T20:00", "again remind@email", Passage::Waits);
    life.pass("2026-03-01T21:00", "again remind@email", Passage::Shut);
    check_on(
        &mut life,
        vec![
            ("2026-03-02T09:00", Time, "again remind@email"),
            ("2026-03-02T14:59:59", Time, ""),
            ("2026-03-02T15:00", Time, "again remind@letter"),
        ],
    );
}

/// The bar on the 1st of March, in the window `waking`.
fn bars(commands: CommandRules) -> Policy {
    let measures = vec![order("bar"), sms("barred")];
    Policy { commands, ..policy_of(plan(vec![Stage { window: Some(waking()), ..remind(measures) }])) }
}

#[test]
fn a_further_try_of_what_a_stage_does_waits_for_the_stages_window() {
    for (failed, again) in
        [("2026-03-01T20:59:59", "2026-03-01T20:59:59"), ("2026-03-01T21:00", "2026-03-02T09:00")]
    {
        for (text, outcome) in [("+bar", "again +bar"), ("barred", "again barred")] {
            let retries = crate::policy::Delivery { retries: 1, ..Default::default() };
            let commands =
                CommandRules { message: retries.clone(), provision: retries, ..CommandRules::default() };
            let mut life = check(bars(commands), vec![("2026-03-01T12:00", b1(), "+bar, barred")]);
            let at_once = life.at(failed, report(life.newest(text), Outcome::Failed));
            let later = life.until(again);
            assert_eq!(format!("{at_once}{later}"), outcome, "after {failed}");
            assert_eq!(at_once.is_empty(), failed != again);
        }
    }
}

#[test]
fn an_order_whose_further_try_waits_for_the_window_is_undone_and_not_tried_again() {
    let mut life =
        check(bars(provisions(within("10m", 1))), vec![("2026-03-01T20:55", b1(), "+bar, barred")]);
    check_on(&mut life, vec![("2026-03-01T22:00", paid(), "-un-bar"), ("2026-03-09", Time, "again -un-bar")]);
}

#[test]
fn what_a_person_jumps_to_does_not_ask_the_stages_window() {
    let mut life = Life::new(Policy {
        commands: provisions(within("10m", 1)),
        ..policy_of(plan(vec![
            remind(vec![sms("remind")]),
            Stage {
                name: "bar".into(),
                after: period("90d"),
                ..bars(CommandRules::default()).plans["plan"].stages[0].clone()
            },
        ]))
    });
    check_on(
        &mut life,
        vec![
            ("2026-03-01T12:00", b1(), "remind"),
            ("2026-03-01T23:00", Event(control(Order::Jump("bar".into()))), "+bar, barred"),
            ("2026-03-01T23:10", Time, "again +bar"),
        ],
    );
    assert!(life.commands.iter().all(|command| command.window.is_none()));
}

fn released() -> Control {
    Control { by: "anna".to_owned(), role: "admin".to_owned(), why: None, order: Order::ReleaseHeld }
}

#[test]
fn an_order_that_was_held_for_longer_than_ids_are_remembered_is_followed_from_its_release_on() {
    let mut life = Life::new(bars(provisions(within("10m", 1))));
    check_on(&mut life, vec![("2026-03-01T12:00", b1(), "+bar, barred")]);
    life.pass("2026-03-01T12:00", "+bar", Passage::Held);
    check_on(
        &mut life,
        vec![("2026-03-09T12:00:01", Report("barred", Outcome::Done), ""), ("2026-03-20T12:00", Time, "")],
    );
    assert_eq!(life.pass("2026-03-20T12:00", "+bar", Passage::Released(&released())), "");
    check_on(
        &mut life,
        vec![
            ("2026-03-20T12:09:59", Time, ""),
            ("2026-03-20T12:10", Time, "again +bar"),
            ("2026-03-20T12:20", Time, ""),
        ],
    );
}

#[test]
fn what_was_sent_is_forgotten_once_ids_are_and_what_is_kept_back_is_not() {
    for (reported, is_known) in [("2026-03-09T11:59:59", true), ("2026-03-09T12:00", false)] {
        for is_kept_back in [false, true] {
            let retries = crate::policy::Delivery { retries: 1, ..Default::default() };
            let mut life = check(bars(provisions(retries)), vec![("2026-03-01T12:00", b1(), "+bar, barred")]);
            if is_kept_back {
                life.pass("2026-03-01T12:00", "+bar", Passage::Waits);
            }
            life.at(reported, report(life.newest("barred"), Outcome::Done));
            assert_eq!(!life.debtor.under_way.is_empty(), is_known || is_kept_back, "at {reported}");
        }
    }
}

#[test]
fn an_order_that_was_lifted_before_it_left_is_put_on_again_when_its_cycle_goes_on() {
    let plan = Plan { lift_measures: true, ..plan(vec![remind(vec![order("bar")])]) };
    let mut life = check(policy_of(plan), vec![("2026-03-01T12:00", b1(), "+bar")]);
    life.pass("2026-03-01T12:00", "+bar", Passage::Held);
    check_on(&mut life, vec![("2026-03-02", Event(control(Order::Pause { until: None })), "-un-bar")]);
    life.pass("2026-03-02", "+bar", Passage::Undone);
    life.pass("2026-03-02", "-un-bar", Passage::Undone);
    check_on(
        &mut life,
        vec![("2026-03-03", Event(control(Order::Resume)), "+bar"), ("2026-03-04", paid(), "-un-bar")],
    );
}
