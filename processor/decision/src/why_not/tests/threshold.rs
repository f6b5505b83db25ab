//! Thresholds that have not acted.

use super::super::command::{CommandView, Hindrance, Obstacle, Stands, What};
use super::super::threshold::Finding;
use super::super::{Answer, Question};
use super::{asked, life};
use crate::event::{Body, Order};
use crate::money::MinorUnits;
use crate::policy::{Cap, CommandRules, Delivery, MessageClass, Policy};
use crate::testing::*;
use crate::threshold::{Lines, OnFirst, Threshold, Watch};
use crate::time::Period;

/// What is found of the rule `low`.
#[track_caller]
fn findings(life: &mut Life, at: &str) -> Vec<Finding> {
    match asked(life, &Question::Rule("low".into()), at).unwrap() {
        Answer::Threshold(findings) => findings,
        Answer::Stage(parts) => panic!("of a stage: {parts:?}"),
    }
}

/// After these events, that is found at the moment.
#[track_caller]
fn check(policy: Policy, events: Vec<(&str, Body)>, at: &str, expected: &[Finding]) {
    assert_eq!(findings(&mut life(policy, events), at), expected);
}

fn low(lines: Lines) -> Policy {
    policy_of_rules(vec![reachable(rule("low", "main", lines))])
}

/// The rule, with messages by email: the accounts of these tests have a mailbox.
fn reachable(rule: Threshold) -> Threshold {
    Threshold { measures: vec![message("low", MessageClass::Service, &["email"])], ..rule }
}

fn with_mailbox() -> Body {
    account(|account| {
        account.contacts.insert("email".into(), "a@b".to_owned());
    })
}

const AT: &str = "2026-02-01T12:00";

/// The account, and the values of its balance, an hour apart.
fn values(values: &[i64]) -> Vec<(&'static str, Body)> {
    let times = ["2026-02-01T08:00", "2026-02-01T09:00", "2026-02-01T10:00", "2026-02-01T11:00"];
    let account = std::iter::once(("2026-02-01", with_mailbox()));
    account.chain(times.into_iter().zip(values).map(|(at, value)| (at, balance("main", *value)))).collect()
}

fn not_reached(line: &str, value: i64, acts_at: i64) -> Finding {
    Finding::NotReached { line: line.to_owned(), value: MinorUnits(value), acts_at: MinorUnits(acts_at) }
}

fn fired(line: &str, value: i64, armed_at: i64, announced: bool) -> Finding {
    let (value, armed_at) = (MinorUnits(value), MinorUnits(armed_at));
    Finding::Fired { line: line.to_owned(), value, armed_at, announced }
}

#[test]
fn before_the_snapshot_changes_wait_for_it() {
    let mut unknown = Life::unknown(low(falling(&["5.00"])));
    assert_eq!(findings(&mut unknown, AT), [Finding::NoSnapshot { waiting: 0 }]);
    unknown.at("2026-02-01T12:00", balance("main", 3_00));
    unknown.at("2026-02-01T12:00", balance("spend", 3_00));
    assert_eq!(findings(&mut unknown, AT), [Finding::NoSnapshot { waiting: 1 }]);
}

#[test]
fn a_rule_whose_condition_does_not_hold_says_which() {
    let nobody = Is(|_, _| false);
    let rule = Threshold { when: Some(Box::new(nobody)), ..rule("low", "main", falling(&["5.00"])) };
    let told = findings(&mut life(policy_of_rules(vec![rule]), values(&[3_00])), AT);
    assert!(matches!(told.as_slice(), [Finding::NotForAccount { condition }] if condition.starts_with("Is")));
}

#[test]
fn a_balance_that_was_never_reported_is_told() {
    let never = Finding::NeverReported { balance: "main".into() };
    check(low(falling(&["5.00"])), values(&[]), AT, &[never]);
}

