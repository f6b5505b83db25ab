//! Lives that are played and recalled from the records that the same decisions made, held against each other.

use super::*;
use crate::explain::{DebtNow, Wanted, tell, text};
use crate::play::{self, Playing};
use decision::time::Timestamp;
use lives::Reports;
use schemas::files::{Arrival, read_line};
use std::collections::BTreeMap;

const POLICY: &str = r#"
policy: soft
version: "1"
time_zone: Asia/Tashkent
currency: USD
language: en
balances: { main: { unit: money } }
attributes: { plan: { type: string } }
thresholds:
  - id: low
    balance: main
    falls_to: [50.00, 20.00]
    do: [ { message: { template: low, channel: sms, class: service } } ]
    recovered: [ { message: { template: better, channel: sms, class: service } } ]
segments:
  - { name: clinics, when: 'account.attributes.plan == "clinic"', group: clinics }
  - { name: everyone, group: all }
groups:
  clinics: { standard: rolling, plans: [rolling] }
  all: { standard: soft, plans: [soft, mild] }
windows: { waking: { mon-sun: "09:00-20:00" } }
plans:
  soft:
    hold: { lift_measures: true }
    on_part_cure: step_down
    stages:
      - { stage: remind, after: 5d, do: [ { message: { template: reminder, channel: sms, class: statutory, window: waking } } ] }
      - stage: bar
        after: 15d
        if_debt: 60.00
        do: [ { provision: { operation: bar_outgoing, undo: unbar_outgoing, cuts_off: true } }, { task: { queue: calls } } ]
      - { stage: agency, after: 30d, do: [ { fee: { code: late, amount: 5.00 } }, { handover: { to: agency } } ] }
  mild:
    on_resegment: map
    maps_from: { soft: { remind: nudge, bar: nudge } }
    stages: [ { stage: nudge, after: 10d, do: [ { message: { template: reminder, channel: sms, class: statutory } } ] } ]
  rolling:
    rolling: true
    stages: [ { stage: visit, after: 5d, do: [ { task: { queue: visits } } ] } ]
templates: { low: { en: low }, better: { en: better }, reminder: { en: pay } }
"#;

pub(super) fn policies() -> Policies {
    policy::parse("soft.policy.yaml", POLICY).unwrap().policy.into()
}

