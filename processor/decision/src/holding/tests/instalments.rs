//! An instalment plan freezes what is unpaid of it while each part is paid by its date and grace.

use super::{TIME, check, figures, records_due};
use crate::testing::*;

const PARTS: &[(&str, i64)] = &[("2026-01-10", 100), ("2026-02-10", 100), ("2026-03-10", 100)];

#[test]
fn a_plan_freezes_what_is_unpaid_while_its_parts_come_in_time() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(instalments("I1", PARTS, 2, &[])), "I1 300 of 300", "made"),
        ("2026-01-10", Some(payment("P1", 100, &[])), "I1 200 of 300", ""),
        ("2026-02-12T23:59:59", Some(payment("P2", 100, &[])), "I1 100 of 300", ""),
        ("2026-03-01", Some(payment("P3", 100, &[])), "", "paid"),
    ]);
}

#[test]
fn a_part_may_be_late_by_its_grace_and_not_by_a_second_more() {
    let plan = |grace| instalments("I1", PARTS, grace, &[]);
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(plan(2)), "I1 300 of 300", "made"),
        ("2026-01-12T23:59:59", TIME, "I1 300 of 300", ""),
        ("2026-01-13", TIME, "", "missed"),
    ]);
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(plan(0)), "I1 300 of 300", "made"),
        ("2026-01-10T23:59:59", TIME, "I1 300 of 300", ""),
        ("2026-01-11", TIME, "", "missed"),
    ]);
}

#[test]
fn a_part_short_of_one_cent_is_missed() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(instalments("I1", PARTS, 0, &[])), "I1 300 of 300", "made"),
        ("2026-01-03", Some(payment("P1", 199, &[])), "I1 101 of 300", ""),
        ("2026-02-10T23:59:59", TIME, "I1 101 of 300", ""),
        ("2026-02-11", TIME, "", "missed"),
    ]);
}

#[test]
fn what_is_paid_ahead_counts_for_the_parts_to_come() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(instalments("I1", PARTS, 0, &[])), "I1 300 of 300", "made"),
        ("2026-01-03", Some(payment("P1", 200, &[])), "I1 100 of 300", ""),
        ("2026-03-10T23:59:59", TIME, "I1 100 of 300", ""),
        ("2026-03-11", TIME, "", "missed"),
    ]);
}

#[test]
fn a_part_whose_payment_bounces_after_its_date_is_missed_at_once() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(instalments("I1", PARTS, 2, &[])), "I1 300 of 300", "made"),
        ("2026-01-05", Some(payment("P1", 100, &[])), "I1 200 of 300", ""),
        ("2026-01-12", Some(reversal("P1", None)), "I1 300 of 300", ""),
        ("2026-01-12", Some(undo_reversal("P1", None)), "I1 200 of 300", ""),
        ("2026-01-20", Some(reversal("P1", Some(1))), "", "missed"),
    ]);
}

#[test]
fn parts_may_come_in_any_order_and_may_be_less_or_more_than_the_debt() {
    check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        (
            "2026-01-02",
            Some(instalments("I1", &[("2026-02-10", 150), ("2026-01-10", 50)], 0, &[])),
            "I1 200 of 200",
            "made",
        ),
        ("2026-01-10", Some(payment("P1", 50, &[])), "I1 150 of 200", ""),
        ("2026-02-10", Some(payment("P2", 150, &[])), "", "paid"),
        (
            "2026-02-11",
            Some(instalments("I2", &[("2026-03-10", 90), ("2026-04-10", 90)], 0, &["B1"])),
            "I2 100 of 100",
            "made",
        ),
        ("2026-03-10", Some(payment("P3", 90, &[])), "I2 10 of 100", ""),
        ("2026-04-10", Some(payment("P4", 10, &[])), "", "paid"),
    ]);
}

#[test]
fn the_record_of_a_broken_plan_names_the_part_that_was_missed() {
    let mut life = Life::new(policy());
    life.at("2026-01-01", invoice("B1", 300, "2026-01-01"));
    life.at("2026-01-02", instalments("I1", PARTS, 2, &[]));
    life.at("2026-01-03", payment("P1", 150, &[]));
    let broken = records_due(&mut life, "2026-02-20");
    assert_eq!(
        figures(&broken[0]),
        [
            "hold I1",
            "kind instalments",
            "amount 3.00",
            "paid 1.50",
            "until 2026-03-10",
            "parts 2026-01-10 1.00, 2026-02-10 1.00, 2026-03-10 1.00",
            "grace 2d",
            "part 2026-02-10 1.00",
            "asked_by_then 2.00",
            "ended_at 2026-02-13T00:00:00Z",
            "real_debt 1.50",
            "frozen 0.00",
        ]
    );
}

#[test]
fn a_part_paid_after_its_days_is_missed_though_nobody_has_noted_their_end() {
    let after_an_outage = |made_at: &str| {
        let mut life = Life::new(policy());
        life.at("2026-01-01", invoice("B1", 300, "2026-01-01"));
        life.at("2026-01-02", instalments("I1", PARTS, 2, &[]));
        let (now, horizon) = (moment("2026-01-20"), moment("2026-01-09"));
        let paid = event("paid", moment(made_at), payment("P1", 100, &[]));
        life.take_event(&paid, crate::Moment { now, horizon });
        life.catch_up("2026-01-20");
        life.holds("2026-01-20")
    };
    assert_eq!(after_an_outage("2026-01-12T23:59:59"), "I1 200 of 300");
    assert_eq!(after_an_outage("2026-01-13"), "");
}

#[test]
fn what_is_paid_of_a_plan_pays_its_parts_in_their_order() {
    let mut life = check(vec![
        ("2026-01-01", Some(invoice("B1", 300, "2026-01-01")), "", ""),
        ("2026-01-02", Some(instalments("I1", PARTS, 2, &[])), "I1 300 of 300", "made"),
    ]);
    for (at, id, amount, expected) in [
        ("2026-01-03", "P1", 40, [40, 0, 0]),
        ("2026-01-04", "P2", 100, [100, 40, 0]),
        ("2026-01-05", "P3", 159, [100, 100, 99]),
    ] {
        life.at(at, payment(id, amount, &[]));
        let now = moment(at);
        let holds = crate::view::holds(&life.debtor, crate::Moment { now, horizon: now }, &life.policies);
        let parts: Vec<_> =
            holds[0].parts.iter().map(|part| (part.due.to_string(), part.amount.0, part.paid.0)).collect();
        let all = PARTS.iter().zip(expected);
        assert_eq!(
            parts,
            all.map(|((due, amount), paid)| ((*due).to_owned(), *amount, paid)).collect::<Vec<_>>()
        );
    }
}
