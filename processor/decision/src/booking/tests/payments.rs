//! Invoices, payments, credit and adjustments in the order in which they are meant to come.

use super::check;
use crate::testing::*;

#[test]
fn a_payment_for_none_pays_the_oldest_due_first_and_the_rest_is_credit() {
    check(vec![
        (invoice("B2", 70, "2026-02-01"), "B2 0 of 70"),
        (invoice("B1", 100, "2026-01-01"), "B2 0 of 70, B1 0 of 100"),
        (payment("P1", 120, &[]), "B2 20 of 70, B1 100 of 100"),
        (payment("P2", 80, &[]), "B2 70 of 70, B1 100 of 100, credit 30"),
        (invoice("B3", 50, "2025-01-01"), "B2 70 of 70, B1 100 of 100, B3 30 of 50"),
    ]);
}

#[test]
fn a_payment_pays_the_invoices_it_names_and_the_rest_the_oldest() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (invoice("B2", 70, "2026-02-01"), "B1 0 of 100, B2 0 of 70"),
        (invoice("B3", 40, "2026-03-01"), "B1 0 of 100, B2 0 of 70, B3 0 of 40"),
        (payment("P1", 120, &["B3", "B2"]), "B1 10 of 100, B2 70 of 70, B3 40 of 40"),
        (payment("P2", 30, &["B3"]), "B1 40 of 100, B2 70 of 70, B3 40 of 40"),
        (payment("P3", 10, &["B1", "B1"]), "B1 50 of 100, B2 70 of 70, B3 40 of 40"),
    ]);
}

#[test]
fn of_two_credits_the_older_payment_pays_first() {
    let life = check(vec![
        (payment("P1", 30, &[]), "credit 30"),
        (payment("P2", 30, &[]), "credit 60"),
        (invoice("B1", 40, "2026-01-01"), "B1 40 of 40, credit 20"),
    ]);
    let credits: Vec<i64> = life.debtor.debt.payments.iter().map(|payment| payment.credit.0).collect();
    assert_eq!(credits, [0, 20]);
}

#[test]
fn an_adjustment_changes_what_is_asked_and_gives_back_what_is_overpaid() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (payment("P1", 60, &[]), "B1 60 of 100"),
        (payment("P2", 30, &[]), "B1 90 of 100"),
        (adjustment("A1", "B1", -50), "B1 50 of 50, credit 40"),
        (invoice("B2", 25, "2026-02-01"), "B1 50 of 50, B2 25 of 25, credit 15"),
        (adjustment("A2", "B1", 100), "B1 65 of 150, B2 25 of 25"),
        (undo_adjustment("A2", "B1"), "B1 50 of 50, B2 25 of 25, credit 15"),
        (undo_adjustment("A1", "B1"), "B1 65 of 100, B2 25 of 25"),
        (adjustment("A3", "B1", -100), "B1 0 of 0, B2 25 of 25, credit 65"),
    ]);
}

#[test]
fn a_credit_note_takes_back_the_youngest_payment_first() {
    let life = check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (payment("P1", 60, &[]), "B1 60 of 100"),
        (payment("P2", 40, &[]), "B1 100 of 100"),
        (adjustment("A1", "B1", -50), "B1 50 of 50, credit 50"),
    ]);
    let credits: Vec<i64> = life.debtor.debt.payments.iter().map(|payment| payment.credit.0).collect();
    assert_eq!(credits, [10, 40]);
}

#[test]
fn a_debit_note_may_follow_credit_notes_undone_below_zero() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (adjustment("A1", "B1", 50), "B1 0 of 150"),
        (adjustment("A2", "B1", -120), "B1 0 of 30"),
        (undo_adjustment("A1", "B1"), "B1 0 of -20"),
        (payment("P1", 10, &["B1"]), "B1 0 of -20, credit 10"),
        (adjustment("A3", "B1", 15), "B1 0 of -5, credit 10"),
        (adjustment("A4", "B1", 15), "B1 10 of 10"),
    ]);
}

