//! The scenarios of `overdue.tests.yaml`, word for word.

use super::check;
use crate::event::Order;
use crate::plan::{CatchUp, OnPartCure, Plan};
use crate::policy::{MessageClass, Policy};
use crate::testing::*;

fn overdue() -> Policy {
    let mail = |template: &str, class| message(template, class, &["email"]);
    let stages = vec![
        stage("od1", "30d", vec![mail("od1", MessageClass::Reminder)]),
        stage("od2", "40d", vec![mail("od2", MessageClass::Statutory), order("suspend")]),
        stage("od3", "50d", vec![mail("od3", MessageClass::Reminder)]),
    ];
    policy_of(Plan {
        days_before_entry: period("30d"),
        on_part_cure: OnPartCure::StepDown,
        catch_up: CatchUp::Severest,
        ..plan(stages)
    })
}

#[test]
fn stages_follow_the_oldest_unpaid_invoice_and_only_its_payment_cures() {
    let b2 = invoice("B2", 249_95, "2012-06-30");
    check(
        overdue(),
        vec![
            ("2012-05-31", Some(invoice("B1", 249_95, "2012-05-31")), "", "clear 0.00"),
            ("2012-06-24", None, "", ""),
            ("2012-06-30", Some(b2), "od1@email", "active od1 249.95"),
            ("2012-07-09", None, "", ""),
            ("2012-07-10", None, "od2@email, +suspend", "active od2 249.95"),
            ("2012-07-18", None, "", ""),
            ("2012-07-20", Some(payment("P2", 249_95, &["B2"])), "od3@email", "active od3 249.95"),
            ("2012-07-20T12:00", Some(payment("P1", 249_95, &["B1"])), "-un-suspend", "clear 0.00"),
            ("2013-01-01", None, "", "clear 0.00"),
        ],
    );
}

#[test]
fn a_refund_makes_the_invoice_as_old_as_it_always_was() {
    check(
        overdue(),
        vec![
            ("2012-05-31", Some(invoice("B1", 249_95, "2012-05-31")), "", ""),
            ("2012-05-31T10:00", Some(payment("P1", 249_95, &[])), "", ""),
            ("2012-07-04", None, "", ""),
            ("2012-07-05", Some(reversal("P1", None)), "od1@email", "active od1 249.95"),
        ],
    );
}

#[test]
fn when_the_oldest_invoice_is_paid_the_next_one_counts_from_its_own_date() {
    check(
        overdue(),
        vec![
            ("2012-05-31", Some(invoice("B1", 249_95, "2012-05-31")), "", ""),
            ("2012-06-30", Some(invoice("B2", 249_95, "2012-06-30")), "od1@email", ""),
            ("2012-07-05", Some(payment("P1", 249_95, &["B1"])), "", "clear 0.00"),
            ("2012-07-29", None, "", ""),
            ("2012-07-30", None, "od1@email", "active od1 249.95"),
        ],
    );
}

#[test]
fn a_credit_note_cures_as_a_payment_does() {
    let life = check(
        overdue(),
        vec![
            ("2012-05-31", Some(invoice("B1", 249_95, "2012-05-31")), "", ""),
            ("2012-06-30", Some(invoice("B2", 249_95, "2012-06-30")), "od1@email", ""),
            ("2012-07-05", Some(adjustment("A1", "B1", -249_95)), "", "clear 0.00"),
            ("2012-07-20", None, "", ""),
            ("2012-08-04", None, "od1@email", ""),
            ("2012-08-05", Some(adjustment("A2", "B2", -249_95)), "", "clear 0.00"),
        ],
    );
    assert_eq!(life.commands[1].at, moment("2012-07-30"));
}

#[test]
fn an_exemption_ends_the_cycle_and_lifting_it_brings_the_debt_back_at_its_age() {
    check(
        overdue(),
        vec![
            ("2012-05-31", Some(invoice("B1", 249_95, "2012-05-31")), "", ""),
            ("2012-07-11", None, "od1@email, od2@email, +suspend", ""),
            ("2012-07-12", Some(control(Order::Exempt(true))), "-un-suspend", "clear 249.95"),
            ("2012-07-13", Some(control(Order::Exempt(false))), "od2@email, +suspend", "active od2 249.95"),
        ],
    );
}

#[test]
fn a_draft_invoice_is_no_debt() {
    let draft = invoice_with("B1", 10_00, "2012-05-06", |invoice| invoice.draft = true);
    check(overdue(), vec![("2012-05-06", Some(draft), "", ""), ("2012-06-06", None, "", "clear 0.00")]);
}
