//! Balances that are about to expire.

use crate::event::Body;
use crate::policy::Policy;
use crate::testing::*;
use crate::threshold::{Threshold, Watch};

fn expiring() -> Policy {
    let watch = Watch::Expiry { before: period("3d") };
    policy_of_rules(vec![Threshold { watch, ..rule("soon", "data", falling(&[])) }])
}

fn valid(value: i64, until: &str) -> Body {
    balance_with("data", value, |change| change.valid_until = Some(moment(until)))
}

#[test]
fn a_coming_expiry_is_announced_once_for_each_validity() {
    let mut life = Life::new(expiring());
    assert_eq!(life.at("2026-01-01", valid(5, "2026-01-10")), "");
    assert_eq!(life.next_due(), "2026-01-07T00:00:00Z");
    assert_eq!(life.at("2026-01-05", balance("data", 4)), "");
    assert_eq!(life.until("2026-01-06T23:59"), "");
    assert_eq!(life.until("2026-01-07"), "soon");
    assert_eq!(life.at("2026-01-08", valid(4, "2026-01-10")), "");
    assert_eq!(life.until("2026-01-09"), "");
    assert_eq!(life.at("2026-01-09", valid(9, "2026-02-10")), "", "it was extended");
    assert_eq!(life.until("2026-02-07"), "soon");
    assert_eq!(life.until("2026-03-07"), "");
}

#[test]
fn a_validity_that_ends_within_the_time_is_announced_at_once_and_one_that_ended_never() {
    let mut life = Life::new(expiring());
    assert_eq!(life.at("2026-01-01", valid(5, "2026-01-02")), "soon");
    assert_eq!(life.at("2026-01-03", valid(5, "2026-01-03")), "");
    assert_eq!(life.at("2026-01-03", valid(5, "2026-01-10")), "");
    assert_eq!(life.catch_up("2026-01-11"), "", "the outage took longer than the validity");
}

#[test]
fn an_expiry_before_the_snapshot_is_announced_when_it_comes() {
    let mut life = Life::unknown(expiring());
    assert_eq!(life.at("2026-01-01", valid(5, "2026-01-10")), "");
    assert_eq!(life.until("2026-01-08"), "");
    assert_eq!(life.at("2026-01-08", account(|_| {})), "soon");
}

#[test]
fn an_expiry_beyond_the_horizon_waits_for_it() {
    let mut life = Life::new(expiring());
    let text = life.lagging("2026-01-08", "2026-01-06", valid(5, "2026-01-10"));
    assert_eq!(text, "");
    assert_eq!(life.next_due(), "2026-01-07T00:00:00Z");
    assert_eq!(life.catch_up("2026-01-08"), "soon");
}
