//! What makes a hold, and what is declined.

use super::{TIME, check};
use crate::event::Body;
use crate::holding::MOST_HOLDS;
use crate::money::MinorUnits;
use crate::record::RecordKind;
use crate::testing::*;

/// Of one open invoice of 100, this order is rejected by this code.
#[track_caller]
fn check_rejected(order: Body, code: &'static str) {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-05", order);
    assert_eq!(life.rejected, Some(code));
    assert_eq!(life.holds("2026-01-05"), "");
}

#[test]
fn a_hold_on_nothing_open_is_rejected() {
    let mut life = check(vec![
        ("2026-01-01", Some(dispute("D1", None, &[])), "", "- nothing_open"),
        ("2026-01-01", Some(unconfirmed("P0", 10, &[])), "", "- nothing_open"),
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(payment("P1", 100, &["B1"])), "", ""),
        ("2026-01-03", Some(dispute("D1", Some(10), &["B1"])), "", "- nothing_open"),
        ("2026-01-03", Some(unconfirmed("P2", 10, &["B1"])), "", "- nothing_open"),
        ("2026-01-03", Some(dispute("D1", None, &["B1", "B2"])), "D1 100 of 100", "made"),
    ]);
    life.at("2026-01-04", dispute("D2", None, &["B1"]));
    let reasons = life.reasons(RecordKind::EventRejected);
    assert!(reasons.iter().all(|reason| reason.contains("nothing open")), "{reasons:?}");
}

#[test]
fn a_hold_that_names_an_unknown_invoice_is_rejected_with_its_name() {
    check_rejected(dispute("D1", None, &["B9"]), "hold_on_unknown_invoice");
    check_rejected(dispute("D1", None, &["B1", "B9"]), "hold_on_unknown_invoice");
}

#[test]
fn a_hold_of_an_amount_that_cannot_be_is_rejected() {
    for amount in [0, -1, i64::MIN] {
        check_rejected(dispute("D1", Some(amount), &[]), "amount_not_positive");
        check_rejected(instalments("I1", &[("2026-02-01", amount)], 0, &[]), "amount_not_positive");
    }
    for amount in [1_000_000_000_000_001, i64::MAX] {
        check_rejected(dispute("D1", Some(amount), &[]), "amount_too_large");
    }
    let half = 600_000_000_000_000;
    check_rejected(
        instalments("I1", &[("2026-02-01", half), ("2026-03-01", half)], 0, &[]),
        "amount_too_large",
    );
}

#[test]
fn an_instalment_plan_that_cannot_be_is_rejected() {
    check_rejected(instalments("I1", &[], 0, &[]), "no_parts");
    let part = [("2026-02-01", 100)];
    check_rejected(instalments("I1", &part, -1, &[]), "grace_out_of_range");
    check_rejected(instalments("I1", &part, i32::MAX, &[]), "grace_out_of_range");
    let Body::Control(mut control) = instalments("I1", &part, 0, &[]) else { unreachable!() };
    let crate::event::Order::Hold(order) = &mut control.order else { unreachable!() };
    order.amount = Some(MinorUnits(101));
    check_rejected(Body::Control(control), "parts_differ");
}

#[test]
fn a_hold_that_would_be_over_before_it_is_ordered_is_rejected() {
    check_rejected(deferral("F1", None, &[], "2026-01-04"), "until_past");
    check_rejected(instalments("I1", &[("2026-01-04", 100)], 9, &[]), "until_past");
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-05T23:59", Some(deferral("F1", None, &[], "2026-01-05")), "F1 100 of 100", "made"),
        ("2026-01-06", TIME, "", "expired"),
    ]);
}

#[test]
fn a_hold_ordered_in_time_and_read_late_is_made_and_is_over_once_the_log_is_read() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    let order = event("late", moment("2026-01-05"), promise("H1", Some(40), &[], "2026-01-06"));
    let (now, horizon) = (moment("2026-01-10"), moment("2026-01-05"));
    life.take_event(&order, crate::Moment { now, horizon });
    assert_eq!((life.rejected, life.holds("2026-01-10").as_str()), (None, "H1 40 of 40"));
    life.catch_up("2026-01-10");
    assert_eq!(life.reasons(RecordKind::PromiseBroken).len(), 1);
}