#[test]
fn a_line_that_is_not_reached_says_at_what_value_it_acts() {
    let both = [not_reached("5.00", 6_00, 5_00), not_reached("2.00", 6_00, 2_00)];
    check(low(falling(&["5.00", "2.00"])), values(&[6_00]), AT, &both);
    check(low(rising(&["5.00"])), values(&[3_00]), AT, &[not_reached("5.00", 3_00, 5_00)]);
}

#[test]
fn a_line_that_fired_says_when_it_is_armed_again() {
    let lines = Lines { hysteresis: decimal("1.00"), ..falling(&["5.00", "2.00"]) };
    let at = moment("2026-02-01T09:00");
    let told = [fired("5.00", 4_00, 6_00, true), not_reached("2.00", 4_00, 2_00), Finding::Alerted { at }];
    check(low(lines), values(&[6_00, 4_00]), AT, &told);
    let without = [fired("5.00", 4_00, 5_01, true), Finding::Alerted { at }];
    check(low(falling(&["5.00"])), values(&[6_00, 4_00]), AT, &without);
}

fn beyond(line: &str, value: i64, back_at: i64, acts_at: i64) -> Finding {
    let (value, back_at, acts_at) = (MinorUnits(value), MinorUnits(back_at), MinorUnits(acts_at));
    Finding::BeyondUncrossed { line: line.to_owned(), value, back_at, acts_at }
}

#[test]
fn a_value_that_is_beyond_a_line_without_having_crossed_it_must_come_back_first() {
    let beyond = beyond("5.00", 3_00, 5_01, 5_00);
    check(low(falling(&["5.00"])), values(&[3_00]), AT, std::slice::from_ref(&beyond));
    let mut rearmed = values(&[6_00, 3_00]);
    rearmed.push(("2026-02-01T10:00", control(Order::Rearm("low".into()))));
    let at = moment("2026-02-01T09:00");
    check(low(falling(&["5.00"])), rearmed, AT, &[beyond, Finding::Alerted { at }]);
}

#[test]
fn a_percent_line_without_a_limit_has_nothing_to_be_a_part_of() {
    let none = Finding::NoLimit { line: "20%".to_owned() };
    check(low(falling(&["20%"])), values(&[3_00]), AT, &[none]);
    let limited = balance_with("main", 100_00, |change| change.limit = Some(MinorUnits(333_33)));
    let events = vec![("2026-02-01", with_mailbox()), ("2026-02-01T09:00", limited)];
    check(low(falling(&["20%"])), events, AT, &[not_reached("20%", 100_00, 66_66)]);
}

#[test]
fn steps_tell_the_fired_ones_at_both_ends_and_the_next() {
    let lines = Lines { every: Some(line("10.00")), ..rising(&["50.00"]) };
    let policy = || low(lines.clone());
    let first = [not_reached("50.00", 0, 50_00), not_reached("60.00", 0, 60_00)];
    check(policy(), values(&[0]), AT, &first);
    let told = [
        fired("50.00", 85_00, 49_99, true),
        fired("60.00", 85_00, 59_99, true),
        fired("80.00", 85_00, 79_99, true),
        not_reached("90.00", 85_00, 90_00),
        Finding::Alerted { at: moment("2026-02-01T09:00") },
    ];
    check(policy(), values(&[0, 85_00]), AT, &told);
}

#[test]
fn a_line_that_fired_in_the_cooldown_was_not_announced_and_says_until_when() {
    let lines = Lines { cooldown: Some(period("12h")), ..falling(&["5.00", "2.00"]) };
    let at = moment("2026-02-01T09:00");
    let until = moment("2026-02-01T21:00");
    let cools = Finding::CoolsDown { until, cooldown: period("12h") };
    let told = [fired("5.00", 1_00, 5_01, true), fired("2.00", 1_00, 2_01, false)];
    let told: Vec<_> = told.into_iter().chain([Finding::Alerted { at }, cools]).collect();
    check(low(lines.clone()), values(&[6_00, 4_00, 1_00]), AT, &told);
    check(low(lines), values(&[6_00, 4_00, 1_00]), "2026-02-01T21:00", &told[..3]);
}

