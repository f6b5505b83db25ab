//! A promise freezes what is unpaid of it; it is kept when the debt falls by its amount in time.

use super::{TIME, check, figures, records_due, records_of};
use crate::record::RecordKind;
use crate::testing::*;

#[test]
fn a_promise_freezes_what_is_still_unpaid_of_it_and_is_kept_with_the_last_cent() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-03", Some(payment("P1", 60, &[])), "H1 40 of 100", ""),
        ("2026-01-04", Some(payment("P2", 39, &[])), "H1 1 of 100", ""),
        ("2026-01-10T23:59:59", Some(payment("P3", 1, &[])), "", "kept"),
    ]);
}

#[test]
fn one_cent_short_at_the_end_of_its_day_a_promise_is_broken() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-03", Some(payment("P1", 99, &[])), "H1 1 of 100", ""),
        ("2026-01-10T23:59:59", TIME, "H1 1 of 100", ""),
        ("2026-01-11", TIME, "", "broken"),
        ("2026-01-11", Some(payment("P2", 1, &[])), "", ""),
    ]);
}

#[test]
fn a_promise_of_all_is_of_what_is_open_and_so_is_one_of_more() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", None, &[], "2026-01-10")), "H1 300 of 300", "made"),
        ("2026-01-03", Some(payment("P1", 300, &[])), "", "kept"),
        ("2026-01-04", Some(invoice("B2", 50, "2026-01-01")), "", ""),
        ("2026-01-05", Some(promise("H2", Some(500), &["B2"], "2026-01-10")), "H2 50 of 50", "made"),
        ("2026-01-06", Some(payment("P2", 50, &[])), "", "kept"),
    ]);
}

#[test]
fn a_payment_taken_back_takes_back_what_was_paid_of_a_promise() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-03", Some(payment("P1", 60, &[])), "H1 40 of 100", ""),
        ("2026-01-04", Some(reversal("P1", None)), "H1 100 of 100", ""),
        ("2026-01-05", Some(payment("P2", 40, &[])), "H1 60 of 100", ""),
        ("2026-01-06", Some(undo_reversal("P1", None)), "", "kept"),
        ("2026-01-07", Some(reversal("P1", None)), "", ""),
    ]);
}

#[test]
fn a_payment_of_before_that_bounces_is_to_be_made_up_for_as_well() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-01", Some(payment("P1", 50, &[])), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-03", Some(reversal("P1", None)), "H1 100 of 100", ""),
        ("2026-01-04", Some(payment("P2", 100, &[])), "H1 50 of 100", ""),
        ("2026-01-05", Some(payment("P3", 50, &[])), "", "kept"),
    ]);
}

#[test]
fn a_credit_note_counts_as_paid_and_an_invoice_of_later_does_not_count() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-02", Some(invoice("B2", 500, "2025-01-01")), "H1 100 of 100", ""),
        ("2026-01-03", Some(adjustment("A1", "B1", -30)), "H1 70 of 100", ""),
        ("2026-01-04", Some(payment("P1", 500, &["B2"])), "H1 70 of 100", ""),
        ("2026-01-05", Some(payment("P2", 70, &["B1"])), "", "kept"),
    ]);
}

#[test]
fn a_promise_that_names_invoices_is_kept_by_what_is_paid_of_those() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-02-01")), "", ""),
        ("2026-01-02", Some(promise("H1", None, &["B2"], "2026-01-10")), "H1 100 of 100", "made"),
        ("2026-01-03", Some(payment("P1", 100, &[])), "H1 100 of 100", ""),
        ("2026-01-04", Some(payment("P2", 100, &["B2"])), "", "kept"),
    ]);
}

#[test]
fn several_promises_are_kept_by_the_same_fall_of_the_debt() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(100), &[], "2026-01-10")), "H1 100 of 100", "made"),
        (
            "2026-01-03",
            Some(promise("H2", Some(50), &["B1"], "2026-01-09")),
            "H1 100 of 100, H2 50 of 50",
            "made",
        ),
        ("2026-01-04", Some(payment("P1", 50, &[])), "H1 50 of 100", "kept"),
        ("2026-01-05", Some(payment("P2", 50, &[])), "", "kept"),
    ]);
}

#[test]
fn a_promise_without_a_day_goes_on_until_it_is_kept() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise_of("H1", Some(100))), "H1 100 of 100", "made"),
        ("2027-01-02", TIME, "H1 100 of 100", ""),
        ("2027-01-03", Some(payment("P1", 100, &[])), "", "kept"),
    ]);
}

#[test]
fn a_promise_outlives_the_memory_of_the_invoices_it_was_about() {
    check(vec![
        ("2024-01-01", Some(invoice("B1", 300, "2024-01-01")), "", ""),
        ("2024-01-01", Some(invoice("B2", 100, "2024-01-01")), "", ""),
        ("2024-01-02", Some(promise_of("H1", Some(200))), "H1 200 of 200", "made"),
        ("2024-01-03", Some(payment("P1", 100, &["B2"])), "H1 100 of 200", ""),
        ("2026-01-01", Some(invoice("B3", 500, "2026-01-01")), "H1 100 of 200", ""),
        // B2, the newest it was about, is forgotten with this payment.
        ("2026-01-02", Some(payment("P2", 10, &["B3"])), "H1 100 of 200", ""),
        ("2026-01-03", Some(payment("P3", 100, &["B1"])), "", "kept"),
    ]);
}

