//! Unconfirmed payments: they hold the debt until they are confirmed, refused or expired.

use super::{TIME, check, check_under};
use crate::policy::{HoldRules, Policy};
use crate::testing::*;

#[test]
fn an_unconfirmed_payment_freezes_its_amount_and_pays_when_it_is_confirmed() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(unconfirmed("P1", 60, &[])), "P1 60 of 60", "made"),
        ("2026-01-03", Some(payment("P1", 60, &[])), "", "confirmed"),
        ("2026-01-04", Some(payment("P1", 60, &[])), "", "known"),
        ("2026-01-04", Some(unconfirmed("P1", 60, &[])), "", "known"),
        ("2026-01-04", Some(unconfirmed("P1", 61, &[])), "", "- payment_differs"),
        ("2026-01-04", Some(refused("P1", 60)), "", "- payment_confirmed"),
    ]);
    assert_eq!(life.debt(), "B1 60 of 100");
}

#[test]
fn it_is_confirmed_with_the_amount_that_really_came() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(unconfirmed("P1", 60, &[])), "P1 60 of 60", "made"),
        ("2026-01-03", Some(payment("P1", 55, &[])), "", "confirmed"),
    ]);
    assert_eq!(life.debt(), "B1 55 of 100");
}

#[test]
fn a_receipt_that_is_refused_freezes_no_longer_and_pays_nothing() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(refused("P1", 60)), "", "- unknown_payment"),
        ("2026-01-02", Some(unconfirmed("P1", 60, &[])), "P1 60 of 60", "made"),
        ("2026-01-03", Some(refused("P1", 60)), "", "refused"),
        ("2026-01-04", Some(refused("P1", 60)), "", "known"),
        ("2026-01-04", Some(unconfirmed("P1", 60, &[])), "", "- hold_over"),
    ]);
    assert_eq!(life.debt(), "B1 0 of 100");
}

#[test]
fn a_receipt_expires_to_the_second_and_may_be_confirmed_all_the_same() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02T10:30", Some(unconfirmed("P1", 60, &[])), "P1 60 of 60", "made"),
        ("2026-01-05T10:29:59", TIME, "P1 60 of 60", ""),
        ("2026-01-05T10:30", TIME, "", "expired"),
        ("2026-01-06", Some(refused("P1", 60)), "", "known"),
        ("2026-01-07", Some(payment("P1", 60, &[])), "", ""),
    ]);
    assert_eq!(life.debt(), "B1 60 of 100");
}

#[test]
fn how_long_a_receipt_is_valid_is_the_policys() {
    let holds = HoldRules { unconfirmed_valid_for: period("6h"), ..HoldRules::default() };
    check_under(
        Policy { holds, ..policy() },
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02T10:30", Some(unconfirmed("P1", 60, &[])), "P1 60 of 60", "made"),
            ("2026-01-02T16:29:59", TIME, "P1 60 of 60", ""),
            ("2026-01-02T16:30", TIME, "", "expired"),
        ],
    );
}

#[test]
fn a_receipt_may_name_an_invoice_not_seen_yet_and_freezes_it_when_it_comes() {
    check(vec![
        ("2026-01-01", Some(unconfirmed("P1", 60, &["B1"])), "P1 0 of 60", "made"),
        ("2026-01-01", Some(unconfirmed("P1", 60, &["B1"])), "P1 0 of 60", "known"),
        ("2026-01-01", Some(unconfirmed("P1", 60, &["B2"])), "P1 0 of 60", "- hold_differs"),
        ("2026-01-02", Some(invoice("B2", 100, "2026-01-01")), "P1 0 of 60", ""),
        ("2026-01-02", Some(invoice("B1", 40, "2026-01-01")), "P1 40 of 60", ""),
    ]);
}

#[test]
fn one_payment_reported_under_two_ids_is_known_by_its_receipt() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(by_receipt("R1", unconfirmed("P1", 60, &[]))), "P1 60 of 60", "made"),
        ("2026-01-02", Some(by_receipt("R1", unconfirmed("P2", 60, &[]))), "P1 60 of 60", "known"),
        ("2026-01-03", Some(by_receipt("R1", payment("P3", 60, &[]))), "", "confirmed"),
        ("2026-01-03", Some(by_receipt("R1", unconfirmed("P4", 60, &[]))), "", "known"),
        ("2026-01-03", Some(by_receipt("R1", refused("P1", 60))), "", "- payment_confirmed"),
        ("2026-01-04", Some(by_receipt("R2", unconfirmed("P5", 40, &[]))), "P5 40 of 40", "made"),
        ("2026-01-04", Some(by_receipt("R2", refused("P6", 40))), "", "refused"),
    ]);
    assert_eq!(life.debt(), "B1 60 of 100");
}

#[test]
fn a_confirmed_payment_ends_no_hold_of_another_kind_that_has_its_id() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("X", Some(50), &[])), "X 50 of 50", "made"),
        ("2026-01-02", Some(unconfirmed("X", 50, &[])), "X 50 of 50", "- hold_differs"),
        ("2026-01-02", Some(refused("X", 50)), "X 50 of 50", "- unknown_payment"),
        ("2026-01-03", Some(payment("X", 10, &[])), "X 50 of 50", ""),
    ]);
}

#[test]
fn a_receipt_takes_part_in_a_promise_only_once_it_is_confirmed() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(60), &[], "2026-01-10")), "H1 60 of 60", "made"),
        ("2026-01-03", Some(unconfirmed("P1", 60, &[])), "H1 60 of 60, P1 40 of 60", "made"),
        ("2026-01-04", Some(payment("P1", 60, &[])), "", "confirmed, kept"),
    ]);
}
