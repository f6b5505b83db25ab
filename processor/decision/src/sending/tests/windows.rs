//! Messages that wait for their window.

use super::{
    Does, Event, Report, Time, b1, check, check_on, messages, opted_out, paid, remind, reminds, within,
};
use crate::calendar::Window;
use crate::command::Action;
use crate::event::{Order, Outcome};
use crate::plan::{OnPartCure, Plan};
use crate::policies::Policies;
use crate::policy::{Measure, MessageClass, MessageMeasure, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::Threshold;
use crate::underway::{CommandUnderWay, MessageUnderWay, StoredOrigin, UnderWay};
use std::sync::Arc;

fn awake(template: &str) -> Measure {
    while_awake(sms(template))
}

/// What the newest command says.
#[track_caller]
fn newest_text(life: &Life) -> &str {
    let Some(Action::Message(message)) = life.commands.last().map(|command| &command.action) else {
        panic!("the newest command is no message")
    };
    &message.text
}

#[test]
fn a_window_delays_the_message_and_not_the_stage() {
    let measures = || vec![awake("remind"), task("calls")];
    for (at, at_once, later) in [
        ("2026-03-01T08:59:59", "task calls", "remind"),
        ("2026-03-01T09:00", "remind, task calls", ""),
        ("2026-03-01T20:59:59", "remind, task calls", ""),
    ] {
        let life = check(
            reminds(measures()),
            vec![(at, b1(), at_once), ("2026-03-01T20:59:59", Time, later), ("2026-03-09", Time, "")],
        );
        assert_eq!(life.state("2026-03-09"), "active remind 10.00");
    }
    // The last minute is outside.
    let life = check(
        reminds(measures()),
        vec![
            ("2026-03-01T21:00", b1(), "task calls"),
            ("2026-03-02T08:59:59", Time, ""),
            ("2026-03-02T09:00", Time, "remind"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::MeasureDelayed), ["its window is shut"]);
    assert_eq!(life.debtor.under_way, []);
}

#[test]
fn a_waiting_message_of_a_cycle_that_ends_is_cancelled_and_was_never_sent() {
    let policy = || reminds(vec![awake("remind")]);
    let life = check(
        policy(),
        vec![("2026-03-01T22:00", b1(), ""), ("2026-03-02T08:59:59", paid(), ""), ("2026-03-03", Time, "")],
    );
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["the cycle no longer asks for it"]);
    check(policy(), vec![("2026-03-01T22:00", b1(), ""), ("2026-03-02T09:00", paid(), "remind, thanks")]);
}

#[test]
fn what_is_paid_before_the_window_is_looked_at_wins_against_the_message() {
    let mut life = Life::new(reminds(vec![awake("remind")]));
    life.at("2026-03-01T22:00", invoice("B1", 10_00, "2026-03-01"));
    let paid = payment("P1", 10_00, &["B1"]);
    assert_eq!(life.lagging("2026-03-02T12:00", "2026-03-02T12:00", paid), "");
}

#[test]
fn a_waiting_message_of_a_stage_that_is_stepped_down_is_cancelled() {
    let stages = vec![
        remind(vec![sms("remind")]),
        crate::plan::Stage { if_debt: Some(decimal("8.00")), ..stage("warn", "1d", vec![awake("warn")]) },
    ];
    let plan = Plan { on_part_cure: OnPartCure::StepDown, ..plan(stages) };
    let part = || Event(payment("P1", 5_00, &["B1"]));
    let life = check(
        policy_of(plan),
        vec![("2026-03-01", b1(), "remind"), ("2026-03-02T08:00", part(), ""), ("2026-03-09", Time, "")],
    );
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["the cycle no longer asks for it"]);
}

