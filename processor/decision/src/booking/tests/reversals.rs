//! Payments taken back, and that undone.

use super::check;
use crate::Policies;
use crate::policy::{Policy, Retention};
use crate::testing::*;
use std::sync::Arc;

#[test]
fn a_reversal_opens_the_invoices_with_their_old_dates() {
    let life = check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (payment("P1", 100, &[]), "B1 100 of 100"),
        (reversal("P1", None), "B1 0 of 100"),
    ]);
    let invoice = &life.debtor.debt.invoices[0];
    assert_eq!((invoice.due, invoice.closed_at), (date("2026-01-01"), None));
}

#[test]
fn a_partial_reversal_takes_credit_first_then_the_youngest_invoice() {
    check(vec![
        (invoice("B2", 50, "2026-02-01"), "B2 0 of 50"),
        (invoice("B1", 50, "2026-01-01"), "B2 0 of 50, B1 0 of 50"),
        (payment("P1", 120, &[]), "B2 50 of 50, B1 50 of 50, credit 20"),
        (reversal("P1", Some(10)), "B2 50 of 50, B1 50 of 50, credit 10"),
        (reversal("P1", Some(30)), "B2 30 of 50, B1 50 of 50"),
        (reversal("P1", Some(50)), "B2 0 of 50, B1 30 of 50"),
        (undo_reversal("P1", Some(40)), "B2 20 of 50, B1 50 of 50"),
        (reversal("P1", None), "B2 0 of 50, B1 0 of 50"),
        (undo_reversal("P1", None), "B2 50 of 50, B1 50 of 50, credit 20"),
    ]);
}

#[test]
fn credit_of_another_payment_pays_the_invoice_that_is_open_again() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (payment("P1", 100, &[]), "B1 100 of 100"),
        (payment("P2", 30, &[]), "B1 100 of 100, credit 30"),
        (reversal("P1", None), "B1 30 of 100"),
        (undo_reversal("P1", None), "B1 100 of 100, credit 30"),
    ]);
}

#[test]
fn an_undone_reversal_pays_again_what_the_payment_had_paid() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (invoice("B2", 40, "2026-02-01"), "B1 0 of 100, B2 0 of 40"),
        (payment("P1", 50, &["B2"]), "B1 10 of 100, B2 40 of 40"),
        (reversal("P1", None), "B1 0 of 100, B2 0 of 40"),
        (undo_reversal("P1", None), "B1 10 of 100, B2 40 of 40"),
    ]);
}

#[test]
fn what_a_shorter_window_has_forgotten_cannot_be_reversed() {
    let retention = Retention { reversal: period("2d"), ..Retention::default() };
    let short = Policy { retention, ..policy() };
    let long = Policy { identity: identity("2"), effective_from: Some(moment("2026-01-10")), ..policy() };
    let mut life = Life::new(Policies::new(vec![Arc::new(short), Arc::new(long)]).unwrap());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", payment("P1", 140, &[]));
    // B1 is forgotten by now; P1 is not, since some of it is credit.
    life.at("2026-01-09", payment("P2", 1, &[]));
    assert_eq!(life.debt(), "credit 41");
    for (at, amount, code) in [
        ("2026-01-10", None, Some("unknown_payment")),
        ("2026-01-11", Some(41), Some("unknown_payment")),
        ("2026-01-12", Some(40), None),
    ] {
        life.at(at, reversal("P1", amount));
        assert_eq!(life.rejected, code, "{amount:?}");
    }
    assert_eq!(life.debt(), "credit 1");
}
