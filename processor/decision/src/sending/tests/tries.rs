//! Messages that are tried again: once more, by another channel, and in the end by a person.

use super::{Event, Report, Row, Time, b1, check, check_on, messages, opted_out, paid, reminds, within};
use crate::command::{Action, Origin};
use crate::cycle::MeasureKind;
use crate::event::Outcome::{Accepted, Done, Expired, Failed};
use crate::policy::{Delivery, Measure, MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;

/// A reminder by these channels, under this rule of delivery.
fn reminder(channels: &[&str], delivery: Delivery) -> Policy {
    let reminder = message("remind", MessageClass::Reminder, channels);
    Policy { commands: messages(delivery), ..reminds(vec![reminder]) }
}

fn in_the_end(then: Measure, delivery: Delivery) -> Delivery {
    Delivery { then: Some(then), ..delivery }
}

const SENT: &str = "2026-03-01T10:00";

#[test]
fn an_end_that_is_not_reported_in_time_is_a_failure_and_accepted_is_no_end() {
    let after = |rows: Vec<Row<'_>>| {
        let mut all = vec![(SENT, b1(), "remind")];
        all.extend(rows);
        check(reminder(&["sms"], within("24h", 1)), all)
    };
    after(vec![("2026-03-02T09:59:59", Time, ""), ("2026-03-02T10:00", Time, "again remind")]);
    after(vec![("2026-03-02T09:59:59", Report("remind", Done), ""), ("2026-03-09", Time, "")]);
    after(vec![
        ("2026-03-02T09:59:59", Report("remind", Accepted), ""),
        ("2026-03-02T10:00", Time, "again remind"),
    ]);
    // The retry has its own time.
    let life = after(vec![
        ("2026-03-02T10:00", Time, "again remind"),
        ("2026-03-03T09:59:59", Report("again remind", Done), ""),
        ("2026-03-09", Time, ""),
    ]);
    assert_eq!(life.reasons(RecordKind::MeasureDropped), [""; 0]);
    let life = after(vec![("2026-03-02T10:00", Time, "again remind"), ("2026-03-03T10:00", Time, "")]);
    assert_eq!(life.reasons(RecordKind::MeasureDropped), ["nothing is left to try"]);
}

#[test]
fn retries_come_first_then_each_fallback_with_its_own_and_a_task_in_the_end() {
    for outcome in [Failed, Expired] {
        let delivery = in_the_end(task("help"), within("24h", 1));
        let life = check(
            reminder(&["sms", "email"], delivery),
            vec![
                (SENT, b1(), "remind"),
                ("2026-03-01T11:00", Report("remind", outcome), "again remind"),
                ("2026-03-01T12:00", Report("again remind", outcome), "again remind@email"),
                ("2026-03-02T12:00", Time, "again remind@email"),
                ("2026-03-02T13:00", Report("again remind@email", outcome), "task help"),
                ("2026-03-09", Time, ""),
            ],
        );
        let requested = life.reasons(RecordKind::MeasureRequested);
        assert_eq!(requested, ["stage", "retry", "fallback", "retry", "then"]);
        let first = life.commands[0].id;
        assert_eq!(life.commands[0].first_id, None);
        assert!(life.commands[1..4].iter().all(|command| command.first_id == Some(first)));
        // What is done in the end belongs to the same account and cycle.
        let last = &life.commands[4];
        assert_eq!((last.first_id, &last.origin), (None, &life.commands[0].origin));
        assert!(matches!(last.origin, Origin::Cycle { stage: Some(_), .. }));
        assert_eq!(life.debtor.under_way, []);
    }
}

#[test]
fn a_fallback_that_the_customer_opted_out_of_is_passed_over() {
    let failed = || Report("remind", Failed);
    let rows = |opt_outs: &[&str], command| {
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-01T11:00", opted_out(opt_outs), ""),
            ("2026-03-01T12:00", failed(), command),
        ]
    };
    let policy = |class| {
        let message = message("remind", class, &["sms", "email", "letter"]);
        let delivery = Delivery { then: Some(task("help")), ..Delivery::default() };
        Policy { commands: messages(delivery), ..reminds(vec![message]) }
    };
    for class in [MessageClass::Reminder, MessageClass::Statutory] {
        check(policy(class), rows(&[], "again remind@email"));
        check(policy(class), rows(&["email"], "again remind@letter"));
        check(policy(class), rows(&["email", "letter"], "task help"));
    }
}