#[test]
fn a_value_beyond_steps_that_it_never_crossed_is_told_of_the_one_that_fires_next() {
    let lines = Lines { every: Some(line("1.00")), ..falling(&["5.00"]) };
    let policy = || low(lines.clone());
    let uncrossed = [beyond("5.00", 1_50, 5_01, 5_00), beyond("4.00", 1_50, 4_01, 4_00)];
    let told: Vec<_> = uncrossed.into_iter().chain([not_reached("1.00", 1_50, 1_00)]).collect();
    check(policy(), values(&[1_50]), AT, &told);
    let rearm = || control(Order::Rearm("low".into()));
    let rearmed = values(&[6_00, 1_50]).into_iter().chain([("2026-02-01T10:00", rearm())]).collect();
    let alerted = Finding::Alerted { at: moment("2026-02-01T09:00") };
    check(policy(), rearmed, AT, &told.into_iter().chain([alerted]).collect::<Vec<_>>());
    let mut life = life(policy(), values(&[1_50]));
    assert_eq!(life.at("2026-02-01T09:00", balance("main", 1_01)), "");
    assert!(life.at("2026-02-01T10:00", balance("main", 1_00)).starts_with("low"));
}

#[test]
fn of_steps_that_fired_only_those_from_the_first_announced_one_on_are_told_as_announced() {
    let lines = Lines {
        every: Some(line("1.00")),
        hysteresis: decimal("3.00"),
        cooldown: Some(period("12h")),
        ..falling(&["5.00"])
    };
    let told = [
        fired("5.00", 3_50, 8_00, false),
        fired("4.00", 3_50, 7_00, false),
        fired("3.00", 3_50, 6_00, true),
        not_reached("2.00", 3_50, 2_00),
        Finding::Alerted { at: moment("2026-02-01T09:00") },
        Finding::CoolsDown { until: moment("2026-02-01T21:00"), cooldown: period("12h") },
    ];
    // The step at 3.00 makes an alert; what lies before it is crossed later, in the cooldown.
    check(low(lines), values(&[3_50, 2_50, 5_50, 3_50]), AT, &told);
}

#[test]
fn an_alert_that_came_too_late_is_told_with_the_age_that_it_may_have() {
    let rule =
        Threshold { max_age: Some(period("1h")), ..reachable(rule("low", "main", falling(&["5.00"]))) };
    let mut life = life(policy_of_rules(vec![rule]), values(&[6_00]));
    let late = event("late", moment("2026-02-01T09:00"), balance("main", 3_00));
    let now = moment("2026-02-01T11:30");
    life.take_event(&late, crate::Moment { now, horizon: now });
    let told = findings(&mut life, AT);
    assert_eq!(told, [fired("5.00", 3_00, 5_01, false), Finding::MaxAge { max_age: period("1h") }]);
}

#[test]
fn an_observed_rule_decides_and_sends_nothing() {
    let of_rule = Threshold { observe: true, ..rule("low", "main", falling(&["5.00"])) };
    let of_rule = policy_of_rules(vec![of_rule]);
    let of_policy = Policy { observe: true, ..low(falling(&["5.00"])) };
    for policy in [of_rule, of_policy] {
        check(policy, values(&[6_00]), AT, &[not_reached("5.00", 6_00, 5_00), Finding::Observed]);
    }
}

