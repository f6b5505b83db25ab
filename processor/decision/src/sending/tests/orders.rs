//! Provisioning orders that are tried again, fail, or are overtaken by their opposite.

use super::{Does, Event, Report, Time, b1, check, check_on, paid, provisions, reminds, within};
use crate::event::Outcome::{Done, Expired, Failed};
use crate::plan::{DebtClassBy, Plan};
use crate::policy::{Delivery, Policy};
use crate::record::RecordKind;
use crate::testing::*;

/// A plan that bars on the due day, under this rule of delivery.
fn bars(delivery: Delivery) -> Policy {
    Policy { commands: provisions(delivery), ..reminds(vec![order("bar")]) }
}

const NOT_DONE: &str = "every try failed: it is not in force";

#[test]
fn an_order_that_failed_is_not_in_force_and_never_undone() {
    for outcome in [Failed, Expired] {
        let life = check(
            bars(Delivery::default()),
            vec![
                ("2026-03-01T10:00", b1(), "+bar"),
                ("2026-03-01T10:05", Report("+bar", outcome), ""),
                ("2026-03-02", paid(), "thanks"),
            ],
        );
        assert_eq!(life.reasons(RecordKind::MeasureDropped), [NOT_DONE]);
    }
    check(
        bars(Delivery::default()),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:05", Report("+bar", Done), ""),
            ("2026-03-01T10:06", Report("+bar", Failed), ""),
            ("2026-03-02", paid(), "-un-bar, thanks"),
        ],
    );
}

#[test]
fn an_order_whose_end_was_not_reported_may_have_been_done_and_is_undone() {
    check(
        bars(within("10m", 0)),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:10", Time, ""),
            ("2026-03-02", paid(), "-un-bar, thanks"),
        ],
    );
    // One try timed out, the other failed: the first may still have been done.
    let life = check(
        bars(within("10m", 1)),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:10", Time, "again +bar"),
            ("2026-03-01T10:11", Report("again +bar", Failed), ""),
            ("2026-03-02", paid(), "-un-bar, thanks"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::MeasureDropped), ["nothing is left to try"]);
}

#[test]
fn an_order_is_tried_again_so_often_and_then_a_person_is_asked() {
    let delivery = Delivery { then: Some(task("failed")), ..within("10m", 3) };
    let life = check(
        bars(delivery),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:09:59", Time, ""),
            ("2026-03-01T10:10", Time, "again +bar"),
            ("2026-03-01T10:15", Report("again +bar", Failed), "again +bar"),
            ("2026-03-01T10:16", Report("again +bar", Failed), "again +bar"),
            ("2026-03-01T10:17", Report("again +bar", Failed), "task failed"),
            ("2026-03-09", Time, ""),
        ],
    );
    assert_eq!(life.reasons(RecordKind::MeasureRequested), ["stage", "retry", "retry", "retry", "then"]);
}

#[test]
fn an_undo_has_tries_of_its_own_whatever_became_of_its_cycle() {
    let delivery = || Delivery { then: Some(task("failed")), ..within("10m", 1) };
    check(
        bars(delivery()),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:01", Report("+bar", Done), ""),
            ("2026-03-01T11:00", paid(), "-un-bar, thanks"),
            ("2026-03-01T11:10", Time, "again -un-bar"),
            ("2026-03-01T11:19:59", Time, ""),
            ("2026-03-01T11:20", Time, "task failed"),
        ],
    );
    let failed = || Report("-un-bar", Failed);
    let life = check(
        bars(delivery()),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:01", Report("+bar", Done), ""),
            ("2026-03-01T11:00", paid(), "-un-bar, thanks"),
            ("2026-03-01T11:05", failed(), "again -un-bar"),
            ("2026-03-01T11:06", Report("again -un-bar", Done), ""),
            ("2026-03-09", Time, ""),
        ],
    );
    assert_eq!(life.debtor.under_way, []);
}

