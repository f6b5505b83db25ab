//! Which commands the records of one moment tell of.

use super::*;
use crate::explain::recalled::happened::tests::line;

const POLICY: &str = r#"
policy: soft
version: "1"
time_zone: UTC
currency: USD
language: en
balances: { main: { unit: money } }
thresholds:
  - { id: low, balance: main, falls_to: [50.00], do: [ { message: { template: low, channel: sms, class: service } } ] }
templates: { low: { en: low } }
"#;

/// The records of one moment, a line each: kind, reason, figures.
#[track_caller]
fn check(records: &[(&str, &str, &str)], expected: &[&str]) {
    let policies: Policies = policy::parse("soft.policy.yaml", POLICY).unwrap().policy.into();
    let policy_hash = policies.versions()[0].identity.hash.to_string();
    let line = |(kind, reason, figures): &(&str, &str, &str)| HistoryLine {
        policy_hash: policy_hash.clone(),
        ..line(kind, reason, figures)
    };
    let lines: Vec<_> = records.iter().map(line).collect();
    assert_eq!(commands(&lines.iter().collect::<Vec<_>>(), &policies), expected);
}

#[test]
fn what_records_say_was_sent_is_told_in_the_words_of_commands() {
    for (kind, reason, figures, expected) in [
        ("measure_requested", "stage", "template=reminder channel=sms class=reminder", "reminder by sms"),
        ("measure_requested", "retry", "template=reminder channel=sms try=2", "reminder by sms, again"),
        ("measure_requested", "stage", "operation=bar services=", "bar"),
        ("measure_requested", "retry", "operation=bar services= first_id=00 try=2", "bar, again"),
        ("measure_requested", "then", "queue=calls first_id=00", "task calls"),
        ("measure_requested", "stage", "fee=late amount=5.00", "fee late 5.00"),
        ("measure_requested", "stage", "to=agency debt=120.00", "hand over 120.00 to agency"),
        ("measure_lifted", "the cycle no longer asks for it", "operation=unbar services=", "unbar"),
        (
            "measure_cancelled",
            "the cycle no longer asks for it",
            "queue=calls cancelled=00",
            "cancel task calls",
        ),
    ] {
        check(&[(kind, reason, figures)], &[expected]);
    }
}

#[test]
fn what_was_not_sent_is_no_command() {
    let figures =
        "template=low channel=sms operation=bar queue=calls fee=late amount=5.00 to=agency debt=5.00";
    let sent = ["measure_requested", "measure_lifted"];
    for kind in RecordKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| !sent.contains(kind)) {
        check(&[(kind, "threshold", figures)], &[]);
    }
}

#[test]
fn an_alert_names_its_lines_and_what_waited_since_an_earlier_one_does_not_name_them() {
    let alert = ("alert", "usage", "rule=low balance=main value=40.00 lines=50.00");
    let message = ("measure_requested", "threshold", "template=low channel=sms");
    check(&[message], &["low by sms"]);
    check(&[alert, message], &["low by sms (50.00)"]);
    check(&[message, alert, message, message], &["low by sms", "low by sms (50.00)", "low by sms"]);
    check(&[alert, ("recovered", "all", "rule=low"), message], &["low by sms"]);
    let other = ("measure_requested", "threshold", "template=other channel=sms");
    let of_stage = ("measure_requested", "stage", "template=low channel=sms");
    check(&[alert, other, of_stage, message], &["other by sms", "low by sms", "low by sms (50.00)"]);
}
