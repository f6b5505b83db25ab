//! Firing and re-arming.

use super::{check, check_on, check_values};
use crate::event::{BalanceReason, Body, Order};
use crate::money::MinorUnits;
use crate::testing::*;
use crate::threshold::{Deliver, Lines, OnFirst};

#[test]
fn a_falling_line_fires_at_the_touch_and_arms_again_above_it() {
    check_values(
        rule("low", "main", falling(&["100.00"])),
        &[
            (150_00, "", ""),
            (100_01, "", ""),
            (100_00, "low[100.00]", "low: 100.00"),
            (80_00, "", "low: 100.00"),
            (100_00, "", "low: 100.00"),
            (100_01, "fine", ""),
            (-5_00, "low[100.00]", "low: 100.00"),
        ],
    );
}

#[test]
fn a_rising_line_is_the_mirror_of_a_falling_one() {
    check_values(
        rule("used", "data", rising(&["10", "20"])),
        &[
            (0, "", ""),
            (9, "", ""),
            (10, "used[10]", "used: 10"),
            (25, "used[20]", "used: 10 20"),
            (20, "", "used: 10 20"),
            (19, "", "used: 10"),
            (21, "used[20]", "used: 10 20"),
            (9, "fine", ""),
        ],
    );
}

#[test]
fn hysteresis_is_reached_at_the_touch_and_zero_means_beyond() {
    let with = |hysteresis: &str| Lines { hysteresis: decimal(hysteresis), ..falling(&["10"]) };
    check_values(
        rule("low", "data", with("2")),
        &[
            (11, "", ""),
            (9, "low[10]", "low: 10"),
            (11, "", "low: 10"),
            (9, "", "low: 10"),
            (12, "fine", ""),
            (10, "low[10]", "low: 10"),
        ],
    );
    check_values(
        rule("low", "data", with("0")),
        &[(11, "", ""), (10, "low[10]", "low: 10"), (10, "", "low: 10"), (11, "fine", "")],
    );
    let rising = Lines { hysteresis: decimal("3"), ..rising(&["10"]) };
    check_values(
        rule("used", "data", rising),
        &[(0, "", ""), (10, "used[10]", "used: 10"), (8, "", "used: 10"), (7, "fine", "")],
    );
}

#[test]
fn lines_crossed_at_once_make_one_alert_and_severest_names_the_furthest() {
    let lines = falling(&["90.00", "70.00", "50.00"]);
    let severest = Lines { deliver: Deliver::Severest, ..lines.clone() };
    check_values(
        rule("all", "main", lines),
        &[
            (100_00, "", ""),
            (95_00, "", ""),
            (40_00, "all[90.00, 70.00, 50.00]", "all: 90.00 70.00 50.00"),
            (60_00, "", "all: 90.00 70.00"),
            (45_00, "all[50.00]", "all: 90.00 70.00 50.00"),
            (200_00, "fine", ""),
        ],
    );
    check_values(
        rule("furthest", "main", severest),
        &[(100_00, "", ""), (60_00, "furthest[70.00]", "furthest: 90.00 70.00")],
    );
}

#[test]
fn the_first_value_fires_only_where_the_rule_says_so() {
    let lines = falling(&["100.00", "50.00"]);
    let fire = Lines { on_first: OnFirst::Fire, ..lines.clone() };
    check_values(
        rule("silent", "main", lines),
        &[(60_00, "", ""), (50_00, "silent[50.00]", "silent: 50.00"), (500_00, "fine", "")],
    );
    check_values(
        rule("first", "main", fire),
        &[(60_00, "first[100.00]", "first: 100.00"), (500_00, "fine", "")],
    );
}

fn at_limit(value: i64, limit: i64) -> Body {
    balance_with("spend", value, |change| change.limit = Some(MinorUnits(limit)))
}

#[test]
fn percent_lines_go_by_the_limit_of_the_event_or_the_last_one_known() {
    check(
        policy_of_rules(vec![rule("cap", "spend", rising(&["80%", "100%"]))]),
        vec![
            // No limit is known: nothing is evaluated, and nothing is made good for later.
            ("2026-01-01", balance("spend", 95_00), "", ""),
            ("2026-01-02", at_limit(95_00, 100_00), "", ""),
            ("2026-01-03", balance("spend", 79_99), "", ""),
            ("2026-01-04", balance("spend", 80_00), "cap[80%]", "cap: 80%"),
            // A higher limit moves the lines away, a lower one onto the value.
            ("2026-01-05", at_limit(80_00, 200_00), "fine", ""),
            ("2026-01-06", at_limit(80_00, 80_00), "cap[80%, 100%]", "cap: 80% 100%"),
            // A limit of nothing is none: nothing is evaluated, the lines stay as they are.
            ("2026-01-07", at_limit(0, 0), "", "cap: 80% 100%"),
            ("2026-01-08", at_limit(0, 80_00), "fine", ""),
        ],
    );
}

