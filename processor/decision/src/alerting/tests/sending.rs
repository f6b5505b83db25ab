//! What becomes of an alert once lines have fired: sent, suppressed, stale, recovered, waiting.

use super::{check, check_on, check_values};
use crate::Policies;
use crate::event::{BalanceReason, Body};
use crate::policy::{MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::{Lines, Threshold};
use std::sync::Arc;

#[test]
fn within_the_cooldown_a_line_fires_and_the_alert_is_recorded_only() {
    let lines = Lines { cooldown: Some(period("24h")), ..falling(&["100.00", "50.00"]) };
    let life = check(
        policy_of_rules(vec![rule("low", "main", lines)]),
        vec![
            ("2026-01-01T10:00", balance("main", 150_00), "", ""),
            ("2026-01-01T11:00", balance("main", 90_00), "low[100.00]", "low: 100.00"),
            ("2026-01-01T12:00", balance("main", 40_00), "", "low: 100.00 50.00"),
            ("2026-01-01T13:00", balance("main", 90_00), "", "low: 100.00"),
            ("2026-01-01T14:00", balance("main", 150_00), "fine", ""),
            ("2026-01-02T10:59", balance("main", 90_00), "", "low: 100.00"),
            // The suppressed alert was none: neither is there a recovery.
            ("2026-01-02T10:59", balance("main", 150_00), "", ""),
            ("2026-01-02T11:00", balance("main", 90_00), "low[100.00]", "low: 100.00"),
        ],
    );
    assert_eq!(life.reasons(RecordKind::AlertSuppressed), ["cooldown", "cooldown"]);
}

#[test]
fn an_alert_older_than_max_age_is_recorded_only() {
    let aged = || Threshold { max_age: Some(period("1h")), ..rule("low", "main", falling(&["100.00"])) };
    let mut life = Life::new(policy_of_rules(vec![aged()]));
    let mut late = |id: &str, happened: &str, value: i64, expected: usize| {
        let event = crate::testing::event(id, moment(happened), balance("main", value));
        let now = moment("2026-01-01T12:00");
        let decisions = life.take_event(&event, crate::Moment { now, horizon: now });
        assert_eq!(decisions.commands.len(), expected, "{id}");
    };
    late("first", "2026-01-01T09:00", 150_00, 0);
    late("stale", "2026-01-01T10:59", 90_00, 0);
    late("back without a word", "2026-01-01T10:59", 150_00, 0);
    late("just in time", "2026-01-01T11:00", 90_00, 1);
    assert_eq!(life.reasons(RecordKind::AlertStale), ["max_age"]);
}

#[test]
fn recovery_is_told_once_all_announced_lines_are_armed_again_by_values() {
    check_values(
        rule("low", "main", falling(&["90.00", "50.00"])),
        &[
            (100_00, "", ""),
            (40_00, "low[90.00, 50.00]", "low: 90.00 50.00"),
            (60_00, "", "low: 90.00"),
            (95_00, "fine", ""),
            (96_00, "", ""),
        ],
    );
    let rolled = balance_with("main", 500_00, |change| change.reason = BalanceReason::PeriodRoll);
    check(
        policy_of_rules(vec![rule("low", "main", falling(&["90.00"]))]),
        vec![
            ("2026-01-01", balance("main", 100_00), "", ""),
            ("2026-01-02", balance("main", 40_00), "low[90.00]", "low: 90.00"),
            ("2026-01-03", rolled, "", ""),
        ],
    );
}

#[test]
fn an_alert_that_could_not_be_sent_has_no_recovery_and_no_cooldown() {
    let lines = Lines { cooldown: Some(period("24h")), ..falling(&["90.00"]) };
    let mut low = rule("low", "main", lines);
    low.measures = vec![message("low", MessageClass::Reminder, &["sms"])];
    let opted_out = |channels: &[&str]| {
        account(|account| account.opt_outs = channels.iter().map(|channel| (*channel).into()).collect())
    };
    check(
        policy_of_rules(vec![low]),
        vec![
            ("2026-01-01", opted_out(&["sms"]), "", ""),
            ("2026-01-02T10:00", balance("main", 100_00), "", ""),
            ("2026-01-02T11:00", balance("main", 80_00), "", "low: 90.00"),
            ("2026-01-02T12:00", balance("main", 100_00), "", ""),
            ("2026-01-02T13:00", opted_out(&[]), "", ""),
            ("2026-01-02T14:00", balance("main", 80_00), "low[90.00]", "low: 90.00"),
            ("2026-01-02T15:00", balance("main", 100_00), "fine", ""),
        ],
    );
}

#[test]
fn an_observed_rule_records_what_it_would_send() {
    let low = Threshold { observe: true, ..rule("low", "main", falling(&["90.00"])) };
    let life = check_values(low, &[(100_00, "", ""), (80_00, "", "low: 90.00"), (100_00, "", "")]);
    assert_eq!(life.reasons(RecordKind::MeasureObserved).len(), 2, "the alert and the recovery");
}

#[test]
fn an_order_of_a_threshold_spares_what_is_always_on() {
    let mut cap = rule("cap", "spend", rising(&["10.00"]));
    cap.measures = vec![order("throttle")];
    let rows = |services: &[&str], commands| {
        let rules =
            vec![Threshold { measures: cap.measures.clone(), ..rule("cap", "spend", rising(&["10.00"])) }];
        check(
            policy_of_rules(rules),
            vec![
                ("2026-01-01", with_services(services), "", ""),
                ("2026-01-02", balance("spend", 0), "", ""),
                ("2026-01-03", balance("spend", 10_00), commands, "cap: 10.00"),
            ],
        );
    };
    rows(&["a", "alarm!", "b"], "+throttle(a b)");
    rows(&["alarm!"], "");
    rows(&[], "+throttle");
}

fn versioned(value: i64, version: i64) -> Body {
    balance_with("main", value, |change| change.version = Some(version))
}

#[test]
fn an_older_version_of_a_balance_changes_nothing() {
    let life = check(
        policy_of_rules(vec![rule("low", "main", falling(&["100.00"]))]),
        vec![
            ("2026-01-01", versioned(150_00, 7), "", ""),
            ("2026-01-02", versioned(20_00, 6), "", ""),
            ("2026-01-03", versioned(20_00, 7), "", ""),
            ("2026-01-04", versioned(20_00, 8), "low[100.00]", "low: 100.00"),
            ("2026-01-05", balance("main", 150_00), "fine", ""),
            ("2026-01-06", versioned(20_00, 8), "", ""),
        ],
    );
    assert_eq!(life.reasons(RecordKind::Duplicate), ["version", "version", "version"]);
}

#[test]
fn values_before_the_snapshot_are_looked_at_when_it_comes() {
    let mut life = Life::unknown(policy_of_rules(vec![rule("low", "main", falling(&["100.00"]))]));
    check_on(
        &mut life,
        vec![
            ("2026-01-01", versioned(150_00, 2), "", ""),
            ("2026-01-02", versioned(170_00, 1), "", ""),
            ("2026-01-03", versioned(90_00, 3), "", ""),
            ("2026-01-04", account(|_| {}), "low[100.00]", "low: 100.00"),
        ],
    );
}

#[test]
fn of_many_values_that_wait_each_balance_keeps_its_first_and_newest() {
    let rules = vec![rule("low", "main", falling(&["100.00"])), rule("data", "data", falling(&["10"]))];
    let mut life = Life::unknown(policy_of_rules(rules));
    life.at("2026-01-01", balance("main", 150_00));
    life.at("2026-01-01", balance("data", 50));
    for _ in 0..200 {
        life.at("2026-01-02", balance("main", 120_00));
    }
    life.at("2026-01-03", balance("main", 90_00));
    life.at("2026-01-03", balance("data", 5));
    assert!(life.debtor.waiting_changes.len() <= super::super::MOST_WAITING_CHANGES);
    assert_eq!(life.at("2026-01-04", account(|_| {})), "low[100.00], data[10]");
}

#[test]
fn balances_that_cannot_be_right_are_rejected() {
    let mut life = Life::new(policy());
    let mut check = |body: Body, code: Option<&str>| {
        life.at("2026-01-01", body);
        assert_eq!(life.rejected, code);
    };
    check(balance("no-such", 1), Some("unknown_balance"));
    check(balance("main", 1_000_000_000_000_001), Some("amount_too_large"));
    check(balance("main", i64::MIN), Some("amount_too_large"));
    check(
        balance_with("main", 1, |change| change.limit = Some(crate::money::MinorUnits(i64::MAX))),
        Some("amount_too_large"),
    );
    check(
        balance_with("main", 1, |change| change.currency = Some(currency("EUR"))),
        Some("currency_differs"),
    );
    check(
        balance_with("main", 1, |change| change.valid_until = Some(crate::time::Timestamp::LATEST)),
        Some("moment_out_of_calendar"),
    );
    check(balance("main", -1_000_000_000_000_000), None);
}

#[test]
fn a_rule_that_is_moved_to_another_balance_sends_commands_of_their_own() {
    let first = policy_of_rules(vec![rule("low", "main", falling(&["90.00"]))]);
    let moved = Policy {
        identity: identity("2"),
        effective_from: Some(moment("2026-01-02")),
        ..policy_of_rules(vec![rule("low", "spend", falling(&["90.00"]))])
    };
    let mut life = Life::new(Policies::new(vec![Arc::new(first), Arc::new(moved)]).unwrap());
    life.at("2026-01-01T10:00", balance("main", 100_00));
    assert_eq!(life.at("2026-01-01T11:00", balance("main", 80_00)), "low[90.00]");
    life.at("2026-01-02T10:00", balance("spend", 100_00));
    // A life never takes an id twice.
    assert_eq!(life.at("2026-01-02T11:00", balance("spend", 80_00)), "low[90.00]");
}