#[test]
fn an_expiry_says_when_it_is_told_and_that_it_was() {
    let of_validity = |until: Option<&str>| {
        let rule =
            Threshold { watch: Watch::Expiry { before: period("3d") }, ..rule("low", "main", falling(&[])) };
        let change = balance_with("main", 5_00, |change| change.valid_until = until.map(moment));
        let events = vec![("2026-02-01", with_mailbox()), ("2026-02-01T09:00", change)];
        findings(&mut life(policy_of_rules(vec![reachable(rule)]), events), AT)
    };
    assert_eq!(of_validity(None), [Finding::NoValidity { balance: "main".into() }]);
    let (valid_until, due) = (moment("2026-02-10"), moment("2026-02-07"));
    assert_eq!(of_validity(Some("2026-02-10")), [Finding::ExpiresLater { valid_until, due }]);
    let valid_until = moment("2026-02-03");
    let announced = Finding::ExpiryAnnounced { valid_until };
    let alerted = Finding::Alerted { at: moment("2026-02-01T09:00") };
    assert_eq!(of_validity(Some("2026-02-03")), [announced, alerted]);
    let valid_until = moment("2026-01-03");
    assert_eq!(of_validity(Some("2026-01-03")), [Finding::Expired { valid_until }]);
}

/// The policy whose rule `low` sends this message, with these caps.
fn sending(message: crate::policy::Measure, caps: Vec<Cap>) -> Policy {
    let rule = Threshold { measures: vec![message], ..rule("low", "main", falling(&["5.00"])) };
    Policy { commands: CommandRules { caps, ..CommandRules::default() }, ..policy_of_rules(vec![rule]) }
}

/// That stands in the way of the message at the moment.
#[track_caller]
fn check_obstacle(policy: Policy, events: Vec<(&str, Body)>, at: &str, expected: Option<Hindrance>) {
    let told = findings(&mut life(policy, events), at);
    let obstacle = |hindrance| Finding::Obstacle(Obstacle { template: "low".into(), hindrance });
    let obstacles: Vec<_> =
        told.into_iter().filter(|finding| matches!(finding, Finding::Obstacle(_))).collect();
    assert_eq!(obstacles, expected.map(obstacle).into_iter().collect::<Vec<_>>());
}

#[test]
fn what_stands_in_the_way_of_a_message_is_told() {
    let email = |class| message("low", class, &["email"]);
    let service = || email(MessageClass::Service);
    check_obstacle(sending(service(), vec![]), values(&[6_00]), AT, None);
    let window = "waking".into();
    let shut = Hindrance::WindowShut { window, opens: moment("2026-02-02T09:00") };
    check_obstacle(sending(while_awake(service()), vec![]), values(&[6_00]), "2026-02-01T22:00", Some(shut));
    check_obstacle(sending(while_awake(service()), vec![]), values(&[6_00]), AT, None);
    let unreachable = vec![("2026-02-01", account(|_| {})), ("2026-02-01T08:00", balance("main", 6_00))];
    let channel = "email".into();
    check_obstacle(sending(service(), vec![]), unreachable, AT, Some(Hindrance::NoAddress { channel }));
    let opted_out = || {
        let out = account(|account| account.opt_outs.push("email".into()));
        vec![("2026-02-01", out), ("2026-02-01T08:00", balance("main", 6_00))]
    };
    let reminder = sending(email(MessageClass::Reminder), vec![]);
    check_obstacle(reminder, opted_out(), AT, Some(Hindrance::OptedOut));
}

#[test]
fn a_full_cap_says_when_it_lets_one_out_again() {
    let cap = |at_most| Cap { channel: "email".into(), at_most, per: period("24h") };
    let capped = |at_most, frees_at: Option<&str>| {
        let (channel, frees_at) = ("email".into(), frees_at.map(moment));
        Hindrance::Capped { channel, at_most, per: period("24h"), frees_at }
    };
    let policy = |at_most| sending(message("low", MessageClass::Service, &["email"]), vec![cap(at_most)]);
    let once = capped(1, Some("2026-02-02T09:00"));
    check_obstacle(policy(1), values(&[6_00, 3_00]), AT, Some(once));
    check_obstacle(policy(1), values(&[6_00, 3_00]), "2026-02-02T09:00", None);
    check_obstacle(policy(2), values(&[6_00, 3_00]), AT, None);
    check_obstacle(policy(0), values(&[6_00]), AT, Some(capped(0, None)));
}