/// An event of A-1 in March 2026: at `02T05:00`, with its other fields.
pub(super) fn event(kind: &str, at: &str, fields: &str) -> String {
    let at = format!("2026-03-{at}:00Z");
    let id = format!("{kind}-{at}-{}", fields.len());
    format!(r#"{{"event":"{kind}","event_id":"{id}","account_id":"A-1","occurred_at":"{at}",{fields}}}"#)
}

pub(super) fn account(at: &str, plan: &str) -> String {
    event("account", at, &format!(r#""payment_mode":"postpaid","attributes":{{"plan":"{plan}"}}"#))
}

pub(super) fn balance(at: &str, value: i64) -> String {
    event("balance", at, &format!(r#""name":"main","value":{value},"currency":"USD""#))
}

pub(super) fn invoice(at: &str, id: &str, amount: i64, due: &str) -> String {
    let fields = format!(
        r#""invoice_id":"{id}","amount":{amount},"currency":"USD","issued":"2026-03-02","due":"{due}""#
    );
    event("invoice", at, &fields)
}

pub(super) fn payment(at: &str, id: &str, amount: i64, more: &str) -> String {
    event("payment", at, &format!(r#""payment_id":"{id}","amount":{amount},"currency":"USD"{more}"#))
}

pub(super) fn adjustment(at: &str, id: &str, invoice: &str, amount: i64) -> String {
    let fields =
        format!(r#""adjustment_id":"{id}","invoice_id":"{invoice}","amount":{amount},"currency":"USD""#);
    event("adjustment", at, &fields)
}

pub(super) fn reversal(at: &str, payment: &str) -> String {
    event("reversal", at, &format!(r#""payment_id":"{payment}""#))
}

pub(super) fn control(at: &str, fields: &str) -> String {
    event("control", at, &format!(r#""by":"anna","role":"agent",{fields}"#))
}

pub(super) fn events(lines: &[String]) -> Vec<Arrival> {
    (1..).zip(lines).map(|(number, line)| read_line(line, format!("events:{number}")).unwrap()).collect()
}

/// Plays a life. Answers the debtor at its end, when that is, and the records of all its decisions.
fn played(events: &[Arrival]) -> (Debtor, Moment, Vec<HistoryLine>) {
    let policies = policies();
    let mut lines = Vec::new();
    let playing = Playing { policies: &policies, reports: Reports::Auto, until: None };
    let (life, _) = play::play("A-1".into(), events, playing, &mut |decided| {
        lines.extend(decided.decisions.records.iter().map(HistoryLine::new));
    })
    .unwrap();
    (life.debtor().clone(), life.moment(), lines)
}

fn story(lines: &[String]) -> Story {
    let (debtor, moment, lines) = played(&events(lines));
    recalled(&debtor, &lines, moment, &policies())
}

/// What was sent and why at each moment at which anything was, and the debts after it.
type Moments = BTreeMap<Timestamp, (Vec<String>, Vec<String>, Option<String>, Vec<DebtNow>)>;

fn moments(rows: Vec<Row>) -> Moments {
    let mut moments = Moments::new();
    for row in rows {
        let (commands, why, rejected, debts) = moments.entry(row.at).or_default();
        commands.extend(row.commands);
        why.extend(row.why);
        *rejected = row.rejected.or(rejected.take());
        *debts = row.debts;
    }
    // What left no record is not in the history.
    moments.retain(|_, (commands, why, rejected, _)| {
        !commands.is_empty() || !why.is_empty() || rejected.is_some()
    });
    moments
}

/// A life recalled says the same as the life played: the same moments, commands, reasons, and of the debt nothing
/// else. Answers what it says of the debt.
#[track_caller]
fn check(lines: &[String]) -> Vec<String> {
    let events = events(lines);
    let wanted = Wanted { policies: policies(), reports: Reports::Auto, until: None, everything: true };
    let told = tell("A-1".into(), &events, &wanted).unwrap();
    let recalled = story(lines);
    let end = |story: &Story| serde_json::to_string(&story.end).unwrap();
    assert_eq!(end(&recalled), end(&told));
    let said: Vec<String> = recalled.rows.iter().map(said).collect();
    let (told, recalled) = (moments(told.rows), moments(recalled.rows));
    assert_eq!(recalled.keys().collect::<Vec<_>>(), told.keys().collect::<Vec<_>>());
    for (at, (commands, why, rejected, _)) in &recalled {
        let told = &told[at];
        assert_eq!((commands, why, rejected), (&told.0, &told.1, &told.2), "at {at}");
    }
    // Of the debt nothing is said that was not so, however many of the records are kept.
    let (debtor, moment, lines) = played(&events);
    for kept in (0..lines.len()).map(|first| &lines[first..]) {
        for row in crate::explain::recalled(&debtor, kept, moment, &policies()).rows {
            row.debts.iter().for_each(|debt| is_so(debt, &told[&row.at].3, row.at));
        }
    }
    said
}

/// What is said of a debt is what it was, where anything is said.
#[track_caller]
fn is_so(said: &DebtNow, debts: &[DebtNow], at: Timestamp) {
    let was = debts.iter().find(|debt| debt.debt_class == said.debt_class).unwrap();
    assert_eq!(said.stage, was.stage, "at {at}");
    let all = |debt: &DebtNow| {
        let status = debt.status.as_deref().map(str::to_owned);
        [debt.plan.clone(), status, debt.real_debt.clone(), debt.conditional_debt.clone()]
    };
    for (said, was) in all(said).into_iter().zip(all(was)).filter(|(said, _)| said.is_some()) {
        assert_eq!(said, was, "at {at}");
    }
}

/// A row: when, what happened, what is owed, the stage or the status, what was sent.
fn said(row: &Row) -> String {
    let of = |of: fn(&DebtNow) -> Option<&str>| {
        row.debts.iter().map(|debt| of(debt).unwrap_or("?")).collect::<Vec<_>>().join(", ")
    };
    let owed = of(|debt| debt.real_debt.as_deref());
    let stage = of(|debt| debt.stage.as_deref().or(debt.status.as_deref()));
    let (event, commands) = (row.event.as_deref().unwrap_or("-"), row.commands.join(", "));
    format!("{} | {event} | {owed} | {stage} | {commands}", row.local.trim_start_matches("2026-"))
}

#[test]
fn a_life_recalled_says_what_the_life_played_says() {
    let said = check(&[
        account("01T05:00", "soft"),
        balance("01T06:00", 9_000),
        balance("01T07:00", 1_500),
        balance("01T08:00", 8_000),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        payment("26T05:30", "P1", 2_000, ""),
        payment("27T05:30", "P2", 10_000, ""),
    ]);
    assert_eq!(
        said,
        [
            "03-01 12:00 | balance main: 15.00; report: done |  |  | low by sms (50.00, 20.00)",
            "03-01 13:00 | balance main: 80.00; report: done |  |  | better by sms",
            "03-02 10:00 | invoice B1: 120.00, due 2026-03-10 |  |  | ",
            "03-10 00:00 | - | 120.00 | active | ",
            "03-15 00:00 | - | 120.00 | remind | ",
            "03-15 09:00 | report: done | ? | remind | reminder by sms",
            "03-25 00:00 | report: done; report: accepted | 120.00 | bar | bar_outgoing, task calls",
            "03-26 10:30 | payment P1: 20.00 | ? | bar | ",
            "03-27 10:30 | payment P2: 100.00; report: done | 0.00 | clear | unbar_outgoing, cancel task calls",
        ]
    );
}

#[test]
fn holds_pauses_and_jumps_are_recalled_as_they_were_played() {
    check(&[
        account("01T05:00", "soft"),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        control("16T05:00", r#""order":"promise","hold_id":"H1","amount":12000,"until":"2026-03-20""#),
        control("17T05:00", r#""order":"jump","stage":"bar""#),
        control("22T05:00", r#""order":"dispute","hold_id":"H2","amount":11000"#),
        control("23T05:00", r#""order":"pause","resume_at":"2026-03-24T05:00:00Z""#),
        control("25T05:00", r#""order":"dispute_ended","hold_id":"H2","outcome":"rejected""#),
        payment("26T05:00", "P1", 7_000, r#","status":"unconfirmed""#),
        payment("27T05:00", "P1", 7_000, ""),
        control("28T05:00", r#""order":"do","operation":"throttle","undo":"unthrottle""#),
        control("28T06:00", r#""order":"undo","operation":"throttle""#),
        reversal("29T05:00", "P1"),
        control("30T05:00", r#""order":"exempt""#),
        control("31T05:00", r#""order":"exempt_ended""#),
    ]);
}

#[test]
fn moves_between_plans_and_what_is_handed_over_are_recalled_as_they_were_played() {
    let life = [
        account("01T05:00", "soft"),
        invoice("02T05:00", "B1", 12_000, "2026-02-20"),
        invoice("02T06:00", "B2", 2_000, "2026-03-04"),
        control("18T05:00", r#""order":"assign_plan","plan":"mild""#),
        account("19T05:00", "clinic"),
        invoice("20T05:00", "B3", 3_000, "2026-03-22"),
        payment("29T05:00", "P1", 17_000, ""),
    ];
    check(&life);
    let handed_over = [&life[..3], &[balance("31T05:00", 9_000)]].concat();
    let said = check(&handed_over);
    // The fee and the handing over are reported as done, which is told once.
    let expected =
        "03-22 00:00 | report: done | 140.00 | agency | fee late 5.00 USD, hand over 140.00 USD to agency";
    assert_eq!(said.last().map(String::as_str), Some(expected));
}

#[test]
fn several_cycles_of_a_rolling_plan_say_no_debt_that_is_only_a_part() {
    let life = [
        account("01T05:00", "clinic"),
        invoice("02T05:00", "B1", 12_000, "2026-03-04"),
        invoice("02T06:00", "B2", 2_000, "2026-03-08"),
        invoice("02T07:00", "B3", 3_000, "2026-03-11"),
        payment("20T05:00", "P1", 12_000, ""),
        payment("21T05:00", "P2", 5_000, ""),
    ];
    let said = check(&life);
    let told = |row: &str| said.iter().any(|said| said == row);
    assert!(told("03-09 00:00 | report: accepted | ? | visit | task visits"), "{said:#?}");
    assert!(told("03-20 10:00 | payment P1: 120.00 | ? | visit | cancel task visits"), "{said:#?}");
}

#[test]
fn what_was_decided_at_one_moment_is_one_row() {
    let said = check(&[
        account("01T05:00", "soft"),
        balance("01T06:00", 9_000),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        payment("09T19:00", "P1", 1_000, ""),
        balance("09T19:00", 4_000),
        control("16T05:00", r#""order":"jump","stage":"bar""#),
        payment("16T05:00", "P2", 2_000, ""),
        payment("28T05:00", "P3", 9_000, ""),
        invoice("28T05:00", "B2", 5_000, "2026-03-20"),
        balance("28T05:00", 1_500),
    ]);
    let at_once = [
        "03-10 00:00 | payment P1: 10.00; balance main: 40.00; report: done | ? | active | low by sms (50.00)",
        "03-16 10:00 | jump to bar (by anna); report: done; report: accepted; payment P2: 20.00 | ? | bar | bar_outgoing, task calls",
    ];
    at_once.iter().for_each(|row| assert!(said.iter().any(|said| said == row), "{row}: {said:#?}"));
}

#[test]
fn what_waits_for_what_it_names_is_an_event_once() {
    let said = check(&[
        account("01T05:00", "soft"),
        adjustment("02T05:00", "A1", "B1", -1_000),
        payment("02T06:00", "P1", 2_000, r#","invoices":["B1"]"#),
        reversal("02T07:00", "P2"),
        payment("02T08:00", "P2", 500, ""),
        invoice("02T09:00", "B1", 12_000, "2026-03-10"),
        adjustment("02T10:00", "A2", "B1", -500),
        payment("02T11:00", "P3", 0, ""),
        payment("02T12:00", "P2", 500, ""),
    ]);
    let events: Vec<_> = said.iter().map(|row| row.split(" | ").nth(1).unwrap()).collect();
    assert_eq!(
        events,
        [
            "adjustment A1 of invoice B1: -10.00",
            "payment P1: 20.00",
            "reversal of payment P2",
            "payment P2: 5.00",
            "invoice B1: 120.00, due 2026-03-10",
            "adjustment A2 of invoice B1: -5.00",
            "-",
            "event payment-2026-03-02T12:00:00Z-47, which was known",
        ]
    );
}

/// A life of more records than a history keeps: one payment an hour.
fn long() -> (Debtor, Moment, Vec<HistoryLine>) {
    let payment = |number: i32| {
        let at = format!("{:02}T{:02}:30", 16 + number / 24, number % 24);
        payment(&at, &format!("P{number}"), 1, "")
    };
    let mut life = vec![account("01T05:00", "soft"), invoice("02T05:00", "B1", 12_000, "2026-03-10")];
    life.extend((0..230).map(payment));
    played(&events(&life))
}

#[test]
fn of_a_longer_life_the_last_records_are_told_and_how_many_lie_before_them() {
    let (debtor, moment, lines) = long();
    let kept = &lines[lines.len() - 200..];
    let story = recalled(&debtor, kept, moment, &policies());
    let before = u64::try_from(lines.len() - 200).unwrap();
    assert_eq!(story.earlier_records, Some(before));
    let text = text::table(&story, 140);
    let said = format!("… {before} earlier records are kept in the records topic, not here\n");
    assert!(text.contains(&said), "{text}");
    // The stage that it is in was entered before the first record that is kept, and none says it until the bar.
    assert!(story.rows[0].debts.is_empty());
    let barred = story.rows.iter().find(|row| row.commands.contains(&"bar_outgoing".to_owned())).unwrap();
    assert_eq!(barred.debts[0].stage.as_deref(), Some("bar"));
    let whole = text::table(&recalled(&debtor, &lines, moment, &policies()), 140);
    assert!(!whole.contains("earlier record") && !whole.contains("(due)"), "{whole}");
    let nothing = recalled(&debtor, &[], moment, &policies());
    assert_eq!((nothing.rows.len(), nothing.earlier_records), (0, Some(before + 200)));
}

#[test]
fn the_order_in_which_records_come_does_not_matter() {
    let (debtor, moment, mut lines) = long();
    let told = |lines: &[HistoryLine]| {
        serde_json::to_string(&recalled(&debtor, lines, moment, &policies())).unwrap()
    };
    let oldest_first = told(&lines);
    lines.reverse();
    assert_eq!(told(&lines), oldest_first);
}

#[test]
fn where_records_are_missing_what_they_may_have_changed_is_not_known() {
    let (debtor, moment, mut lines) = long();
    let stages = |lines: &[HistoryLine]| {
        let rows = recalled(&debtor, lines, moment, &policies()).rows;
        let stage = |row: &Row| row.debts.first().and_then(|debt| debt.stage.clone());
        rows.iter().map(|row| (row.at, stage(row))).collect::<BTreeMap<_, _>>()
    };
    let whole = stages(&lines);
    let [gap, barred] =
        ["2026-03-16T10:30:00Z", "2026-03-24T19:00:00Z"].map(|at| Timestamp::parse(at).unwrap());
    assert_eq!((whole[&gap].as_deref(), whole[&barred].as_deref()), (Some("remind"), Some("bar")));
    // One of many payments.
    lines.retain(|line| line.at != gap);
    let told = stages(&lines);
    assert_eq!(told.len(), whole.len() - 1);
    for (at, stage) in &told {
        let expected = if (gap..barred).contains(at) { &None } else { &whole[at] };
        assert_eq!(stage, expected, "at {at}");
    }
}

#[test]
fn a_debt_as_of_an_earlier_moment_is_not_told_as_that_of_this_one() {
    let (debtor, moment, mut lines) = played(&events(&[
        account("01T05:00", "soft"),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        control("16T05:00", r#""order":"promise","hold_id":"H1","amount":12000,"until":"2026-03-20""#),
        balance("24T05:00", 9_000),
    ]));
    let mut check = |kind: &str, as_of: &str| {
        let line = lines.iter().position(|line| line.kind == kind).unwrap();
        let at = lines[line].at;
        let owed = |lines: &[HistoryLine]| {
            let rows = recalled(&debtor, lines, moment, &policies()).rows;
            rows.iter().find(|row| row.at == at).unwrap().debts[0].real_debt.clone()
        };
        assert_eq!(owed(&lines).as_deref(), Some("120.00"), "{kind}");
        // Nobody looked in time.
        let figure = lines[line].figures.iter_mut().find(|figure| figure.name == as_of).unwrap();
        figure.value = "2026-03-12T00:00:00Z".to_owned();
        assert_eq!(owed(&lines), None, "{kind}");
    };
    check("cycle_held", "since");
    check("cycle_resumed", "resumed");
}

#[test]
fn a_record_of_a_kind_that_is_not_known_yet_says_why_and_nothing_else() {
    let (debtor, moment, mut lines) = played(&events(&[
        account("01T05:00", "soft"),
        balance("01T06:00", 9_000),
        balance("01T07:00", 1_500),
    ]));
    lines.truncate(1);
    lines[0].kind = "moon_landed".to_owned();
    let row = &recalled(&debtor, &lines, moment, &policies()).rows[0];
    assert_eq!((row.event.as_deref(), row.commands.len(), row.debts.len()), (None, 0, 0));
    assert!(row.why[0].starts_with("moon landed: usage (rule low"), "{row:?}");
}
