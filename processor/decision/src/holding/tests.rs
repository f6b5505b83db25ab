//! Holds as tables: a row an event, or none where only time goes by; then what each hold freezes of
//! its amount, and what was told of holds, in the last two columns. Amounts are in cents.

mod bounds;
mod disputes;
mod freezing;
mod instalments;
mod making;
mod promises;
mod receipts;

use crate::event::Body;
use crate::policy::Policy;
use crate::record::{Record, RecordKind};
use crate::testing::*;

/// Nothing but time.
const TIME: Option<Body> = None;

type Row<'a> = (&'a str, Option<Body>, &'a str, &'a str);

#[track_caller]
fn check(rows: Vec<Row<'_>>) -> Life {
    check_under(policy(), rows)
}

#[track_caller]
fn check_under(policy: Policy, rows: Vec<Row<'_>>) -> Life {
    let mut life = Life::new(policy);
    let mut told = life.records.len();
    for (at, body, holds, expected) in rows {
        match body {
            Some(body) => life.at(at, body),
            None => life.until(at),
        };
        assert_eq!(life.holds(at), holds, "the holds at {at}");
        assert_eq!(told_since(&life, told), expected, "what was told at {at}");
        told = life.records.len();
    }
    life
}

/// What was told of holds: `made`, `kept`, `broken`, `missed`, why one ended, `known`, or the code of
/// a rejection after a dash.
fn told_since(life: &Life, before: usize) -> String {
    let words = [
        (RecordKind::HoldMade, "made"),
        (RecordKind::PromiseKept, "kept"),
        (RecordKind::PromiseBroken, "broken"),
        (RecordKind::InstalmentsBroken, "missed"),
        (RecordKind::Duplicate, "known"),
    ];
    let word = |(kind, reason): &(RecordKind, String)| {
        let of_kind = words.iter().find(|(of, _)| of == kind).map(|(_, word)| (*word).to_owned());
        let ended = (*kind == RecordKind::HoldEnded).then(|| reason.clone());
        let code = life.rejected.unwrap_or("late");
        of_kind.or(ended).or((*kind == RecordKind::EventRejected).then(|| format!("- {code}")))
    };
    life.records[before..].iter().filter_map(word).collect::<Vec<_>>().join(", ")
}

/// The figures of a record, as `name value`.
fn figures(record: &Record) -> Vec<String> {
    record.figures.iter().map(|figure| format!("{} {}", figure.name, figure.value)).collect()
}

/// The records that an event makes at this moment.
#[track_caller]
fn records_of(life: &mut Life, at: &str, body: Body) -> Vec<Record> {
    life.until(at);
    let now = moment(at);
    let event = event(&format!("of-{at}"), now, body);
    life.take_event(&event, crate::Moment { now, horizon: now }).records
}

/// The records that come due by this moment.
#[track_caller]
fn records_due(life: &mut Life, at: &str) -> Vec<Record> {
    let now = moment(at);
    life.decide(crate::Input::Due, crate::Moment { now, horizon: now }).records
}