#[test]
fn the_hysteresis_of_percent_lines_is_in_the_balance_s_own_unit() {
    let lines = Lines { hysteresis: decimal("5.00"), ..rising(&["80%"]) };
    check(
        policy_of_rules(vec![rule("cap", "spend", lines)]),
        vec![
            ("2026-01-01", at_limit(10_00, 1_000_00), "", ""),
            ("2026-01-02", balance("spend", 800_00), "cap[80%]", "cap: 80%"),
            ("2026-01-03", balance("spend", 795_01), "", "cap: 80%"),
            ("2026-01-04", balance("spend", 795_00), "fine", ""),
        ],
    );
}

#[test]
fn a_changed_limit_is_the_reason_where_the_value_stayed() {
    let mut life = Life::new(policy_of_rules(vec![rule("cap", "spend", rising(&["80%"]))]));
    life.at("2026-01-01", at_limit(50_00, 100_00));
    assert_eq!(life.at("2026-01-02", at_limit(50_00, 60_00)), "cap[80%]");
    assert_eq!(life.reasons(crate::record::RecordKind::Alert), ["limit_changed"]);
}

#[test]
fn the_credit_limit_is_the_base_for_money_without_a_limit() {
    let limit = |limit: i64| account(|account| account.credit_limit = Some(MinorUnits(limit)));
    let rules = vec![rule("cap", "spend", rising(&["80%"])), rule("bytes", "data", rising(&["80%"]))];
    check(
        policy_of_rules(rules),
        vec![
            ("2026-01-01", limit(100_00), "", ""),
            ("2026-01-02", balance("spend", 10_00), "", ""),
            ("2026-01-03", balance("spend", 80_00), "cap[80%]", "cap: 80%"),
            ("2026-01-04", limit(1_000_00), "fine", ""),
            ("2026-01-05", limit(90_00), "cap[80%]", "cap: 80%"),
            // Its own limit goes before the account's.
            ("2026-01-06", at_limit(80_00, 1_000_00), "fine", ""),
            ("2026-01-07", limit(10_00), "", ""),
            // Bytes are not money: without a limit of their own they have none.
            ("2026-01-08", balance("data", 0), "", ""),
            ("2026-01-09", balance("data", 1_000_000), "", ""),
        ],
    );
}

fn steps(lines: &[&str], every: &str) -> Lines {
    Lines { every: Some(line(every)), ..falling(lines) }
}

#[test]
fn steps_go_on_beyond_the_last_line_and_arm_again_one_by_one() {
    check_values(
        rule("step", "data", steps(&["100", "50"], "10")),
        &[
            (200, "", ""),
            (45, "step[100, 50]", "step: 100 50"),
            (39, "step[40]", "step: 100 50 40"),
            (0, "step[30, 20, 10, 0]", "step: 100 50 40 30 20 10 0"),
            (-10, "step[-10]", "step: 100 50 40 30 20 10 0 -10"),
            (15, "", "step: 100 50 40 30 20"),
            (10, "step[10]", "step: 100 50 40 30 20 10"),
            (60, "", "step: 100"),
            (101, "fine", ""),
        ],
    );
    let rising = Lines { every: Some(line("10%")), ..rising(&["80%"]) };
    check(
        policy_of_rules(vec![rule("cap", "spend", rising)]),
        vec![
            ("2026-01-01", at_limit(0, 100_00), "", ""),
            ("2026-01-02", at_limit(115_00, 100_00), "cap[80%, 90%, 100%, 110%]", "cap: 80% 90% 100% 110%"),
            ("2026-01-03", at_limit(115_00, 115_00), "", "cap: 80% 90% 100%"),
            ("2026-01-04", at_limit(126_50, 115_00), "cap[110%]", "cap: 80% 90% 100% 110%"),
        ],
    );
}

#[test]
fn a_huge_jump_names_the_furthest_hundred_and_how_many_there_were() {
    let mut life = Life::new(policy_of_rules(vec![rule("step", "data", steps(&["0"], "1"))]));
    life.at("2026-01-01", balance("data", 5));
    let text = life.at("2026-01-02", balance("data", -1_000));
    assert_eq!(text, "step[-901..-1000: 100 of 1001]");
    let text = life.at("2026-01-03", balance("data", -1_000_000_000_000_000));
    assert_eq!(text, "step[-999999999999901..-1000000000000000: 100 of 4294967295]");
    assert_eq!(life.at("2026-01-04", balance("data", 1_000_000_000_000_000)), "fine");
    assert_eq!(life.fired(), "");
}

