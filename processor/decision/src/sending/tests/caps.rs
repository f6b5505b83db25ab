//! How often an account is addressed by a channel.

use super::{Event, Row, Time, b1, check, opted_out, reminds, within};
use crate::policy::{Cap, CommandRules, Delivery, MessageClass, Policy};
use crate::record::RecordKind;
use crate::testing::*;
use crate::threshold::{Lines, Threshold};

fn cap(channel: &str, at_most: u32, per: &str) -> Cap {
    Cap { channel: channel.into(), at_most, per: period(per) }
}

fn capped(caps: Vec<Cap>, policy: Policy) -> Policy {
    Policy { commands: CommandRules { caps, ..CommandRules::default() }, ..policy }
}

/// A policy with an alert `low` below a hundred, by these channels.
fn alerts(class: MessageClass, channels: &[&str]) -> Policy {
    let lines = Lines { recovered: Vec::new(), ..falling(&["100.00"]) };
    let low = Threshold { measures: vec![message("low", class, channels)], ..rule("low", "main", lines) };
    policy_of_rules(vec![low])
}

/// The balance falls below the line at each of these moments.
fn falls<'a>(rows: &[(&'a str, &'a str)]) -> Vec<Row<'a>> {
    let falls = |(at, commands): &(&'a str, &'a str)| {
        [(*at, Event(balance("main", 150_00)), ""), (*at, Event(balance("main", 50_00)), *commands)]
    };
    rows.iter().flat_map(falls).collect()
}

#[test]
fn the_last_message_that_a_cap_allows_goes_out_and_the_next_is_dropped_until_the_first_is_a_period_old() {
    let policy = capped(vec![cap("sms", 2, "7d")], alerts(MessageClass::Service, &["sms"]));
    let life = check(
        policy,
        falls(&[
            ("2026-03-01T10:00", "low[100.00]"),
            ("2026-03-02T10:00", "low[100.00]"),
            ("2026-03-03T10:00", ""),
            ("2026-03-08T09:59:59", ""),
            ("2026-03-08T10:00", "low[100.00]"),
            ("2026-03-08T10:00", ""),
            ("2026-03-09T10:00", "low[100.00]"),
        ]),
    );
    let reason = "it would be over the cap of every channel";
    assert_eq!(life.reasons(RecordKind::MeasureCapped), [reason, reason, reason]);
    assert_eq!(life.debtor.addressed[0].at.len(), 2);
}

#[test]
fn of_several_caps_of_a_channel_each_binds() {
    let caps = vec![cap("sms", 3, "7d"), cap("sms", 1, "1h")];
    check(
        capped(caps, alerts(MessageClass::Reminder, &["sms"])),
        falls(&[
            ("2026-03-01T10:00", "low[100.00]"),
            ("2026-03-01T10:59:59", ""),
            ("2026-03-01T11:00", "low[100.00]"),
            ("2026-03-01T12:00", "low[100.00]"),
            ("2026-03-01T13:00", ""),
        ]),
    );
}

#[test]
fn what_is_over_a_cap_goes_by_its_fallback_that_is_neither_opted_out_nor_capped() {
    let caps = || vec![cap("voice", 1, "7d"), cap("email", 1, "7d")];
    let channels = ["voice", "email", "letter"];
    let mut rows = falls(&[
        ("2026-03-01T10:00", "low@voice[100.00]"),
        ("2026-03-01T11:00", "low@email[100.00]"),
        ("2026-03-01T12:00", "low@letter[100.00]"),
    ]);
    rows.push(("2026-03-01T13:00", opted_out(&["letter"]), ""));
    rows.extend(falls(&[("2026-03-01T14:00", "")]));
    check(capped(caps(), alerts(MessageClass::Service, &channels)), rows);
}

#[test]
fn a_statutory_message_is_never_capped_and_counts_all_the_same() {
    let caps = || vec![cap("sms", 1, "7d")];
    let measures = || {
        vec![
            message("one", MessageClass::Statutory, &["sms"]),
            message("two", MessageClass::Statutory, &["sms", "email"]),
            message("three", MessageClass::Reminder, &["sms"]),
        ]
    };
    let life = check(capped(caps(), reminds(measures())), vec![("2026-03-01", b1(), "one, two")]);
    assert_eq!(life.debtor.addressed[0].at, [moment("2026-03-01")], "no more than the cap counts");
}

#[test]
fn a_cap_of_none_lets_nothing_out_and_other_channels_are_not_counted() {
    let measures = vec![
        message("one", MessageClass::Service, &["sms"]),
        message("two", MessageClass::Service, &["email"]),
        message("three", MessageClass::Service, &["email"]),
    ];
    let life = check(
        capped(vec![cap("sms", 0, "1d")], reminds(measures)),
        vec![("2026-03-01", b1(), "two@email, three@email")],
    );
    assert_eq!(life.debtor.addressed, []);
}

#[test]
fn caps_are_asked_when_a_message_that_waited_is_really_sent() {
    let measures = || vec![while_awake(sms("one")), while_awake(sms("two"))];
    let life = check(
        capped(vec![cap("sms", 1, "7d")], reminds(measures())),
        vec![("2026-03-01T22:00", b1(), ""), ("2026-03-02T09:00", Time, "one")],
    );
    assert_eq!(life.reasons(RecordKind::MeasureCapped).len(), 1);
    assert_eq!(life.debtor.profiles[0].cycles[0].measures.len(), 1, "what was capped is not in force");
}

#[test]
fn a_further_try_is_bound_by_the_caps_and_passes_to_the_fallback() {
    let commands = |then| CommandRules {
        message: Delivery { then, ..within("1h", 3) },
        caps: vec![cap("sms", 1, "7d")],
        ..CommandRules::default()
    };
    let reminder = |channels: &[&str]| reminds(vec![message("m", MessageClass::Reminder, channels)]);
    check(
        Policy { commands: commands(None), ..reminder(&["sms", "email"]) },
        vec![("2026-03-01T10:00", b1(), "m"), ("2026-03-01T11:00", Time, "again m@email")],
    );
    let life = check(
        Policy { commands: commands(Some(task("help"))), ..reminder(&["sms"]) },
        vec![("2026-03-01T10:00", b1(), "m"), ("2026-03-01T11:00", Time, "task help")],
    );
    assert_eq!(life.reasons(RecordKind::MeasureCapped).len(), 1);
}

#[test]
fn an_observed_message_counts_for_no_cap() {
    let observed = Policy { observe: true, ..alerts(MessageClass::Service, &["sms"]) };
    let life = check(
        capped(vec![cap("sms", 1, "7d")], observed),
        falls(&[("2026-03-01T10:00", ""), ("2026-03-01T11:00", "")]),
    );
    assert_eq!(life.reasons(RecordKind::MeasureObserved).len(), 2);
}
