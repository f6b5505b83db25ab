//! Lives whose debt is worked out from their last records, held against what was owed when they were played.

use super::*;
use crate::explain::recalled;
use crate::explain::recalled::tests::{
    account, adjustment, balance, control, event, events, invoice, payment, policies, reversal,
};
use crate::play::{self, Playing};
use decision::Moment;
use decision::debtor::Debtor;
use lives::Reports;

/// A life as it was played: what was owed after each decision, and the records.
struct Played {
    debtor: Debtor,
    moment: Moment,
    lines: Vec<HistoryLine>,
    owed: BTreeMap<Timestamp, MinorUnits>,
}

fn played(life: &[String]) -> Played {
    let policies = policies();
    let (mut lines, mut owed) = (Vec::new(), BTreeMap::new());
    let playing = Playing { policies: &policies, reports: Reports::Auto, until: None };
    let (life, _) = play::play("A-1".into(), &events(life), playing, &mut |decided| {
        lines.extend(decided.decisions.records.iter().map(HistoryLine::new));
        let profiles = view::profiles(decided.debtor, decided.moment, decided.policies);
        owed.insert(decided.moment.now, profiles.iter().map(|profile| profile.real_debt).sum());
    })
    .unwrap();
    Played { debtor: life.debtor().clone(), moment: life.moment(), lines, owed }
}

impl Played {
    /// What its last records say.
    fn told(&self, kept: usize) -> OwedOverTime {
        let kept = &self.lines[self.lines.len() - kept..];
        recalled(&self.debtor, kept, self.moment, &policies()).owed.unwrap()
    }

    /// Of no moment anything is said that was not so.
    #[track_caller]
    fn is_so(&self, told: &OwedOverTime) {
        assert_eq!(told.points.first().map(|point| point.at), Some(told.known_from.at));
        for (at, was) in self.owed.range(told.known_from.at..) {
            let said = told.points.iter().rfind(|point| point.at <= *at).unwrap();
            assert_eq!(said.real_debt, was.in_major(2), "at {at}");
        }
    }
}

/// What is said of a life is so, however many of its records are kept. Answers what all of them say: from when on how
/// much, and the stages entered; before them `…` where more lies before.
#[track_caller]
fn check(life: &[String], expected: &[&str]) {
    let played = played(life);
    (0..=played.lines.len()).for_each(|kept| played.is_so(&played.told(kept)));
    let told = played.told(played.lines.len());
    let begins = (!told.is_whole).then(|| "…".to_owned());
    let point = |point: &OwedFrom| {
        let local = point.local.trim_start_matches("2026-");
        [local, &point.real_debt, &point.entered.join(", ")].join(" ").trim_end().to_owned()
    };
    let said: Vec<String> = begins.into_iter().chain(told.points.iter().map(point)).collect();
    assert_eq!(said, expected);
}