#[test]
fn a_hold_ordered_again_is_known_and_one_of_another_content_is_rejected() {
    let holds = "H1 60 of 60, F1 40 of 100, D1 0 of 20";
    let parts = [("2026-02-01", 5), ("2026-03-01", 5)];
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(60), &[], "2026-01-10")), "H1 60 of 60", "made"),
        ("2026-01-02", Some(deferral("F1", None, &[], "2026-01-10")), "H1 60 of 60, F1 40 of 100", "made"),
        (
            "2026-01-02",
            Some(hold("D1", crate::event::HoldKind::Dispute, |order| order.amount = Some(MinorUnits(20)))),
            holds,
            "made",
        ),
        ("2026-01-03", Some(promise("H1", Some(60), &[], "2026-01-10")), holds, "known"),
        ("2026-01-03", Some(deferral("F1", None, &[], "2026-01-10")), holds, "known"),
        ("2026-01-03", Some(promise("H1", Some(61), &[], "2026-01-10")), holds, "- hold_differs"),
        ("2026-01-03", Some(promise("H1", None, &[], "2026-01-10")), holds, "- hold_differs"),
        ("2026-01-03", Some(promise("H1", Some(60), &[], "2026-01-11")), holds, "- hold_differs"),
        ("2026-01-03", Some(promise("H1", Some(60), &["B1"], "2026-01-10")), holds, "- hold_differs"),
        ("2026-01-03", Some(deferral("H1", Some(60), &[], "2026-01-10")), holds, "- hold_differs"),
        ("2026-01-03", Some(instalments("D1", &parts, 0, &[])), holds, "- hold_differs"),
        (
            "2026-01-11",
            Some(promise("H1", Some(60), &[], "2026-02-10")),
            "D1 20 of 20",
            "broken, expired, - hold_over",
        ),
    ]);
}

#[test]
fn an_instalment_plan_ordered_again_is_known_whatever_the_order_of_its_parts() {
    let plan = |parts: &[(&str, i64)], grace| Some(instalments("I1", parts, grace, &["B1"]));
    let (first, second) = (("2026-02-01", 50), ("2026-03-01", 50));
    check(vec![
        ("2026-01-01", Some(invoice("B1", 90, "2026-01-01")), "", ""),
        ("2026-01-02", plan(&[first, second], 2), "I1 90 of 90", "made"),
        ("2026-01-02", plan(&[second, first], 2), "I1 90 of 90", "known"),
        ("2026-01-02", plan(&[first, second], 3), "I1 90 of 90", "- hold_differs"),
        ("2026-01-02", plan(&[first], 2), "I1 90 of 90", "- hold_differs"),
    ]);
}

#[test]
fn a_hold_that_is_over_is_remembered_as_long_as_a_reversal_may_come() {
    let rows = |days_later: &'static str, told| {
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02", Some(deferral("F1", Some(10), &[], "2026-01-09")), "F1 10 of 10", "made"),
            ("2026-01-10", TIME, "", "expired"),
            (days_later, Some(payment("P1", 1, &[])), "", ""),
            (
                days_later,
                Some(deferral("F1", Some(10), &[], "2028-01-09")),
                if told == "made" { "F1 10 of 10" } else { "" },
                told,
            ),
        ]
    };
    // 400 days after it ended, and a second more.
    check(rows("2027-02-14", "- hold_over"));
    check(rows("2027-02-14T00:00:01", "made"));
}

#[test]
fn a_debtor_has_at_most_so_many_holds() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    let now = moment("2026-01-02");
    let mut decide = |id: String, body| {
        let event = event(&id, now, body);
        let moment = crate::Moment { now, horizon: now };
        crate::decide(&mut life.debtor, crate::Input::Event(&event), moment, &life.policies).rejection
    };
    for number in 0..MOST_HOLDS {
        assert_eq!(decide(format!("e{number}"), dispute(&format!("D{number}"), Some(1), &[])), None);
    }
    let code = |rejection: Option<crate::Rejection>| rejection.map(|rejection| rejection.code());
    assert_eq!(code(decide("over".into(), dispute("D", Some(1), &[]))), Some("too_many_holds"));
    assert_eq!(code(decide("receipt".into(), unconfirmed("P", 1, &[]))), Some("too_many_holds"));
}

#[test]
fn a_hold_needs_no_snapshot_of_its_account() {
    let mut life = Life::unknown(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", deferral("F1", None, &[], "2026-01-05"));
    assert_eq!(life.holds("2026-01-02"), "F1 100 of 100");
    life.until("2026-01-06");
    assert_eq!(life.holds("2026-01-06"), "");
}