#[test]
fn a_draft_is_no_debt_and_its_final_invoice_is() {
    check(vec![
        (invoice_with("B1", 100, "2026-01-01", |invoice| invoice.draft = true), ""),
        (payment("P1", 10, &[]), "credit 10"),
        (invoice("B1", 100, "2026-01-01"), "B1 10 of 100"),
        (invoice_with("B1", 100, "2026-01-01", |invoice| invoice.draft = true), "B1 10 of 100"),
    ]);
}

#[test]
fn amounts_of_the_first_event_are_written_in_its_own_currency() {
    let mut life = Life::unknown(policy());
    let yen = |invoice: &mut crate::event::InvoiceIssued| invoice.currency = currency("JPY");
    let event = event("e-1", moment("2026-01-01"), invoice_with("B1", 1200, "2026-01-01", yen));
    let now = moment("2026-01-01");
    let decisions = life.take_event(&event, crate::Moment { now, horizon: now });
    let amount = decisions.records[0].figures.iter().find(|figure| figure.name == "amount").unwrap();
    assert_eq!(amount.value, "1200");
}

#[test]
fn what_is_closed_for_longer_than_the_window_is_forgotten() {
    let mut life = Life::new(policy());
    life.at("2024-01-01", invoice("B1", 100, "2024-01-01"));
    life.at("2024-01-02", payment("P1", 100, &[]));
    life.at("2024-01-03", invoice("B2", 100, "2024-01-01"));
    life.at("2024-01-04", payment("P2", 150, &[]));
    life.at("2024-06-01", invoice("B3", 100, "2024-06-01"));
    assert_eq!(life.debt(), "B1 100 of 100, B2 100 of 100, B3 50 of 100");
    life.at("2026-01-01", payment("P3", 10, &[]));
    assert_eq!(life.debt(), "B3 60 of 100");
    // A payment that still pays something is kept, but too old to be taken back.
    life.at("2026-01-02", reversal("P2", None));
    assert_eq!(life.rejected, Some("unknown_payment"));
    life.at("2026-01-02", undo_reversal("P2", None));
    assert_eq!(life.rejected, Some("unknown_payment"));
    // An invoice of which only its payment is remembered is booked no second time.
    life.at("2026-01-02", invoice("B2", 100, "2024-01-01"));
    assert_eq!(life.debt(), "B3 60 of 100");
}

#[test]
fn what_was_closed_before_the_window_is_not_changed_even_where_it_is_not_forgotten_yet() {
    let mut life = Life::new(policy());
    life.at("2024-01-01", invoice("B1", 100, "2024-01-01"));
    life.at("2024-01-02", adjustment("A1", "B1", -30));
    life.at("2024-01-03T12:00", payment("P1", 70, &[]));
    let too_late = "2025-02-06T12:00:01";
    for body in [adjustment("A2", "B1", -10), adjustment("A3", "B1", 10), undo_adjustment("A1", "B1")] {
        life.at(too_late, body);
        assert_eq!(life.rejected, Some("invoice_forgotten"));
    }
    life.at(too_late, reversal("P1", None));
    assert_eq!(life.rejected, Some("unknown_payment"));
    assert_eq!(life.debt(), "B1 70 of 70");
}

#[test]
fn what_was_closed_within_the_window_is_changed() {
    let mut life = Life::new(policy());
    life.at("2024-01-01", invoice("B1", 100, "2024-01-01"));
    life.at("2024-01-03T12:00", payment("P1", 100, &[]));
    life.at("2025-02-06T12:00", adjustment("A1", "B1", -10));
    assert_eq!(life.debt(), "B1 90 of 90, credit 10");
}

#[test]
fn a_receipt_is_remembered_for_the_window_and_no_longer() {
    let by_receipt = |id: &str| payment_with(id, 10, &[], |payment| payment.receipt = Some("R1".into()));
    let mut life = Life::new(policy());
    life.at("2024-01-03T12:00", by_receipt("P1"));
    life.at("2025-02-06T12:00", by_receipt("P2"));
    assert_eq!(life.debt(), "credit 10");
    life.at("2025-02-06T12:00:01", by_receipt("P3"));
    assert_eq!(life.debt(), "credit 20");
}