/// Where the command of the rule stands at the moment.
#[track_caller]
fn check_under_way(life: &mut Life, at: &str, tries: i32, stands: Stands) {
    let what = What::Message { template: "low".into(), channel: "email".into() };
    let expected = Finding::UnderWay(CommandView { what, tries, stands });
    assert_eq!(findings(life, at).last(), Some(&expected));
}

#[test]
fn a_command_of_the_rule_that_waits_or_is_tried_again_is_told() {
    let message = while_awake(message("low", MessageClass::Service, &["email"]));
    let delivery =
        Delivery { report_within: Some(Period::Exact(3_600_000_000)), retries: 1, ..Delivery::default() };
    let mut policy = sending(message, vec![]);
    policy.commands.message = delivery;
    let mut life = life(policy, values(&[6_00]));
    life.at("2026-02-01T22:00", balance("main", 3_00));
    let opens = moment("2026-02-02T09:00");
    check_under_way(&mut life, "2026-02-01T23:00", 1, Stands::Waits { until: Some(opens) });
    let sent = |at, until| Stands::Sent { at: moment(at), report_until: Some(moment(until)) };
    check_under_way(&mut life, "2026-02-02T09:00", 1, sent("2026-02-02T09:00", "2026-02-02T10:00"));
    check_under_way(&mut life, "2026-02-02T10:30", 2, sent("2026-02-02T10:00", "2026-02-02T11:00"));
}

/// A rule of these lines, on a balance of whole bytes with this limit, fires at exactly the values that are told,
/// and is armed again at exactly those.
#[track_caller]
fn check_values(lines: Lines, limit: i64, from: i64) {
    let step = if from > 0 { -1 } else { 1 };
    let value = |value| balance_with("data", value, |change| change.limit = Some(MinorUnits(limit)));
    let fresh = || {
        let rule = rule("low", "data", lines.clone());
        let mut life = Life::new(policy_of_rules(vec![rule]));
        life.at("2026-02-01T00:00", value(from));
        life
    };
    let told = findings(&mut fresh(), "2026-02-01T00:00");
    let Some(Finding::NotReached { acts_at, .. }) = told.first() else { panic!("{told:?}") };
    assert_eq!(fresh().at("2026-02-01T01:00", value(acts_at.0 - step)), "", "{acts_at:?} is told too late");
    let mut life = fresh();
    assert!(
        life.at("2026-02-01T01:00", value(acts_at.0)).starts_with("low["),
        "{acts_at:?} is told too early"
    );
    let told = findings(&mut life, "2026-02-01T01:00");
    let Some(Finding::Fired { armed_at, .. }) = told.first() else { panic!("{told:?}") };
    life.at("2026-02-01T02:00", value(armed_at.0 + step));
    assert_ne!(life.fired(), "", "{armed_at:?} is told too late");
    life.at("2026-02-01T03:00", value(armed_at.0));
    assert_eq!(life.fired(), "", "{armed_at:?} is told too early");
}

#[test]
fn the_values_that_are_told_are_those_at_which_it_acts() {
    for limit in [1_000, 1_001, 333, 7_777] {
        for hysteresis in ["0", "1", "17"] {
            for text in ["100", "20%", "33.33%", "0.07%"] {
                let with = |lines: Lines| Lines { hysteresis: decimal(hysteresis), ..lines };
                check_values(with(falling(&[text])), limit, 100_000);
                check_values(with(rising(&[text])), limit, -100_000);
            }
        }
    }
}

#[test]
fn a_first_value_that_may_fire_has_acted() {
    let lines = Lines { on_first: OnFirst::Fire, ..falling(&["5.00"]) };
    let at = moment("2026-02-01T08:00");
    check(low(lines), values(&[3_00]), AT, &[fired("5.00", 3_00, 5_01, true), Finding::Alerted { at }]);
}