/// An outage from the 10th to the 15th, before a promise of 100 through the 10th was over. Answers
/// how the promise ended after these payments, by when they were made, were read from the log.
fn after_an_outage(payments: &[(&str, i64)]) -> (usize, usize, String) {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 300, "2026-01-01"));
    life.at("2026-01-02", promise("H1", Some(100), &["B1"], "2026-01-10"));
    let (now, horizon) = (moment("2026-01-15"), moment("2026-01-10T09:00"));
    for (made_at, amount) in payments {
        let paid = event(made_at, moment(made_at), payment(&format!("P-{made_at}"), *amount, &[]));
        life.take_event(&paid, crate::Moment { now, horizon });
    }
    let before = life.holds("2026-01-15");
    life.catch_up("2026-01-15");
    let count = |kind| life.reasons(kind).len();
    (count(RecordKind::PromiseKept), count(RecordKind::PromiseBroken), before)
}

#[test]
fn a_payment_made_before_the_promise_was_over_keeps_it_whenever_it_is_read() {
    assert_eq!(after_an_outage(&[("2026-01-10T23:59:59", 100)]), (1, 0, String::new()));
    assert_eq!(after_an_outage(&[("2026-01-08", 40), ("2026-01-09", 60)]), (1, 0, String::new()));
}

#[test]
fn a_payment_made_after_the_promise_was_over_does_not_keep_it_though_nobody_has_noted_its_end() {
    assert_eq!(after_an_outage(&[("2026-01-11", 100)]), (0, 1, "H1 100 of 100".to_owned()));
    assert_eq!(after_an_outage(&[("2026-01-10", 99), ("2026-01-11", 100)]), (0, 1, "H1 1 of 100".to_owned()));
}

#[test]
fn a_payment_made_in_time_keeps_a_promise_even_where_a_later_one_is_read_before_it() {
    assert_eq!(after_an_outage(&[("2026-01-11", 50), ("2026-01-10", 100)]), (1, 0, String::new()));
}

#[test]
fn a_payment_that_came_after_the_promise_was_over_does_not_keep_it() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 300, "2026-01-01"));
    life.at("2026-01-02", promise("H1", Some(100), &[], "2026-01-10"));
    // Its timer has not fired yet.
    life.lagging("2026-01-15", "2026-01-15", payment("P1", 100, &[]));
    assert_eq!(life.reasons(RecordKind::PromiseBroken).len(), 1);
    assert_eq!(life.reasons(RecordKind::PromiseKept).len(), 0);
}

/// A payment that waits for its invoice to the 5th at 10:00, and a promise through this day; all is
/// looked at in time, then after an outage, then only when the next event comes.
#[track_caller]
fn check_wait(until: &str, kind: RecordKind) {
    let begin = || {
        let mut life = Life::new(policy());
        life.at("2026-01-01", invoice("B1", 300, "2026-01-01"));
        life.at("2026-01-02", promise("H1", Some(100), &["B1"], until));
        life.at("2026-01-02T10:00", payment("P1", 100, &["B9"]));
        life
    };
    let (mut in_time, mut after_outage, mut with_an_event) = (begin(), begin(), begin());
    in_time.until("2026-01-20");
    after_outage.catch_up("2026-01-20");
    with_an_event.lagging("2026-01-20", "2026-01-20", invoice("B9", 100, "2026-01-01"));
    for life in [in_time, after_outage, with_an_event] {
        let ends = [RecordKind::PromiseKept, RecordKind::PromiseBroken].map(|kind| life.reasons(kind).len());
        assert_eq!(ends.iter().sum::<usize>(), 1);
        assert_eq!(life.reasons(kind).len(), 1);
        assert_eq!(life.debtor.debt.invoices[0].paid.0, 100);
    }
}

#[test]
fn what_pays_at_the_end_of_its_wait_keeps_a_promise_that_is_not_over_by_then() {
    check_wait("2026-01-04", RecordKind::PromiseBroken);
    check_wait("2026-01-05", RecordKind::PromiseKept);
}

#[test]
fn the_records_of_a_promise_say_what_it_was_and_what_was_paid() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 30000, "2026-01-01"));
    let made = records_of(&mut life, "2026-01-02", promise("H1", Some(10000), &["B1"], "2026-01-10"));
    assert_eq!(
        figures(&made[0]),
        [
            "hold H1",
            "kind promise",
            "amount 100.00",
            "paid 0.00",
            "invoices B1",
            "until 2026-01-10",
            "real_debt 300.00",
            "frozen 100.00",
            "by anna",
            "role agent",
        ]
    );
    life.at("2026-01-03", payment("P1", 6000, &[]));
    let broken = records_due(&mut life, "2026-01-12");
    assert_eq!(
        figures(&broken[0]),
        [
            "hold H1",
            "kind promise",
            "amount 100.00",
            "paid 60.00",
            "invoices B1",
            "until 2026-01-10",
            "ended_at 2026-01-11T00:00:00Z",
            "real_debt 240.00",
            "frozen 0.00",
        ]
    );
}
