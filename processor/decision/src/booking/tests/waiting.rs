//! What names an invoice or a payment that has not come yet.

use super::check;
use crate::record::RecordKind;
use crate::testing::*;

#[test]
fn a_payment_waits_for_the_invoice_it_names_and_pays_it() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (payment("P1", 60, &["B2"]), "B1 0 of 100, waiting 60"),
        (invoice("B3", 10, "2026-01-01"), "B1 0 of 100, B3 0 of 10, waiting 60"),
        (invoice("B2", 40, "2026-02-01"), "B1 20 of 100, B3 0 of 10, B2 40 of 40"),
    ]);
}

#[test]
fn it_is_told_when_a_payment_waits_and_when_it_pays_what_it_waited_for() {
    let life = check(vec![
        (payment("P1", 60, &["B1", "B2"]), "waiting 60"),
        (invoice("B1", 40, "2026-01-01"), "B1 40 of 40, waiting 20"),
        (invoice("B2", 40, "2026-01-01"), "B1 40 of 40, B2 20 of 40"),
    ]);
    assert_eq!(life.reasons(RecordKind::PaymentWaiting), ["names an invoice not seen yet"]);
    assert_eq!(life.reasons(RecordKind::PaymentBooked), ["an invoice it names has come"; 2]);
}

#[test]
fn a_payment_pays_the_named_invoice_that_is_there_and_waits_for_the_other() {
    check(vec![
        (invoice("B1", 100, "2026-01-01"), "B1 0 of 100"),
        (invoice("B2", 40, "2026-02-01"), "B1 0 of 100, B2 0 of 40"),
        (payment("P1", 60, &["B3", "B2"]), "B1 0 of 100, B2 40 of 40, waiting 20"),
        (invoice("B3", 15, "2026-03-01"), "B1 5 of 100, B2 40 of 40, B3 15 of 15"),
    ]);
}

#[test]
fn after_its_time_a_waiting_payment_pays_like_one_that_names_none() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02T10:00", payment("P1", 60, &["B2"]));
    assert_eq!(life.reasons(RecordKind::PaymentWaiting), ["names an invoice not seen yet"]);
    assert_eq!(life.next_due(), "2026-01-05T10:00:00Z");
    life.until("2026-01-05T09:59");
    assert_eq!(life.debt(), "B1 0 of 100, waiting 60");
    life.until("2026-01-05T10:00");
    assert_eq!(life.debt(), "B1 60 of 100");
    life.at("2026-01-06", invoice("B2", 40, "2026-01-01"));
    assert_eq!(life.debt(), "B1 60 of 100, B2 0 of 40", "it came too late to be waited for");
}

#[test]
fn a_wait_ends_only_once_the_log_is_read_up_to_its_end() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", payment("P1", 60, &["B2"]));
    life.lagging("2026-01-10", "2026-01-04", invoice("B2", 40, "2026-01-01"));
    assert_eq!(life.debt(), "B1 20 of 100, B2 40 of 40");
}

#[test]
fn a_payment_that_has_nothing_left_waits_no_longer() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", payment("P1", 40, &["B1", "B2"]));
    life.at("2026-01-02", invoice("B1", 40, "2026-01-01"));
    assert_eq!(life.next_due(), "");
    life.at("2026-01-03", payment("P2", 40, &["B3"]));
    life.at("2026-01-04", reversal("P2", None));
    assert_eq!(life.next_due(), "");
    life.until("2026-02-01");
    assert_eq!(life.reasons(RecordKind::PaymentBooked), ["an invoice it names has come"]);
}

#[test]
fn an_adjustment_waits_for_its_invoice_and_is_rejected_when_it_does_not_come() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", adjustment("A1", "B1", -30));
    life.at("2026-01-01", adjustment("A2", "B9", -30));
    life.at("2026-01-02", adjustment("A3", "B1", -30));
    life.at("2026-01-02", undo_adjustment("A3", "B1"));
    life.at("2026-01-03", payment("P1", 100, &["B1"]));
    life.at("2026-01-03", invoice("B1", 100, "2026-01-01"));
    assert_eq!(life.debt(), "B1 70 of 70, credit 30");
    life.until("2026-01-04");
    assert_eq!(
        life.reasons(RecordKind::EventRejected),
        [
            "invoice «B9» did not come within 3d; closed ones are remembered for the reversal window (reversal_window: 400d)"
        ]
    );
    assert_eq!(life.next_due(), "");
}

#[test]
fn an_adjustment_that_waited_and_does_not_fit_is_rejected_when_its_invoice_comes() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", adjustment("A1", "B1", -130));
    life.at("2026-01-02", invoice("B1", 100, "2026-01-01"));
    assert_eq!(life.debt(), "B1 0 of 100");
    assert_eq!(life.reasons(RecordKind::EventRejected).len(), 1);
}

#[test]
fn a_reversal_waits_for_its_payment_and_is_rejected_when_it_does_not_come() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", reversal("P1", Some(40)));
    life.at("2026-01-02", reversal("P9", None));
    life.at("2026-01-03", payment("P1", 100, &[]));
    assert_eq!(life.debt(), "B1 60 of 100");
    life.until("2026-01-05");
    let reasons = life.reasons(RecordKind::EventRejected);
    assert_eq!(
        reasons,
        [
            "payment «P9» is not known; payments are remembered for the reversal window (reversal_window: 400d)"
        ]
    );
}

#[test]
fn a_reversal_that_waits_may_be_undone() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", reversal("P1", Some(40)));
    life.at("2026-01-02", undo_reversal("P1", Some(30)));
    assert_eq!(life.rejected, Some("unknown_reversal"));
    life.at("2026-01-02", undo_reversal("P1", None));
    assert_eq!(life.rejected, None);
    life.at("2026-01-03", payment("P1", 100, &[]));
    assert_eq!(life.debt(), "B1 100 of 100");
}

#[test]
fn waiting_lists_are_bounded() {
    let mut life = Life::new(policy());
    let most = super::super::MOST_WAITING;
    for number in 0..=most {
        life.at("2026-01-01", payment(&format!("P{number}"), 1, &["B"]));
        assert_eq!(life.rejected, (number == most).then_some("too_many_waiting"));
    }
    for number in 0..=most {
        life.at("2026-01-01", adjustment(&format!("A{number}"), "B", -1));
        assert_eq!(life.rejected, (number == most).then_some("too_many_waiting"));
    }
    for number in 0..=most {
        life.at("2026-01-01", reversal(&format!("Q{number}"), None));
        assert_eq!(life.rejected, (number == most).then_some("too_many_waiting"));
    }
    check(vec![]);
}
