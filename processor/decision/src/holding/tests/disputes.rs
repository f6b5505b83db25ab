//! Disputes: rejected, withdrawn, upheld until the adjustment comes, or over with their day.

use super::{TIME, check, figures, records_of};
use crate::event::DisputeOutcome::{Rejected, Upheld, Withdrawn};
use crate::testing::*;

#[test]
fn a_dispute_that_is_rejected_or_withdrawn_freezes_no_longer() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(60), &["B1"])), "D1 60 of 60", "made"),
        ("2026-01-02", Some(dispute("D2", Some(30), &["B1"])), "D1 60 of 60, D2 30 of 30", "made"),
        ("2026-01-03", Some(outcome("D1", Rejected)), "D2 30 of 30", "rejected"),
        ("2026-01-04", Some(outcome("D2", Withdrawn)), "", "withdrawn"),
        ("2026-01-05", Some(outcome("D2", Withdrawn)), "", "- hold_over"),
    ]);
}

#[test]
fn an_upheld_dispute_goes_on_freezing_until_its_adjustment_comes() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-01", Some(invoice("B2", 100, "2026-02-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(60), &["B1"])), "D1 60 of 60", "made"),
        ("2026-01-03", Some(outcome("D1", Upheld)), "D1 60 of 60", ""),
        ("2026-01-04", Some(adjustment("A1", "B2", -60)), "D1 60 of 60", ""),
        ("2026-01-05", Some(adjustment("A2", "B1", 10)), "D1 60 of 60", ""),
        ("2026-01-06", Some(payment("P1", 60, &["B1"])), "D1 50 of 60", ""),
        ("2026-01-07", Some(adjustment("A3", "B1", -1)), "", "adjusted"),
    ]);
}

#[test]
fn an_upheld_dispute_that_names_none_ends_with_an_adjustment_of_any_invoice() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", None, &[])), "D1 100 of 100", "made"),
        ("2026-01-03", Some(outcome("D1", Upheld)), "D1 100 of 100", ""),
        ("2026-01-04", Some(invoice("B2", 100, "2026-02-01")), "D1 100 of 100", ""),
        ("2026-01-05", Some(adjustment("A1", "B2", -5)), "", "adjusted"),
    ]);
}

#[test]
fn a_dispute_whose_adjustment_came_before_its_outcome_ends_when_it_is_upheld() {
    let rows = |credited| {
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-01", Some(adjustment("A0", "B1", -10)), "", ""),
            ("2026-01-01", Some(dispute("D1", Some(60), &["B1"])), "D1 60 of 60", "made"),
            ("2026-01-01", Some(adjustment("A1", "B1", -40)), "D1 50 of 60", ""),
            ("2026-01-02", Some(adjustment("A2", "B1", credited)), "D1 30 of 60", ""),
        ]
    };
    let mut enough = rows(-20);
    enough.push(("2026-01-03", Some(outcome("D1", Upheld)), "", "adjusted"));
    check(enough);
    let mut one_short = rows(-20);
    one_short.push(("2026-01-03", Some(adjustment("A3", "B1", 1)), "D1 31 of 60", ""));
    one_short.push(("2026-01-03", Some(outcome("D1", Upheld)), "D1 31 of 60", ""));
    one_short.push(("2026-01-04", Some(adjustment("A4", "B1", -1)), "", "adjusted"));
    check(one_short);
}

#[test]
fn an_adjustment_taken_back_is_none_and_a_debit_note_taken_back_is_one() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(adjustment("A0", "B1", 50)), "", ""),
        ("2026-01-02", Some(dispute("D1", Some(50), &["B1"])), "D1 50 of 50", "made"),
        ("2026-01-03", Some(adjustment("A1", "B1", -50)), "D1 50 of 50", ""),
        ("2026-01-03", Some(undo_adjustment("A1", "B1")), "D1 50 of 50", ""),
        ("2026-01-04", Some(outcome("D1", Upheld)), "D1 50 of 50", ""),
        ("2026-01-05", Some(undo_adjustment("A0", "B1")), "", "adjusted"),
    ]);
}

#[test]
fn a_disputes_day_ends_it_unless_it_is_upheld() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute_until("D1", Some(60), &["B1"], "2026-01-10")), "D1 60 of 60", "made"),
        (
            "2026-01-02",
            Some(dispute_until("D2", Some(40), &["B1"], "2026-01-10")),
            "D1 60 of 60, D2 40 of 40",
            "made",
        ),
        ("2026-01-03", Some(outcome("D2", Upheld)), "D1 60 of 60, D2 40 of 40", ""),
        ("2026-01-10T23:59:59", TIME, "D1 60 of 60, D2 40 of 40", ""),
        ("2026-01-11", TIME, "D2 40 of 40", "expired"),
        ("2026-01-11", Some(outcome("D1", Upheld)), "D2 40 of 40", "- hold_over"),
        ("2027-01-11", TIME, "D2 40 of 40", ""),
    ]);
}

#[test]
fn an_upheld_dispute_may_still_be_rejected_and_is_upheld_once() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(dispute("D1", None, &[])), "D1 100 of 100", "made"),
        ("2026-01-03", Some(outcome("D1", Upheld)), "D1 100 of 100", ""),
        ("2026-01-04", Some(outcome("D1", Upheld)), "D1 100 of 100", "known"),
        ("2026-01-05", Some(outcome("D1", Rejected)), "", "rejected"),
    ]);
}

#[test]
fn an_outcome_is_only_for_a_dispute_in_force() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
        ("2026-01-02", Some(promise("H1", Some(10), &[], "2026-01-10")), "H1 10 of 10", "made"),
        ("2026-01-03", Some(outcome("H1", Rejected)), "H1 10 of 10", "- not_a_dispute"),
        ("2026-01-03", Some(outcome("D9", Upheld)), "H1 10 of 10", "- unknown_hold"),
        ("2026-01-03", Some(unconfirmed("P1", 5, &[])), "H1 10 of 10, P1 5 of 5", "made"),
        ("2026-01-03", Some(outcome("P1", Rejected)), "H1 10 of 10, P1 5 of 5", "- not_a_dispute"),
    ]);
}

#[test]
fn an_outcome_that_comes_after_the_disputes_day_is_rejected_though_no_timer_fired() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", dispute_until("D1", None, &[], "2026-01-10"));
    life.lagging("2026-01-15", "2026-01-15", outcome("D1", Rejected));
    assert_eq!(life.rejected, Some("hold_over"));
    life.lagging("2026-01-15", "2026-01-15", payment("P1", 1, &[]));
    assert_eq!(life.reasons(crate::record::RecordKind::HoldEnded), ["expired"]);
}

#[test]
fn the_records_of_a_dispute_say_who_ended_it_and_why() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", dispute("D1", Some(60), &[]));
    let upheld = records_of(&mut life, "2026-01-03", outcome("D1", Upheld));
    assert_eq!(upheld[0].reason, "dispute upheld");
    assert_eq!(figures(&upheld[0]), ["hold D1", "amount 0.60", "adjusted 0.00", "by anna", "role agent"]);
    let crate::event::Body::Control(mut control) = outcome("D1", Withdrawn) else { unreachable!() };
    control.why = Some("a misunderstanding".to_owned());
    let ended = records_of(&mut life, "2026-01-04", crate::event::Body::Control(control));
    assert_eq!(
        figures(&ended[0]),
        [
            "hold D1",
            "kind dispute",
            "amount 0.60",
            "real_debt 1.00",
            "frozen 0.00",
            "by anna",
            "role agent",
            "why a misunderstanding",
        ]
    );
}
