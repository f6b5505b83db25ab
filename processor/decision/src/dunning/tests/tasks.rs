//! Tasks in people's hands.

use super::says;
use crate::Moment;
use crate::event::{Body, ByHandMeasure, Control, NamedTask, Order, Outcome};
use crate::plan::Plan;
use crate::record::RecordKind;
use crate::testing::*;
use crate::view::tasks::tasks;

/// An order that this person gives.
fn by(by: &str, order: Order) -> Body {
    Body::Control(Control { by: by.to_owned(), role: "agent".to_owned(), why: None, order })
}

fn take(who: &str) -> Body {
    by(who, Order::TakeTask(NamedTask::newest("calls")))
}

fn put_back(who: &str) -> Body {
    by(who, Order::PutBackTask(NamedTask::newest("calls")))
}

/// The tasks at a moment, as `queue stage taken-by`.
fn told(life: &Life, at: &str) -> Vec<String> {
    let moment = Moment { now: moment(at), horizon: moment(at) };
    let tasks = tasks(&life.debtor, moment, &life.policies);
    let none = || "-".to_owned();
    let told = tasks.into_iter().map(|task| {
        let stage = task.stage.map_or_else(none, |stage| stage.to_string());
        let taken = task.taken.map_or_else(none, |taken| taken.by);
        let due = task.due.map_or_else(none, |due| due.to_string());
        format!("{} {stage} {taken} {due}", task.queue)
    });
    told.collect()
}

/// Somebody whose plan has given a task to call; then one by hand, if wanted.
fn with_task(beside: bool) -> Life {
    let mut life =
        Life::new(policy_of(plan(vec![stage("call", "0d", vec![task("calls")]), says("agency", "30d")])));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    if beside {
        life.at("2026-03-02", by("anna", Order::Do(ByHandMeasure::Task { queue: "calls".into() })));
    }
    life
}

#[test]
fn a_task_is_in_one_hand_until_it_is_put_back_or_has_its_result() {
    for beside in [false, true] {
        let mut life = with_task(beside);
        let first = if beside { vec!["calls call - -".to_owned()] } else { Vec::new() };
        let newest = |taken: &str| {
            let newest = if beside { format!("calls - {taken} -") } else { format!("calls call {taken} -") };
            first.iter().cloned().chain([newest]).collect::<Vec<_>>()
        };
        #[rustfmt::skip]
        let rows = [
            (put_back("anna"), Some("task_not_taken"), newest("-")),
            (take("anna"), None, newest("anna")),
            (take("anna"), None, newest("anna")),
            (take("boris"), Some("task_taken"), newest("anna")),
            // Whoever is ill gives nothing back.
            (put_back("boris"), None, newest("-")),
            (take("boris"), None, newest("boris")),
            (by("carla", Order::TaskResult { task: NamedTask::newest("calls"), result: "paid".into() }), None, first.clone()),
        ];
        for (order, rejected, expected) in rows {
            assert_eq!(life.at("2026-03-03", order.clone()), "", "{order:?}: nothing is sent for it");
            assert_eq!((life.rejected, told(&life, "2026-03-03")), (rejected, expected), "{order:?}");
        }
        let orders = life.reasons(RecordKind::ControlApplied);
        assert_eq!(orders.iter().filter(|word| **word == "take_task").count(), 3, "{orders:?}");
    }
}

#[test]
fn what_is_no_task_any_more_cannot_be_taken() {
    let mut life = with_task(false);
    life.at("2026-03-02", by("anna", Order::TakeTask(NamedTask::newest("desk"))));
    assert_eq!(life.rejected, Some("unknown_task"));
    life.at("2026-03-02", payment("P1", 10_00, &[]));
    life.at("2026-03-02", take("anna"));
    assert_eq!((life.rejected, told(&life, "2026-03-02")), (Some("unknown_task"), Vec::new()));
}

