//! The log may be read only up to the horizon: what adds looks no further, what takes away goes by
//! the clock.

use super::{says, three_stages};
use crate::plan::{OnPartCure, Plan};
use crate::testing::*;

#[test]
fn nothing_acts_that_falls_due_after_the_horizon() {
    let mut life = Life::new(policy_of(three_stages()));
    let b1 = invoice("B1", 10_00, "2026-03-01");
    assert_eq!(life.lagging("2026-03-15", "2026-02-28", b1), "");
    assert_eq!(life.debtor.profiles.len(), 0, "not even a cycle opens");
    assert_eq!(life.next_due(), "2026-03-01T00:00:00Z", "in the past of the clock");
    let b2 = invoice("B2", 10_00, "2026-03-01");
    assert_eq!(life.lagging("2026-03-15", "2026-03-05", b2), "remind");
    assert_eq!(life.next_due(), "2026-03-11T00:00:00Z");
    assert_eq!(life.catch_up("2026-03-15"), "bar, +bar");
}

#[test]
fn a_payment_in_the_backlog_wins_against_what_fell_due_in_the_gap() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.lagging("2026-03-15", "2026-03-02", payment("P1", 10_00, &[])), "thanks");
    assert_eq!(life.catch_up("2026-03-15"), "");
}

#[test]
fn a_horizon_that_was_lost_ends_no_cycle_and_lifts_nothing() {
    let plan = Plan { on_part_cure: OnPartCure::StepDown, ..three_stages() };
    let mut life = Life::new(policy_of(plan));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    assert_eq!(life.until("2026-03-11"), "bar, +bar");
    assert_eq!(life.lagging("2026-03-12", "EARLIEST", payment("P1", 1_00, &[])), "");
    assert_eq!(life.lagging("2026-03-12", "EARLIEST", account(|_| {})), "");
    assert_eq!(life.lagging("2026-03-12", "2026-02-01", invoice("B2", 5_00, "2026-03-12")), "");
    assert_eq!(life.state("2026-03-12"), "active bar 14.00");
    assert_eq!(life.catch_up("2026-03-12"), "", "nothing is done twice");
    assert_eq!(life.until("2026-03-21"), "to agency 14.00 USD");
    assert_eq!(life.lagging("2026-03-22", "EARLIEST", payment("P2", 14_00, &[])), "-un-bar, thanks");
}

#[test]
fn an_invoice_due_by_the_clock_keeps_the_cycle_open() {
    let mut life = Life::new(policy_of(three_stages()));
    life.at("2026-03-01", invoice("B1", 10_00, "2026-03-01"));
    life.at("2026-03-01", invoice("B2", 20_00, "2026-03-05"));
    assert_eq!(life.lagging("2026-03-06", "2026-03-02", payment("P1", 10_00, &["B1"])), "");
    assert_eq!(life.catch_up("2026-03-06"), "");
    assert_eq!(life.state("2026-03-06"), "active remind 20.00");
    assert_eq!(life.until("2026-03-15"), "bar, +bar");
}

#[test]
fn at_the_earliest_horizon_only_money_is_booked() {
    let mut life = Life::unknown(policy_of(plan(vec![says("remind", "0d")])));
    assert_eq!(life.lagging("2026-03-02", "EARLIEST", account(|_| {})), "");
    assert_eq!(life.lagging("2026-03-02", "EARLIEST", invoice("B1", 10_00, "2026-03-01")), "");
    assert_eq!(life.lagging("2026-03-02", "EARLIEST", payment("P1", 4_00, &["B9"])), "");
    assert_eq!(life.debt(), "B1 0 of 1000, waiting 400");
    assert_eq!(life.catch_up("2026-03-02"), "remind");
}
