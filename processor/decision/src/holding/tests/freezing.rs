//! What holds freeze: named before unnamed, the oldest due first, never more than is outstanding.

use super::{TIME, check};
use crate::holding::frozen;
use crate::testing::*;

#[test]
fn a_hold_freezes_no_more_than_its_amount_and_no_more_than_is_outstanding() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(99), &["B1"])), "D1 99 of 99", "made"),
        ("2026-01-03", Some(payment("P1", 2, &[])), "D1 98 of 99", ""),
        ("2026-01-04", Some(reversal("P1", None)), "D1 99 of 99", ""),
        ("2026-01-05", Some(payment("P2", 100, &[])), "D1 0 of 99", ""),
        ("2026-01-06", Some(invoice("B2", 50, "2026-01-01")), "D1 0 of 99", ""),
    ]);
}

#[test]
fn a_hold_that_names_none_freezes_the_oldest_due_first() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-03-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B3", 100, "2026-02-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(150), &[])), "D1 150 of 150", "made"),
    ]);
    let frozen: Vec<i64> =
        frozen(&life.debtor.debt, &life.debtor.holds).iter().map(|amount| amount.0).collect();
    assert_eq!(frozen, [0, 100, 50]);
}

#[test]
fn of_the_invoices_it_names_a_hold_freezes_the_oldest_due_first() {
    let life = check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-03-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B3", 100, "2026-02-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(150), &["B1", "B3"])), "D1 150 of 150", "made"),
    ]);
    let frozen: Vec<i64> =
        frozen(&life.debtor.debt, &life.debtor.holds).iter().map(|amount| amount.0).collect();
    assert_eq!(frozen, [50, 0, 100]);
}

#[test]
fn holds_that_name_invoices_come_before_those_that_name_none_each_kind_in_the_order_made() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-02-01")), "", ""),
        ("2026-01-02", Some(deferral("F1", Some(150), &[], "2026-02-01")), "F1 150 of 150", "made"),
        ("2026-01-03", Some(dispute("D1", Some(80), &["B1"])), "F1 120 of 150, D1 80 of 80", "made"),
        (
            "2026-01-04",
            Some(dispute("D2", Some(50), &["B1"])),
            "F1 100 of 150, D1 80 of 80, D2 20 of 50",
            "made",
        ),
        (
            "2026-01-05",
            Some(dispute("D3", Some(30), &[])),
            "F1 100 of 150, D1 80 of 80, D2 20 of 50, D3 0 of 30",
            "made",
        ),
        (
            "2026-01-06",
            Some(invoice("B3", 60, "2025-01-01")),
            "F1 150 of 150, D1 80 of 80, D2 20 of 50, D3 10 of 30",
            "",
        ),
    ]);
}

#[test]
fn a_hold_of_all_is_of_what_is_open_when_it_is_made_and_a_later_invoice_adds_nothing() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 70, "2026-02-01")), "", ""),
        ("2026-01-02", Some(payment("P1", 30, &[])), "", ""),
        ("2026-01-03", Some(deferral("F1", None, &[], "2026-02-01")), "F1 140 of 140", "made"),
        (
            "2026-01-04",
            Some(deferral("F2", None, &["B1"], "2026-02-01")),
            "F1 70 of 140, F2 70 of 70",
            "made",
        ),
        ("2026-01-05", Some(invoice("B3", 500, "2026-03-01")), "F1 140 of 140, F2 70 of 70", ""),
        ("2026-01-06", Some(payment("P2", 140, &[])), "F1 140 of 140, F2 0 of 70", ""),
    ]);
}

#[test]
fn an_invoice_named_twice_counts_once() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", None, &["B1", "B1"])), "D1 100 of 100", "made"),
    ]);
}

#[test]
fn a_deferral_holds_to_the_last_second_of_its_day_and_no_longer() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(deferral("F1", None, &[], "2026-01-10")), "F1 100 of 100", "made"),
        ("2026-01-10T23:59:59", TIME, "F1 100 of 100", ""),
        ("2026-01-11", TIME, "", "expired"),
    ]);
}

#[test]
fn a_day_ends_with_it_in_the_accounts_own_zone() {
    let in_tashkent = account(|account| account.time_zone = crate::time::Zone::find("Asia/Tashkent"));
    check(vec![
        ("2026-01-01", Some(in_tashkent), "", ""),
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(deferral("F1", None, &[], "2026-01-10")), "F1 100 of 100", "made"),
        ("2026-01-10T18:59:59", TIME, "F1 100 of 100", ""),
        ("2026-01-10T19:00", TIME, "", "expired"),
    ]);
}

#[test]
fn a_frozen_debt_opens_no_cycle_and_an_open_one_counts_again_when_the_hold_is_over() {
    let mut life = Life::new(policy_of(plan(vec![stage("remind", "0d", vec![sms("remind")])])));
    life.at("2026-01-01", invoice("B1", 100, "2026-01-05"));
    life.at("2026-01-02", deferral("F1", Some(100), &[], "2026-01-08"));
    assert_eq!(life.until("2026-01-08T23:59:59"), "");
    assert_eq!(life.state("2026-01-08"), "clear 1.00");
    assert_eq!(life.until("2026-01-09"), "remind");
    assert_eq!(life.state("2026-01-09"), "active remind 1.00");
}

/// That it is so is checked after every decision: see `testing/invariants.rs`.
#[test]
fn many_holds_on_many_invoices_freeze_as_if_each_looked_at_all() {
    let mut life = Life::new(policy());
    for number in 0..60 {
        let due = format!("2026-{:02}-{:02}", number % 12 + 1, number * 7 % 28 + 1);
        life.at("2026-01-01", invoice(&format!("B{number}"), 10 + number, &due));
    }
    for number in 0..40_i64 {
        let named: Vec<String> =
            (0..number % 4).map(|step| format!("B{}", (number * 13 + step * 5) % 60)).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        life.at("2026-01-02", dispute(&format!("D{number}"), Some(5 + number * 3 % 70), &named));
        assert_eq!(life.rejected, None);
    }
}