#[test]
fn an_undo_stops_the_tries_of_its_order() {
    check(
        bars(within("10m", 1)),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:05", paid(), "-un-bar, thanks"),
            ("2026-03-01T10:06", Report("+bar", Failed), ""),
            ("2026-03-01T10:15", Time, "again -un-bar"),
        ],
    );
}

#[test]
fn an_order_stops_the_tries_of_an_undo_before_it() {
    check(
        bars(within("10m", 1)),
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:01", Report("+bar", Done), ""),
            ("2026-03-01T11:00", paid(), "-un-bar, thanks"),
            ("2026-03-01T11:05", Event(reversal("P1", None)), "+bar"),
            ("2026-03-01T11:10", Time, ""),
            ("2026-03-01T11:15", Time, "again +bar"),
        ],
    );
}

/// Invoices that name no service bar both lines, that of line a only that one.
fn by_service(delivery: Delivery) -> Life {
    let plan =
        Plan { debt_class: DebtClassBy::Service, ..plan(vec![stage("bar", "0d", vec![order("bar")])]) };
    let mut life = Life::new(Policy { commands: provisions(delivery), ..policy_of(plan) });
    check_on(&mut life, vec![("2026-02-01", Event(with_services(&["a", "b"])), "")]);
    life
}

fn of_a() -> Does {
    Event(invoice_with("B2", 10_00, "2026-03-01", |invoice| invoice.service = Some("a".into())))
}

#[test]
fn an_order_that_failed_is_held_by_nobody() {
    let mut life = by_service(Delivery::default());
    check_on(
        &mut life,
        vec![
            ("2026-03-01T10:00", b1(), "+bar(a b)"),
            ("2026-03-01T10:00", of_a(), ""),
            ("2026-03-01T10:05", Report("+bar(a b)", Failed), ""),
            ("2026-03-02", paid(), ""),
            ("2026-03-02", Event(payment("P2", 10_00, &["B2"])), ""),
        ],
    );
    // Only what the order itself was to hold is not in force.
    let mut life = by_service(Delivery::default());
    check_on(
        &mut life,
        vec![
            ("2026-03-01T10:00", of_a(), "+bar(a)"),
            ("2026-03-01T10:00", b1(), "+bar(b)"),
            ("2026-03-01T10:05", Report("+bar(b)", Failed), ""),
            ("2026-03-02", Event(payment("P2", 10_00, &["B2"])), ""),
            ("2026-03-02", paid(), "-un-bar(a)"),
        ],
    );
}

#[test]
fn an_order_goes_on_for_the_services_that_something_still_holds() {
    let mut life = by_service(within("10m", 1));
    check_on(
        &mut life,
        vec![
            ("2026-03-01T10:00", b1(), "+bar(a b)"),
            ("2026-03-01T10:00", of_a(), ""),
            ("2026-03-01T10:05", paid(), "-un-bar(b)"),
            ("2026-03-01T10:10", Time, "again +bar(a)"),
            ("2026-03-01T10:11", Report("again +bar(a)", Failed), ""),
            ("2026-03-01T10:15", Time, "again -un-bar(b)"),
        ],
    );
}

#[test]
fn where_no_services_are_listed_a_failed_order_is_out_of_force_for_its_profile_only() {
    let plan =
        Plan { debt_class: DebtClassBy::Service, ..plan(vec![stage("bar", "0d", vec![order("bar")])]) };
    let mut life = Life::new(policy_of(plan));
    check_on(
        &mut life,
        vec![
            ("2026-03-01T10:00", b1(), "+bar"),
            ("2026-03-01T10:01", of_a(), "+bar"),
            ("2026-03-01T10:05", Report("+bar", Failed), ""),
            ("2026-03-02", Event(payment("P2", 10_00, &["B2"])), ""),
            ("2026-03-02", paid(), "-un-bar"),
        ],
    );
}