#[test]
fn a_message_that_waited_speaks_of_the_debt_as_it_is_and_an_alert_of_the_balance_as_it_was() {
    let mut life = Life::new(reminds(vec![awake("remind")]));
    check_on(
        &mut life,
        vec![
            ("2026-03-01T22:00", b1(), ""),
            ("2026-03-01T23:00", Event(payment("P1", 4_00, &["B1"])), ""),
            ("2026-03-02T09:00", Time, "remind"),
        ],
    );
    assert_eq!(newest_text(&life), "6.00 remind");
    let low = Threshold { measures: vec![awake("low")], ..rule("low", "main", falling(&["100.00"])) };
    let mut life = Life::new(policy_of_rules(vec![low]));
    check_on(
        &mut life,
        vec![
            ("2026-03-01T21:00", Event(balance("main", 150_00)), ""),
            ("2026-03-01T22:00", Event(balance("main", 80_00)), ""),
            ("2026-03-01T23:00", Event(balance("main", 70_00)), ""),
            ("2026-03-02T09:00", Time, "low[100.00]"),
        ],
    );
    assert_eq!(newest_text(&life), "80.00");
}

#[test]
fn opt_outs_are_asked_when_a_message_is_really_sent() {
    use MessageClass::{Reminder, Service, Statutory};
    for (class, opt_outs, command) in [
        (Reminder, &[][..], "m"),
        (Reminder, &["sms"], "m@email"),
        (Reminder, &["sms", "email"], ""),
        (Service, &["sms", "email"], "m"),
        (Statutory, &["sms", "email"], "m"),
    ] {
        let life = check(
            reminds(vec![while_awake(message("m", class, &["sms", "email"]))]),
            vec![
                ("2026-03-01T22:00", b1(), ""),
                ("2026-03-01T23:00", opted_out(opt_outs), ""),
                ("2026-03-02T09:00", Time, command),
            ],
        );
        let cycle = &life.debtor.profiles[0].cycles[0];
        let is_sent = !command.is_empty();
        assert_eq!((cycle.measures.len(), cycle.has_sent), (usize::from(is_sent), is_sent), "{class:?}");
    }
}

#[test]
fn a_message_that_is_woken_too_late_waits_for_the_next_opening() {
    let mut life = Life::new(reminds(vec![awake("remind")]));
    life.at("2026-03-01T22:00", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.catch_up("2026-03-02T21:00"), "");
    assert_eq!(life.until("2026-03-03T08:59:59"), "");
    assert_eq!(life.until("2026-03-03T09:00"), "remind");
    assert_eq!(life.reasons(RecordKind::MeasureDelayed).len(), 2);
}

#[test]
fn what_waited_goes_before_what_a_later_stage_sends_at_the_same_moment() {
    let stages = vec![remind(vec![awake("remind")]), stage("warn", "1d", vec![sms("warn")])];
    let mut life = Life::new(policy_of(plan(stages)));
    life.at("2026-03-01T22:00", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.catch_up("2026-03-02T10:00"), "remind, warn");
}

#[test]
fn a_message_whose_window_never_opens_is_dropped_and_recorded() {
    let never = Window { name: "never".into(), hours: Vec::new(), skipped: None };
    let Measure::Message(message) = sms("remind") else { unreachable!() };
    let message = MessageMeasure { window: Some(Arc::new(never)), ..message };
    let life = check(reminds(vec![Measure::Message(message)]), vec![("2026-03-01", b1(), "")]);
    assert_eq!(life.reasons(RecordKind::MeasureDropped), ["its window never opens"]);
}

#[test]
fn an_observed_message_waits_for_nothing_and_counts_as_delivered() {
    let plan = Plan { observe: true, ..plan(vec![remind(vec![awake("remind")])]) };
    let life = check(policy_of(plan), vec![("2026-03-01T22:00", b1(), "")]);
    assert_eq!(life.reasons(RecordKind::MeasureObserved), ["observe"]);
    let crate::cycle::MeasureKind::Message(in_force) = &life.debtor.profiles[0].cycles[0].measures[0].what
    else {
        panic!("a message")
    };
    assert_eq!(in_force.delivered_at, Some(moment("2026-03-01T22:00")));
    assert_eq!((&*life.debtor.under_way, &*life.debtor.addressed), (&[][..], &[][..]));
}