#[test]
fn a_task_that_nobody_was_given_is_nobodys_to_take() {
    let stages = || vec![stage("call", "0d", vec![task("calls")]), says("agency", "30d")];
    let observed = Plan { observe: true, ..plan(stages()) };
    let mut life = Life::new(policy_of(observed));
    assert_eq!(life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01")), "");
    assert_eq!(told(&life, "2026-03-01"), [""; 0]);
    life.at("2026-03-02", take("anna"));
    assert_eq!(life.rejected, Some("unknown_task"));
}

#[test]
fn a_newer_task_that_failed_does_not_stand_before_an_older_one_that_is_to_be_done() {
    let mut life = Life::new(policy_of(plan(vec![
        stage("call", "0d", vec![task("calls")]),
        stage("again", "5d", vec![task("calls")]),
        says("agency", "30d"),
    ])));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.until("2026-03-06"), "task calls");
    let newer = life.commands.last().unwrap().id;
    life.at("2026-03-07", report(newer, Outcome::Failed));
    assert_eq!(told(&life, "2026-03-07"), ["calls call - -"]);
    life.at("2026-03-08", take("anna"));
    assert_eq!((life.rejected, told(&life, "2026-03-08")), (None, vec!["calls call anna -".to_owned()]));
    life.at(
        "2026-03-09",
        by("anna", Order::TaskResult { task: NamedTask::newest("calls"), result: "paid".into() }),
    );
    assert_eq!((life.rejected, told(&life, "2026-03-09")), (None, Vec::new()));
}

#[test]
fn an_order_may_name_the_task_that_it_is_about() {
    let mut life = with_task(true);
    let older = life.commands.first().unwrap().id;
    let named = |command_id| NamedTask { command_id: Some(command_id), ..NamedTask::newest("calls") };
    let result = || Order::TaskResult { task: named(older), result: "paid".into() };
    let (of_stage, by_hand) = ("calls call - -", "calls - - -");
    #[rustfmt::skip]
    let rows = [
        (Order::TakeTask(named(older)), None, vec!["calls call anna -", by_hand]),
        (Order::TakeTask(NamedTask { queue: "desk".into(), ..named(older) }), Some("no_such_task"),
            vec!["calls call anna -", by_hand]),
        (Order::PutBackTask(named(older)), None, vec![of_stage, by_hand]),
        (Order::PutBackTask(named(older)), Some("task_not_taken"), vec![of_stage, by_hand]),
        (result(), None, vec![by_hand]),
        (result(), Some("no_such_task"), vec![by_hand]),
        (Order::TakeTask(named(older)), Some("no_such_task"), vec![by_hand]),
        (Order::TaskResult { task: NamedTask::newest("calls"), result: "paid".into() }, None, vec![]),
    ];
    for (order, rejected, expected) in rows {
        life.at("2026-03-03", by("anna", order.clone()));
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!((life.rejected, told(&life, "2026-03-03")), (rejected, expected), "{order:?}");
    }
}

#[test]
fn a_task_that_no_cycle_keeps_lies_in_its_queue_until_its_result_was_waited_for_long_enough() {
    let mut life = Life::new(policy_of(plan(vec![says("agency", "30d")])));
    life.at("2026-03-01", by("anna", Order::Do(ByHandMeasure::Task { queue: "calls".into() })));
    // As long as ids of events are remembered.
    assert_eq!(life.next_due(), "2026-03-09T00:00:00Z");
    life.until("2026-03-08");
    assert_eq!(life.debtor.tasks_out.len(), 1);
    life.until("2026-03-09");
    assert_eq!((life.debtor.tasks_out.len(), life.debtor.next_due), (0, None));
    assert_eq!(life.reasons(RecordKind::MeasureCancelled), ["no result came in time"]);
}

#[test]
fn a_task_that_outlives_its_cycle_says_when_it_was_requested_and_is_waited_for_from_the_end_on() {
    let mut life = with_task(false);
    let task = life.commands.last().unwrap().id;
    life.at("2026-03-02", report(task, Outcome::Done));
    life.at("2026-03-21", payment("P1", 10_00, &[]));
    let kept = &life.debtor.tasks_out;
    let since: Vec<_> = kept.iter().map(|task| (task.requested_at, task.cycle_ended_at)).collect();
    assert_eq!(since, [(moment("2026-03-01"), Some(moment("2026-03-21")))]);
    assert_eq!(life.next_due(), "2026-03-29T00:00:00Z");
}
