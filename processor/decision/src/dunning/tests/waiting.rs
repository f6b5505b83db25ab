//! What a stage waits for beside its day: a notice, a window, a task.

use super::{bars, check, check_on, says};
use crate::calendar::{Hours, Window};
use crate::event::{Body, ByHandMeasure, NamedTask, Order, Outcome};
use crate::plan::{CatchUp, IfTask, Notice, Plan, Stage};
use crate::policy::{MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::Threshold;
use crate::time::Weekday;
use std::sync::Arc;

/// remind at 0 days, bar at 10, and not before two days after the reminder's delivery.
fn with_notice(catch_up: CatchUp) -> Policy {
    let notice = Notice { of: "remind".into(), at_least: period("2d") };
    let bar = Stage { notice: Some(notice), ..stage("bar", "10d", vec![order("bar")]) };
    let remind = stage("remind", "0d", vec![message("remind", MessageClass::Statutory, &["sms"])]);
    policy_of(Plan { catch_up, ..plan(vec![remind, bar]) })
}

#[test]
fn a_notice_runs_from_its_delivery_and_is_not_shortened() {
    let mut life = Life::new(with_notice(CatchUp::Sequential));
    check_on(
        &mut life,
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "remind", ""),
            ("2026-03-20", None, "", "active remind 10.00"),
        ],
    );
    let reminder = life.commands[0].id;
    assert_eq!(life.next_due(), "", "nothing is due before the notice was delivered");
    check_on(
        &mut life,
        vec![
            ("2026-03-20T09:30", Some(report(reminder, Outcome::Accepted)), "", "active remind 10.00"),
            ("2026-03-20T10:00", Some(report(reminder, Outcome::Done)), "", "active remind 10.00"),
            ("2026-03-22T09:59", None, "", "active remind 10.00"),
            ("2026-03-22T10:00", None, "+bar", "active bar 10.00"),
        ],
    );
}

#[test]
fn a_notice_delivered_early_delays_nothing() {
    let mut life = Life::new(with_notice(CatchUp::Sequential));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-01T10:00", report(life.commands[0].id, Outcome::Done));
    assert_eq!(life.next_due(), "2026-03-11T00:00:00Z");
    assert_eq!(life.until("2026-03-11"), "+bar");
}

#[test]
fn severest_does_not_pass_a_stage_whose_notice_is_still_to_run() {
    let mut life = Life::new(with_notice(CatchUp::Severest));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "remind");
    life.at("2026-03-20T11:00", report(life.commands[0].id, Outcome::Done));
    assert_eq!(life.until("2026-03-22T10:59"), "");
    assert_eq!(life.until("2026-03-22T11:00"), "+bar");
}

#[test]
fn severest_does_not_pass_a_stage_that_gives_a_later_one_its_notice() {
    let mut policy = with_notice(CatchUp::Severest);
    policy.plans.values_mut().next().unwrap().stages.insert(1, says("letter", "5d"));
    let mut life = Life::new(policy);
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-08"));
    assert_eq!(life.catch_up("2026-03-20T10:00"), "remind, letter");
    life.at("2026-03-20T11:00", report(life.newest("remind"), Outcome::Done));
    assert_eq!(life.until("2026-03-22T10:59"), "");
    assert_eq!(life.until("2026-03-22T11:00"), "+bar");
}

fn office_hours() -> Option<Arc<Window>> {
    let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    let time = |text: &str| text.parse().unwrap();
    let hours = Hours { from: time("08:00:00"), until: Some(time("16:00:00")) };
    let hours = days.into_iter().map(|day| (day, hours)).collect();
    Some(Arc::new(Window { name: "office".into(), hours, skipped: None }))
}

#[test]
fn a_stage_is_rolled_forward_into_its_window() {
    let bar = Stage { window: office_hours(), ..bars("bar", "10d") };
    // The 14th of March 2026 is a Saturday.
    check(
        policy_of(plan(vec![says("remind", "0d"), bar])),
        vec![
            ("2026-03-04", Some(invoice("B1", 10_00, "2026-03-04")), "remind", ""),
            ("2026-03-16T07:59", None, "", "active remind 10.00"),
            ("2026-03-16T08:00", None, "bar, +bar", "active bar 10.00"),
        ],
    );
}

#[test]
fn after_an_outage_that_ends_at_night_a_stage_waits_for_its_window_again() {
    let bar = Stage { window: office_hours(), min_gap: period("1d"), ..bars("bar", "0d") };
    let mut life = Life::new(policy_of(plan(vec![says("remind", "0d"), bar])));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-04"));
    assert_eq!(life.catch_up("2026-03-12T20:00"), "remind");
    // A day after the reminder, a Friday at 20:00, is after hours: Monday at 8.
    assert_eq!(life.next_due(), "2026-03-16T08:00:00Z");
}

#[test]
fn a_stage_that_comes_late_waits_for_its_window_again() {
    let bar = Stage { window: office_hours(), if_debt: Some(decimal("20.00")), ..bars("bar", "10d") };
    let mut life = Life::new(policy_of(plan(vec![says("remind", "0d"), bar])));
    check_on(
        &mut life,
        vec![
            ("2026-03-02", Some(invoice("B1", 10_00, "2026-03-02")), "remind", ""),
            // What it asks comes after hours, on a Friday.
            ("2026-03-13T16:00", Some(invoice("B2", 10_00, "2026-03-13")), "", "active remind 20.00"),
            ("2026-03-16T07:59", None, "", ""),
            ("2026-03-16T08:00", None, "bar, +bar", "active bar 20.00"),
        ],
    );
    // It was due the day before, and is looked at in the night.
    let bar = Stage { window: office_hours(), ..bars("bar", "10d") };
    let mut life = Life::new(policy_of(plan(vec![says("remind", "0d"), bar])));
    life.at("2026-03-02", invoice("B1", 10_00, "2026-03-02"));
    assert_eq!(life.catch_up("2026-03-13T03:00"), "");
    assert_eq!(life.next_due(), "2026-03-13T08:00:00Z");
    assert_eq!(life.until("2026-03-13T08:00"), "bar, +bar");
}