#[test]
fn steps_that_the_first_value_passed_silently_fire_when_they_are_crossed() {
    check_values(
        rule("step", "data", steps(&["100"], "10")),
        &[
            (75, "", ""),
            (55, "step[70, 60]", "step: 70 60"),
            (85, "fine", ""),
            (75, "step[80]", "step: 80"),
            (65, "step[70]", "step: 80 70"),
        ],
    );
}

fn rolled(value: i64) -> Body {
    balance_with("spend", value, |change| change.reason = BalanceReason::PeriodRoll)
}

#[test]
fn a_period_roll_arms_all_lines_in_silence_and_its_value_is_a_first_one() {
    let lines = rising(&["40.00", "50.00"]);
    let fire = Lines { on_first: OnFirst::Fire, every: Some(line("50.00")), ..lines.clone() };
    check(
        policy_of_rules(vec![rule("cap", "spend", lines)]),
        vec![
            ("2026-01-01", balance("spend", 0), "", ""),
            ("2026-01-02", balance("spend", 60_00), "cap[40.00, 50.00]", "cap: 40.00 50.00"),
            ("2026-02-01", rolled(0), "", ""),
            ("2026-02-02", balance("spend", 40_00), "cap[40.00]", "cap: 40.00"),
            ("2026-03-01", rolled(45_00), "", ""),
            ("2026-03-02", balance("spend", 50_00), "cap[50.00]", "cap: 50.00"),
        ],
    );
    check(
        policy_of_rules(vec![rule("cap", "spend", fire)]),
        vec![
            ("2026-01-01", balance("spend", 0), "", ""),
            ("2026-01-02", balance("spend", 100_00), "cap[40.00, 50.00, 100.00]", "cap: 40.00 50.00 100.00"),
            ("2026-02-01", rolled(45_00), "cap[40.00]", "cap: 40.00"),
        ],
    );
}

#[test]
fn a_control_arms_again_in_silence_and_the_value_must_cross_anew() {
    let life = check(
        policy_of_rules(vec![rule("low", "main", steps(&["100.00"], "10.00"))]),
        vec![
            ("2026-01-01", balance("main", 150_00), "", ""),
            ("2026-01-02", balance("main", 85_00), "low[100.00, 90.00]", "low: 100.00 90.00"),
            ("2026-01-03", control(Order::Rearm("low".into())), "", ""),
            ("2026-01-04", balance("main", 80_00), "low[80.00]", "low: 80.00"),
            ("2026-01-05", control(Order::Rearm("low".into())), "", ""),
            ("2026-01-06", balance("main", 150_00), "", ""),
            ("2026-01-07", control(Order::Rearm("no-such".into())), "", ""),
        ],
    );
    assert_eq!(life.rejected, Some("unknown_rule"));
}

#[test]
fn an_edited_policy_keeps_fired_lines_unless_the_line_itself_changed() {
    let of = |lines| policy_of_rules(vec![rule("low", "main", lines)]);
    let mut life = Life::new(of(falling(&["100.00", "50.00"])));
    check_on(
        &mut life,
        vec![
            ("2026-01-01", balance("main", 150_00), "", ""),
            ("2026-01-02", balance("main", 40_00), "low[100.00, 50.00]", "low: 100.00 50.00"),
        ],
    );
    // «100» is the same line as «100.00»; 45.00 is a new one, and the value is below it already.
    let other = crate::Policy { identity: identity("2"), ..of(falling(&["100", "45.00"])) };
    life.policies = other.into();
    check_on(
        &mut life,
        vec![
            ("2026-01-03", balance("main", 39_00), "", "low: 100"),
            ("2026-01-04", balance("main", 60_00), "", "low: 100"),
            ("2026-01-05", balance("main", 41_00), "low[45.00]", "low: 100 45.00"),
        ],
    );
}

#[test]
fn a_rule_is_for_the_accounts_its_condition_picks() {
    let mut low = rule("low", "main", falling(&["100.00"]));
    low.when = Some(Box::new(Is(|account, _| account.closed)));
    check(
        policy_of_rules(vec![low]),
        vec![
            ("2026-01-01", balance("main", 150_00), "", ""),
            ("2026-01-02", balance("main", 90_00), "", ""),
            ("2026-01-03", account(|account| account.closed = true), "", ""),
            ("2026-01-04", balance("main", 150_00), "", ""),
            ("2026-01-05", balance("main", 90_00), "low[100.00]", "low: 100.00"),
        ],
    );
}