#[test]
fn a_report_of_an_earlier_try_does_nothing_but_that_it_was_done_ends_all() {
    let policy = || reminder(&["sms", "email"], within("24h", 1));
    check(
        policy(),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-01T11:00", Report("remind", Failed), "again remind"),
            ("2026-03-01T11:00", Report("remind", Failed), ""),
            ("2026-03-01T12:00", Report("remind", Expired), ""),
            ("2026-03-01T12:00", Report("again remind", Failed), "again remind@email"),
            ("2026-03-01T13:00", Report("again remind", Accepted), ""),
        ],
    );
    let life = check(
        policy(),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-02T10:00", Time, "again remind"),
            ("2026-03-02T11:00", Report("remind", Done), ""),
            ("2026-03-09", Time, ""),
        ],
    );
    let measure = &life.debtor.profiles[0].cycles[0].measures[0];
    let MeasureKind::Message(message) = &measure.what else { panic!("a message") };
    assert_eq!(message.delivered_at, Some(moment("2026-03-02T11:00")));
}

#[test]
fn the_message_in_force_follows_the_newest_try() {
    let life = check(
        reminder(&["sms", "email"], Delivery::default()),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-01T11:00", Report("remind", Failed), "again remind@email"),
            ("2026-03-01T12:00", Report("again remind@email", Done), ""),
            ("2026-03-01T13:00", Report("again remind@email", Failed), ""),
        ],
    );
    let measure = &life.debtor.profiles[0].cycles[0].measures[0];
    assert_eq!(measure.command_id, life.newest("again remind@email"));
    assert_eq!(measure.outcome.map(|reported| reported.outcome), Some(Done));
    let MeasureKind::Message(message) = &measure.what else { panic!("a message") };
    assert_eq!(message.channel.as_str(), "email");
    assert_eq!(message.delivered_at, Some(moment("2026-03-01T12:00")));
}

#[test]
fn of_a_further_try_nothing_is_reported_yet() {
    let mut life = Life::new(reminder(&["sms"], within("24h", 1)));
    let outcome = |life: &Life| life.debtor.profiles[0].cycles[0].measures[0].outcome;
    check_on(
        &mut life,
        vec![(SENT, b1(), "remind"), ("2026-03-01T11:00", Report("remind", Failed), "again remind")],
    );
    assert_eq!(outcome(&life), None);
    check_on(&mut life, vec![("2026-03-01T12:00", Report("again remind", Accepted), "")]);
    assert_eq!(outcome(&life).map(|reported| reported.outcome), Some(Accepted));
}

#[test]
fn a_report_that_may_still_lie_in_the_log_wins_against_the_time_out() {
    let mut life = Life::new(reminder(&["sms"], within("1h", 1)));
    check_on(&mut life, vec![(SENT, b1(), "remind")]);
    // The clock is past the time-out, and the log is read up to a second before it.
    assert_eq!(life.lagging("2026-03-01T12:00", "2026-03-01T10:59:59", account(|_| {})), "");
    let done = report(life.newest("remind"), Done);
    assert_eq!(life.lagging("2026-03-01T12:00", "2026-03-01T10:59:59", done), "");
    assert_eq!(life.until("2026-03-09"), "");
}

#[test]
fn a_delivery_is_noted_where_nothing_would_be_tried_again() {
    let life = check(
        reminder(&["sms"], Delivery::default()),
        vec![(SENT, b1(), "remind"), ("2026-03-01T12:00", Report("remind", Done), "")],
    );
    assert_eq!(life.debtor.under_way, []);
    let MeasureKind::Message(message) = &life.debtor.profiles[0].cycles[0].measures[0].what else {
        panic!("a message")
    };
    assert_eq!(message.delivered_at, Some(moment("2026-03-01T12:00")));
}

#[test]
fn without_a_time_out_a_report_is_awaited_for_as_long_as_ids_are_remembered() {
    for (at, command) in [("2026-03-09T09:59:59", "again remind@email"), ("2026-03-09T10:00", "")] {
        check(
            reminder(&["sms", "email"], Delivery::default()),
            vec![(SENT, b1(), "remind"), (at, Report("remind", Failed), command)],
        );
    }
}