#[test]
fn a_message_that_waited_goes_out_before_what_a_stage_does_in_the_same_moment() {
    let remind = stage("remind", "0d", vec![while_awake(sms("remind"))]);
    let bar = Stage { window: Some(waking()), ..stage("bar", "1d", vec![order("bar")]) };
    let mut life = Life::new(policy_of(plan(vec![remind, bar])));
    assert_eq!(life.at("2026-03-02T22:00", invoice("B1", 10_00, "2026-03-02")), "");
    assert_eq!(life.until("2026-03-03T12:00"), "remind, +bar");
}

#[test]
fn a_stage_waits_for_a_task_s_result_that_will_do() {
    let asked = IfTask { queue: "calls".into(), results: vec!["refused".to_owned()] };
    let agency = Stage { if_task: Some(asked), ..says("agency", "10d") };
    let result = |result: &str| {
        let result = result.to_owned();
        Some(control(Order::TaskResult { task: NamedTask::newest("calls"), result }))
    };
    let mut life = check(
        policy_of(plan(vec![stage("call", "0d", vec![sms("call"), task("calls")]), agency])),
        vec![
            ("2026-03-01", Some(invoice("B1", 10_00, "2026-03-01")), "call, task calls", ""),
            ("2026-03-12", None, "", "active call 10.00"),
            ("2026-03-13", result("promised"), "", "active call 10.00"),
        ],
    );
    life.at("2026-03-14", result("refused").unwrap());
    assert_eq!(life.rejected, Some("unknown_task"), "the task has its result");
    let mut life = Life::new(policy_of(plan(vec![
        stage("call", "0d", vec![sms("call"), task("calls")]),
        Stage {
            if_task: Some(IfTask { queue: "calls".into(), results: vec!["refused".to_owned()] }),
            ..says("agency", "10d")
        },
    ])));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-05", result("refused").unwrap());
    assert_eq!(life.until("2026-03-10T23:59"), "", "a result makes no stage come early");
    assert_eq!(life.until("2026-03-11"), "agency");
    assert_eq!(life.reasons(RecordKind::ControlApplied), ["task_result"]);
}

#[test]
fn only_the_result_of_the_cycles_own_task_lets_a_stage_come() {
    let asked = IfTask { queue: "calls".into(), results: vec!["refused".to_owned()] };
    let result =
        || control(Order::TaskResult { task: NamedTask::newest("calls"), result: "refused".to_owned() });
    let by_hand = || control(Order::Do(ByHandMeasure::Task { queue: "calls".into() }));
    let low = || Threshold { measures: vec![task("calls")], ..rule("low", "main", falling(&["5.00"])) };
    let beside: [fn(&mut Life, Body); 2] = [
        |life, by_hand| assert_eq!(life.at("2026-03-12", by_hand), "task calls"),
        |life, _| {
            life.at("2026-03-12", balance("main", 10_00));
            assert_eq!(life.at("2026-03-12", balance("main", 4_00)), "task calls");
        },
    ];
    for beside in beside {
        let agency = Stage { if_task: Some(asked.clone()), ..says("agency", "10d") };
        let stages = vec![stage("call", "0d", vec![task("calls")]), agency];
        let mut life = Life::new(Policy { thresholds: vec![low()], ..policy_of(plan(stages)) });
        life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
        beside(&mut life, by_hand());
        // The newest task of the queue has its result first; it is of no cycle.
        assert_eq!(life.at("2026-03-13", result()), "");
        assert_eq!((life.rejected, &*life.debtor.tasks_out), (None, &[][..]));
        assert_eq!(life.at("2026-03-14", result()), "agency");
        life.at("2026-03-15", result());
        assert_eq!(life.rejected, Some("unknown_task"));
        assert_eq!(
            life.reasons(RecordKind::ControlApplied)
                .iter()
                .filter(|reason| **reason == "task_result")
                .count(),
            2
        );
    }
}

#[test]
fn an_observed_task_by_a_rule_was_not_sent_and_has_no_result() {
    let low =
        Threshold { measures: vec![task("calls")], observe: true, ..rule("low", "main", falling(&["5.00"])) };
    let mut life = Life::new(policy_of_rules(vec![low]));
    life.at("2026-03-01", balance("main", 10_00));
    life.at("2026-03-01", balance("main", 4_00));
    life.at(
        "2026-03-02",
        control(Order::TaskResult { task: NamedTask::newest("calls"), result: "refused".to_owned() }),
    );
    assert_eq!(life.rejected, Some("unknown_task"));
}

#[test]
fn no_more_than_a_hundred_tasks_of_no_cycle_are_waited_for_the_oldest_makes_room() {
    let mut life = Life::new(policy());
    for number in 0..101 {
        let queue = format!("queue-{number}");
        life.at("2026-03-01", control(Order::Do(ByHandMeasure::Task { queue: queue.as_str().into() })));
    }
    assert_eq!(life.debtor.tasks_out.len(), 100);
    for (queue, rejected) in [("queue-0", Some("unknown_task")), ("queue-1", None)] {
        life.at(
            "2026-03-02",
            control(Order::TaskResult { task: NamedTask::newest(queue), result: "done".to_owned() }),
        );
        assert_eq!(life.rejected, rejected, "{queue}");
    }
}
