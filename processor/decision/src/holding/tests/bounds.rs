//! What a policy bounds of holds, and who may grant more.

use super::{TIME, check_under};
use crate::policy::{HoldBounds, HoldRules, Policy};
use crate::record::RecordKind;
use crate::testing::*;

fn bounds() -> HoldBounds {
    HoldBounds { beyond: Some("senior".to_owned()), ..HoldBounds::default() }
}

fn with_promises(promise: HoldBounds) -> Policy {
    Policy { holds: HoldRules { promise: Some(promise), ..HoldRules::default() }, ..policy() }
}

#[test]
fn only_so_many_may_be_made_in_a_time_and_those_that_are_over_count() {
    let bounds = HoldBounds { at_most: Some(2), per: Some(period("90d")), ..bounds() };
    let one = |id| promise(id, Some(10), &[], "2026-12-01");
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02T10:00", Some(one("H1")), "H1 10 of 10", "made"),
            ("2026-01-03", Some(payment("P1", 10, &[])), "", "kept"),
            ("2026-01-04", Some(one("H2")), "H2 10 of 10", "made"),
            ("2026-01-05", Some(one("H3")), "H2 10 of 10", "- hold_too_many"),
            (
                "2026-01-05",
                Some(deferral("F1", Some(1), &[], "2026-01-05")),
                "H2 10 of 10, F1 1 of 1",
                "made",
            ),
            ("2026-04-02T09:59:59", Some(one("H4")), "H2 10 of 10", "expired, - hold_too_many"),
            ("2026-04-02T10:00", Some(one("H5")), "H2 10 of 10, H5 10 of 10", "made"),
        ],
    );
}

#[test]
fn without_a_time_so_many_may_be_in_force_at_once() {
    let bounds = HoldBounds { at_most: Some(1), ..bounds() };
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02", Some(promise("H1", Some(10), &[], "2026-01-05")), "H1 10 of 10", "made"),
            (
                "2026-01-05",
                Some(promise("H2", Some(10), &[], "2026-01-09")),
                "H1 10 of 10",
                "- hold_too_many",
            ),
            ("2026-01-06", Some(promise("H2", Some(10), &[], "2026-01-09")), "H2 10 of 10", "broken, made"),
        ],
    );
}

#[test]
fn a_hold_whose_time_is_over_does_not_count_though_no_timer_fired() {
    let bounds = HoldBounds { at_most: Some(1), ..bounds() };
    let mut life = Life::new(with_promises(bounds));
    life.at("2026-01-01", invoice("B1", 100, "2026-01-01"));
    life.at("2026-01-02", promise("H1", Some(10), &[], "2026-01-05"));
    life.lagging("2026-01-07", "2026-01-07", promise("H2", Some(10), &[], "2026-01-09"));
    assert_eq!(life.holds("2026-01-07"), "H2 10 of 10");
}

#[test]
fn a_hold_may_last_so_long_and_not_a_day_longer() {
    let bounds = HoldBounds { no_longer_than: Some(period("14d")), ..bounds() };
    let last = |until| promise("H1", Some(10), &[], until);
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02T15:00", Some(last("2026-01-17")), "", "- hold_too_long"),
            ("2026-01-02T15:00", Some(last("2026-01-16")), "H1 10 of 10", "made"),
            ("2026-01-16T23:59:59", TIME, "H1 10 of 10", ""),
            ("2026-01-17", TIME, "", "broken"),
        ],
    );
}

#[test]
fn a_hold_without_a_day_lasts_as_long_as_the_bound_allows() {
    let bounds = HoldBounds { no_longer_than: Some(period("14d")), ..bounds() };
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02T15:00", Some(promise_of("H1", Some(10))), "H1 10 of 10", "made"),
            ("2026-01-03", Some(promise_of("H1", Some(10))), "H1 10 of 10", "known"),
            (
                "2026-01-03",
                Some(as_role("senior", promise_of("H2", Some(10)))),
                "H1 10 of 10, H2 10 of 10",
                "made",
            ),
            ("2026-01-16T23:59:59", TIME, "H1 10 of 10, H2 10 of 10", ""),
            ("2026-01-17", TIME, "H2 10 of 10", "broken"),
            ("2027-01-17", TIME, "H2 10 of 10", ""),
        ],
    );
}

#[test]
fn a_hold_may_be_of_so_much_and_not_a_cent_more() {
    let bounds = HoldBounds { no_more_than: Some(decimal("5.00")), ..bounds() };
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 501, "2026-01-01")), "", ""),
            ("2026-01-02", Some(promise("H1", Some(501), &[], "2026-01-10")), "", "- hold_too_large"),
            ("2026-01-02", Some(promise("H1", None, &[], "2026-01-10")), "", "- hold_too_large"),
            ("2026-01-02", Some(promise("H1", Some(900), &[], "2026-01-10")), "", "- hold_too_large"),
            ("2026-01-02", Some(promise("H1", Some(500), &[], "2026-01-10")), "H1 500 of 500", "made"),
        ],
    );
}