#[test]
fn a_cycle_that_ends_stops_the_tries_of_its_messages() {
    check(
        reminder(&["sms", "email"], in_the_end(task("help"), within("24h", 3))),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-02T10:00", Time, "again remind"),
            ("2026-03-02T11:00", paid(), "thanks"),
            ("2026-03-02T12:00", Report("again remind", Failed), ""),
            // The thanks are a message too, and nobody has reported them.
            ("2026-03-03T11:00", Time, "again thanks"),
        ],
    );
}

#[test]
fn an_alert_is_tried_again_like_any_message() {
    let commands = messages(within("1h", 1));
    let policy = Policy { commands, ..policy_of_rules(vec![rule("low", "main", falling(&["100.00"]))]) };
    let life = check(
        policy,
        vec![
            (SENT, Event(balance("main", 150_00)), ""),
            (SENT, Event(balance("main", 80_00)), "low[100.00]"),
            ("2026-03-01T10:59:59", Time, ""),
            ("2026-03-01T11:00", Time, "again low[100.00]"),
            ("2026-03-01T12:00", Time, ""),
        ],
    );
    for command in &life.commands {
        let Action::Message(message) = &command.action else { panic!("a message") };
        assert_eq!(message.text, "80.00");
    }
}

#[test]
fn a_message_that_is_sent_in_the_end_is_not_followed_itself() {
    let letter = message("help", MessageClass::Statutory, &["letter", "email"]);
    check(
        reminder(&["sms"], in_the_end(letter, within("1h", 0))),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-01T11:00", Time, "help@letter"),
            ("2026-03-01T11:30", Report("help@letter", Failed), ""),
            ("2026-03-09", Time, ""),
        ],
    );
    let letter = while_awake(message("help", MessageClass::Statutory, &["letter"]));
    check(
        reminder(&["sms"], in_the_end(letter, within("12h", 0))),
        vec![
            (SENT, b1(), "remind"),
            ("2026-03-02T08:59:59", Time, ""),
            ("2026-03-02T09:00", Time, "help@letter"),
            ("2026-03-09", Time, ""),
        ],
    );
}

#[test]
fn whatever_can_be_done_at_once_is_done_in_the_end_but_no_order() {
    let fee = Measure::Fee { code: "late".to_owned(), amount: decimal("5.00") };
    let handover = Measure::Handover { to: "agency".to_owned() };
    for (then, command) in [(fee, "fee late 5.00 USD"), (handover, "to agency 10.00 USD"), (order("bar"), "")]
    {
        check(
            reminder(&["sms"], in_the_end(then, within("1h", 0))),
            vec![(SENT, b1(), "remind"), ("2026-03-01T11:00", Time, command)],
        );
    }
}

#[test]
fn a_report_of_a_command_that_nobody_knows_is_recorded_only() {
    let mut life = Life::new(reminder(&["sms"], within("1h", 1)));
    let unknown = crate::ids::CommandId::of(&["unknown"], &[]);
    assert_eq!(life.at(SENT, report(unknown, Failed)), "");
    assert_eq!(life.reasons(RecordKind::CommandReported), ["failed"]);
}

#[test]
fn of_too_many_commands_under_way_the_one_sent_first_is_followed_no_longer() {
    let most = super::super::following::MOST_UNDER_WAY;
    let measures = (0..=most).map(|_| message("m", MessageClass::Service, &["sms", "email"])).collect();
    let mut life = Life::new(reminds(measures));
    // The check of a decision's size does not hold for such a plan.
    let now = moment(SENT);
    let event = event("e", now, invoice("B1", 10_00, "2026-03-01"));
    let moment = crate::Moment { now, horizon: now };
    let decisions = crate::decide(&mut life.debtor, crate::Input::Event(&event), moment, &life.policies);
    assert_eq!(decisions.commands.len(), most + 1);
    let ids: Vec<_> = life.debtor.under_way.iter().map(|command| command.command_id).collect();
    let expected: Vec<_> = decisions.commands.iter().skip(1).map(|command| command.id).collect();
    assert_eq!(ids, expected);
    let dropped = decisions.records.iter().filter(|record| record.kind == RecordKind::MeasureDropped);
    let reasons: Vec<_> = dropped.map(|record| record.reason.as_str()).collect();
    assert_eq!(reasons, ["too many commands are under way"]);
}