#[test]
fn debt_counts_from_the_day_that_its_plan_counts_it() {
    check(
        &[
            account("01T05:00", "soft"),
            invoice("02T05:00", "B1", 12_000, "2026-03-10"),
            invoice("03T05:00", "B2", 3_000, "2026-03-13"),
            payment("12T05:30", "P1", 2_000, ""),
            payment("27T05:30", "P2", 9_000, r#","invoices":["B2"]"#),
            balance("29T05:30", 9_000),
        ],
        &[
            "03-02 10:00 0.00",
            "03-10 00:00 120.00",
            "03-12 10:30 100.00",
            "03-13 00:00 130.00",
            "03-15 00:00 130.00 remind",
            "03-25 00:00 130.00 bar",
            "03-27 10:30 40.00",
        ],
    );
}

#[test]
fn what_is_taken_back_owed_again_or_forgiven_is_undone_where_the_records_say_enough() {
    check(
        &[
            account("01T05:00", "soft"),
            invoice("02T05:00", "B1", 12_000, "2026-03-10"),
            invoice("02T06:00", "B2", 3_000, "2026-03-12"),
            payment("13T05:00", "P1", 12_500, ""),
            reversal("14T05:00", "P1"),
            adjustment("15T05:00", "A1", "B2", -1_000),
            adjustment("16T05:00", "A2", "B1", 1_000),
            payment("17T05:00", "P2", 14_000, ""),
            reversal("18T05:00", "P2"),
            invoice("19T05:00", "B3", 500, "2026-03-19"),
        ],
        &[
            "03-02 10:00 0.00",
            "03-10 00:00 120.00",
            "03-12 00:00 150.00",
            "03-13 10:00 25.00",
            "03-14 10:00 150.00",
            "03-15 00:00 150.00 remind",
            "03-15 10:00 140.00",
            "03-16 10:00 150.00",
            "03-17 10:00 10.00",
            "03-18 10:00 150.00",
            "03-19 10:00 155.00",
        ],
    );
}

#[test]
fn where_a_record_says_too_little_nothing_is_said_of_before_it() {
    check(
        &[
            account("01T05:00", "soft"),
            invoice("02T05:00", "B1", 12_000, "2026-03-10"),
            invoice("02T06:00", "B2", 9_000, "2026-03-12"),
            payment("13T05:00", "P1", 10_000, ""),
            // It gives back what was paid beyond it, and that pays the other.
            adjustment("14T05:00", "A1", "B1", -12_000),
            payment("16T05:00", "P2", 1_000, ""),
            // Of which invoices it is taken, is not said.
            reversal("17T05:00", "P1"),
        ],
        &["…", "03-14 10:00 0.00", "03-17 10:00 80.00 remind"],
    );
}

#[test]
fn of_before_another_plan_or_segment_nothing_is_said_since_that_counted_otherwise() {
    let assigned = control("12T05:30", r#""order":"assign_plan","plan":"mild""#);
    for moved in [assigned, account("12T05:30", "clinic")] {
        let life = [account("01T05:00", "soft"), invoice("02T05:00", "B1", 12_000, "2026-03-10"), moved];
        let played = played(&life);
        let told = played.told(played.lines.len());
        assert_eq!((told.is_whole, told.known_from.local.as_str()), (false, "2026-03-12 10:30"), "{life:?}");
    }
}

#[test]
fn what_was_paid_ahead_or_waited_is_no_debt() {
    check(
        &[
            account("01T05:00", "soft"),
            invoice("01T05:20", "B0", 1_000, "2026-03-20"),
            payment("01T05:40", "P0", 1_000, ""),
            payment("01T06:00", "P1", 2_000, ""),
            // What it frees is paid ahead as well.
            adjustment("01T06:30", "A0", "B0", -500),
            payment("01T07:00", "P2", 3_000, r#","invoices":["B2"]"#),
            invoice("02T05:00", "B1", 12_000, "2026-03-10"),
            invoice("03T06:00", "B2", 3_000, "2026-03-05"),
            invoice("12T06:00", "B3", 1_000, "2026-03-05"),
            payment("13T06:00", "P3", 20_000, ""),
            adjustment("14T05:00", "A1", "B1", 500),
            reversal("15T05:00", "P3"),
        ],
        &[
            "03-01 10:20 0.00",
            "03-10 00:00 95.00",
            "03-12 11:00 105.00 remind",
            "03-13 11:00 0.00",
            "03-15 10:00 110.00 remind",
        ],
    );
}

/// A life in which alerts fill the history: a debt of a month ago, then a balance that falls and rises.
#[test]
fn a_debt_is_known_where_alerts_fill_the_history() {
    let mut life = vec![
        account("01T05:00", "soft"),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        invoice("02T06:00", "B2", 3_000, "2026-03-23"),
        control("03T05:00", r#""order":"exempt""#),
    ];
    life.extend((0..96).map(|hour: i32| {
        let at = format!("{:02}T{:02}:00", 20 + hour / 24, hour % 24);
        balance(&at, if hour % 2 == 0 { 9_000 } else { 1_000 })
    }));
    let played = played(&life);
    let told = played.told(200);
    played.is_so(&told);
    let points: Vec<_> = told.points.iter().map(|point| point.real_debt.as_str()).collect();
    assert_eq!((points, told.is_whole), (vec!["120.00", "150.00"], false));
    assert!(told.known_from.local.starts_with("2026-03-2"), "{:?}", told.known_from);
}

/// Money that moves at random, by a fixed chain of numbers.
#[test]
fn of_whatever_happens_nothing_is_said_that_was_not_so() {
    let mut is_whole = 0;
    for life in 0..24_u32 {
        let mut number = life.wrapping_mul(2_654_435_761) | 1;
        let mut draw = |below: u32| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 16) % below
        };
        let mut events = vec![account("01T05:00", if life % 3 == 0 { "clinic" } else { "soft" })];
        for step in 0..14 {
            let at = format!("{:02}T{:02}:00", 2 + step * 2, draw(24));
            let (some, amount) = (draw(4), i64::from(draw(9) + 1) * 500);
            events.push(match draw(9) {
                0..=2 => invoice(&at, &format!("B{step}"), amount, &format!("2026-03-{:02}", draw(28) + 1)),
                3 | 4 => payment(&at, &format!("P{some}"), amount, ""),
                5 => payment(&at, &format!("Q{step}"), amount, &format!(r#","invoices":["B{some}"]"#)),
                6 => adjustment(&at, &format!("A{step}"), &format!("B{some}"), amount - 2_000),
                7 => reversal(&at, &format!("P{some}")),
                _ => event("reversal", &at, &format!(r#""payment_id":"P{some}","undo":true"#)),
            });
        }
        let played = played(&events);
        (0..=played.lines.len()).for_each(|kept| played.is_so(&played.told(kept)));
        is_whole += i32::from(played.told(played.lines.len()).is_whole);
    }
    // Not by saying nothing.
    assert!(is_whole > 6, "{is_whole} of 24 lives are known as a whole");
}

#[test]
fn what_a_record_tells_otherwise_or_no_record_tells_ends_what_is_known() {
    let played = played(&[
        account("01T05:00", "soft"),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        payment("12T05:00", "P1", 2_000, ""),
        payment("20T05:00", "P2", 1_000, ""),
        balance("29T05:00", 9_000),
    ]);
    let reminded = played.lines.iter().position(|line| line.kind == "stage_entered").unwrap();
    let paid = played.lines.iter().position(|line| line.kind == "payment_booked").unwrap();
    let known_from = |lines: &[HistoryLine]| {
        recalled(&played.debtor, lines, played.moment, &policies()).owed.unwrap().known_from.local
    };
    assert_eq!(known_from(&played.lines), "2026-03-02 10:00");
    // It was another plan's debt, or other invoices counted.
    let mut otherwise = played.lines.clone();
    otherwise[reminded].figures.iter_mut().find(|figure| figure.name == "real_debt").unwrap().value =
        "77.00".to_owned();
    assert_eq!(known_from(&otherwise), "2026-03-15 09:00", "from the next moment on");
    let missing: Vec<_> = [&played.lines[..paid], &played.lines[paid + 1..]].concat();
    assert_eq!(known_from(&missing), "2026-03-15 00:00");
    let mut newer = played.lines.clone();
    newer[paid].kind = "moon_landed".to_owned();
    assert_eq!(known_from(&newer), "2026-03-12 10:00", "after it, it is known");
}

/// Where no record tells a debt: nobody works on it.
#[test]
fn before_a_record_that_is_missing_nothing_is_known() {
    let mut played = played(&[
        account("01T05:00", "soft"),
        control("01T06:00", r#""order":"exempt""#),
        invoice("02T05:00", "B1", 12_000, "2026-03-10"),
        payment("12T05:00", "P1", 2_000, ""),
        payment("20T05:00", "P2", 1_000, ""),
    ]);
    let known_from = |played: &Played| played.told(played.lines.len()).known_from.local;
    assert_eq!(known_from(&played), "2026-03-01 11:00");
    played.lines.retain(|line| line.figures.iter().all(|figure| figure.value != "P1"));
    assert_eq!(known_from(&played), "2026-03-20 10:00");
}