#[test]
fn the_role_that_may_grant_more_passes_every_bound_and_no_other_does() {
    let bounds = HoldBounds {
        at_most: Some(1),
        no_longer_than: Some(period("7d")),
        no_more_than: Some(decimal("0.50")),
        ..bounds()
    };
    let rows = |role: &'static str, told, holds| {
        let order = as_role(role, promise("H2", Some(60), &[], "2026-12-10"));
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02", Some(promise("H1", Some(10), &[], "2026-01-05")), "H1 10 of 10", "made"),
            ("2026-01-03", Some(order), holds, told),
        ]
    };
    check_under(with_promises(bounds.clone()), rows("senior", "made", "H1 10 of 10, H2 60 of 60"));
    check_under(with_promises(bounds.clone()), rows("manager", "made", "H1 10 of 10, H2 60 of 60"));
    check_under(with_promises(bounds.clone()), rows("Senior", "- hold_too_many", "H1 10 of 10"));
    let for_nobody = HoldBounds { beyond: None, ..bounds };
    check_under(with_promises(for_nobody), rows("senior", "- hold_too_many", "H1 10 of 10"));
}

#[test]
fn every_kind_has_bounds_of_its_own() {
    let bounds = || Some(HoldBounds { no_more_than: Some(decimal("0.50")), ..bounds() });
    let holds =
        HoldRules { dispute: bounds(), deferral: bounds(), instalments: bounds(), ..HoldRules::default() };
    let parts = [("2026-02-01", 50), ("2026-03-01", 1)];
    check_under(
        Policy { holds, ..policy() },
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02", Some(dispute("D1", Some(51), &[])), "", "- hold_too_large"),
            ("2026-01-02", Some(deferral("F1", Some(51), &[], "2026-02-01")), "", "- hold_too_large"),
            ("2026-01-02", Some(instalments("I1", &parts, 0, &[])), "", "- hold_too_large"),
            ("2026-01-02", Some(promise("H1", Some(51), &[], "2026-02-01")), "H1 51 of 51", "made"),
        ],
    );
}

#[test]
fn an_instalment_plan_lasts_to_its_last_part() {
    let bounds = HoldBounds { no_longer_than: Some(period("30d")), ..bounds() };
    let holds = HoldRules { instalments: Some(bounds), ..HoldRules::default() };
    check_under(
        Policy { holds, ..policy() },
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            (
                "2026-01-01",
                Some(instalments("I1", &[("2026-02-01", 50), ("2026-01-10", 50)], 0, &[])),
                "",
                "- hold_too_long",
            ),
            ("2026-01-01", Some(instalments("I1", &[("2026-01-31", 100)], 5, &[])), "I1 100 of 100", "made"),
        ],
    );
}

#[test]
fn a_rejection_says_which_bound_and_who_may_grant_more() {
    let bounds = HoldBounds {
        at_most: Some(2),
        per: Some(period("90d")),
        no_longer_than: Some(period("14d")),
        no_more_than: Some(decimal("5.00")),
        ..bounds()
    };
    let mut life = Life::new(with_promises(bounds));
    life.at("2026-01-01", invoice("B1", 1000, "2026-01-01"));
    life.at("2026-01-02", promise("H0", Some(501), &[], "2026-01-10"));
    life.at("2026-01-02", promise("H0", Some(500), &[], "2026-02-10"));
    life.at("2026-01-02", promise("H1", Some(1), &[], "2026-01-10"));
    life.at("2026-01-02", promise("H2", Some(1), &[], "2026-01-10"));
    life.at("2026-01-02", promise("H3", Some(1), &[], "2026-01-10"));
    assert_eq!(
        life.reasons(RecordKind::EventRejected),
        [
            "the hold is too large: no_more_than allows one of the kind promise to be 5.00 USD; the role «senior» may grant more",
            "the hold is too long: no_longer_than allows one of the kind promise to last 14d, to 2026-01-16; the role «senior» may grant more",
            "too many holds: at_most allows 2 of the kind promise in 90d; the role «senior» may grant more",
        ]
    );
}

#[test]
fn what_a_bound_counts_over_a_long_time_is_remembered_as_long() {
    let bounds = HoldBounds { at_most: Some(1), per: Some(period("730d")), ..bounds() };
    check_under(
        with_promises(bounds),
        vec![
            ("2026-01-01", Some(invoice("B1", 100, "2026-01-01")), "", ""),
            ("2026-01-02", Some(promise("H1", Some(10), &[], "2026-01-05")), "H1 10 of 10", "made"),
            ("2026-01-06", TIME, "", "broken"),
            ("2027-12-01", Some(payment("P1", 1, &[])), "", ""),
            ("2028-01-01T23:59:59", Some(promise("H2", Some(1), &[], "2028-02-01")), "", "- hold_too_many"),
            ("2028-01-02", Some(promise("H2", Some(1), &[], "2028-02-01")), "H2 1 of 1", "made"),
        ],
    );
}