#[test]
fn a_message_of_a_cycle_that_is_held_waits_until_it_goes_on() {
    let mut life = Life::new(reminds(vec![awake("remind")]));
    life.at("2026-03-01T22:00", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-01T23:00", control(Order::Pause { until: None }));
    assert_eq!(life.until("2026-03-02T09:00"), "");
    assert_eq!(life.at("2026-03-02T10:00", account(|_| {})), "");
    // In the night the window is shut again.
    assert_eq!(life.at("2026-03-02T22:00", control(Order::Resume)), "");
    assert_eq!(life.until("2026-03-03T09:00"), "remind");
}

#[test]
fn a_further_try_waits_for_the_window_too_and_is_not_made_once_an_earlier_one_was_done() {
    let policy = || Policy { commands: messages(within("6h", 1)), ..reminds(vec![awake("remind")]) };
    check(
        policy(),
        vec![
            ("2026-03-01T20:00", b1(), "remind"),
            ("2026-03-02T08:59:59", Time, ""),
            ("2026-03-02T09:00", Time, "again remind"),
            ("2026-03-09", Time, ""),
        ],
    );
    let life = check(
        policy(),
        vec![
            ("2026-03-01T20:00", b1(), "remind"),
            ("2026-03-02T08:59:59", Report("remind", Outcome::Done), ""),
            ("2026-03-09", Time, ""),
        ],
    );
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["an earlier try was done"]);
}

#[test]
fn a_report_of_a_message_that_has_not_gone_out_changes_nothing() {
    for outcome in [Outcome::Done, Outcome::Failed, Outcome::Accepted] {
        let mut life = Life::new(reminds(vec![while_awake(message(
            "remind",
            MessageClass::Service,
            &["sms", "email"],
        ))]));
        check_on(&mut life, vec![("2026-03-01T22:00", b1(), "")]);
        let id = life.debtor.profiles[0].cycles[0].measures[0].command_id;
        check_on(
            &mut life,
            vec![("2026-03-01T23:00", Event(report(id, outcome)), ""), ("2026-03-02T09:00", Time, "remind")],
        );
    }
}

#[test]
fn a_message_waits_for_the_window_of_the_version_it_was_decided_under() {
    let first = reminds(vec![awake("remind")]);
    let mut later = Policy {
        identity: identity("2"),
        effective_from: Some(moment("2026-03-02")),
        ..reminds(vec![awake("remind")])
    };
    later.windows.clear();
    let mut life = Life::new(Policies::new(vec![Arc::new(first), Arc::new(later)]).unwrap());
    check_on(
        &mut life,
        vec![
            ("2026-03-01T22:00", b1(), ""),
            ("2026-03-02T08:59:59", Time, ""),
            ("2026-03-02T09:00", Time, "remind"),
        ],
    );
    assert_eq!(&*life.commands[0].policy.version, "1");
}

#[test]
fn a_message_before_the_due_day_is_not_sent_once_its_invoice_is_paid() {
    let soon = || CommandUnderWay {
        command_id: crate::ids::CommandId::of(&["soon"], &[]),
        first_id: crate::ids::CommandId::of(&["soon"], &[]),
        account_id: "a-1".into(),
        origin: StoredOrigin {
            debt_class: Some("all".to_owned()),
            plan: Some("plan".into()),
            invoice: Some("B1".into()),
            ..StoredOrigin::default()
        },
        policy_hash: "1".into(),
        tries: 1,
        tries_here: 1,
        sent_at: None,
        is_kept_back: false,
        wakes_at: Some(moment("2026-02-27T09:00")),
        is_in_doubt: false,
        is_last_resort: false,
        what: UnderWay::Message(MessageUnderWay {
            template: "soon".into(),
            channel: "sms".into(),
            fallback: Vec::new(),
            class: MessageClass::Service,
            window: Some("waking".into()),
            balance: None,
        }),
    };
    let rows =
        |event: Does, command| vec![("2026-02-26T23:00", event, ""), ("2026-02-27T09:00", Time, command)];
    for (event, command) in [
        (Event(payment("P1", 4_00, &["B1"])), "soon"),
        (Event(payment("P1", 10_00, &["B1"])), ""),
        (Event(control(crate::event::Order::Exempt(true))), ""),
    ] {
        let mut life = Life::new(reminds(vec![awake("remind")]));
        life.at("2026-02-26T22:00", invoice("B1", 10_00, "2026-03-01"));
        life.debtor.under_way.push(soon());
        check_on(&mut life, rows(event, command));
        if command.is_empty() {
            let reasons = life.reasons(RecordKind::MeasureCancelled);
            assert_eq!(reasons, ["its invoice asks for no message any longer"]);
        } else {
            assert_eq!(newest_text(&life), "6.00 none");
        }
    }
}
