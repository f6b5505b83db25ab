//! How Weir grows, as text for a terminal, and as Markdown.

use super::{Growth, Measured};
use crate::backlog::Drained;
use crate::report::grid::{self, number};
use std::fmt::Write;

const MIB: f64 = 1_048_576.0;
const MILLION: f64 = 1e6;
const LEAST_S: f64 = 2.0;

/// A figure: its name, its unit, and where it is found.
struct Figure {
    name: &'static str,
    unit: &'static str,
    get: fn(&Measured) -> Option<f64>,
}

macro_rules! figure {
    ($name:literal, $unit:literal, $get:expr) => {
        Figure { name: $name, unit: $unit, get: $get }
    };
}

/// All of them, in the order in which they are shown.
const FIGURES: &[Figure] = &[
    figure!("fill, until all is taken", "s", |found| Some(found.fill?.all_taken_s)),
    figure!("fill, throughput", "accounts/s", |found| Some(long(found.fill)?.a_second)),
    figure!("fill, CPU of the process", "µs/account", |found| Some(long(found.fill)?.processor_us)),
    figure!("fill, most resident", "MiB", |found| Some(resident(found.fill?))),
    figure!("disk, folder", "MiB", |found| Some(found.state_bytes? as f64 / MIB)),
    figure!("disk, folder", "bytes/account", bytes_an_account),
    figure!("cold, start to first commit", "s", |found| Some(found.cold?.first_commit_s)),
    figure!("cold, throughput", "events/s", |found| Some(long(found.cold)?.a_second)),
    figure!("cold, CPU of the process", "µs/event", |found| Some(long(found.cold)?.processor_us)),
    figure!("cold, CPU of the broker", "µs/event", |found| long(found.cold)?.broker_us),
    figure!("cold, a core", "events/s", |found| a_core_second(long(found.cold)?)),
    figure!("cold, most resident", "MiB", |found| Some(resident(found.cold?))),
    figure!("hot, start to first commit", "s", |found| Some(found.hot?.first_commit_s)),
    figure!("hot, throughput", "events/s", |found| Some(long(found.hot)?.a_second)),
    figure!("hot, CPU of the process", "µs/event", |found| Some(long(found.hot)?.processor_us)),
    figure!("hot, CPU of the broker", "µs/event", |found| long(found.hot)?.broker_us),
    figure!("hot, a core", "events/s", |found| a_core_second(long(found.hot)?)),
    figure!("hot, most resident", "MiB", |found| Some(resident(found.hot?))),
];

/// What took long enough for rates to say something: less is over between two looks.
fn long(drained: Option<Drained>) -> Option<Drained> {
    drained.filter(|drained| drained.seconds >= LEAST_S)
}

fn resident(drained: Drained) -> f64 {
    drained.resident_bytes as f64 / MIB
}

/// How many events a core of the process would take in a second.
fn a_core_second(drained: Drained) -> Option<f64> {
    (drained.processor_us > 0.0).then(|| MILLION / drained.processor_us)
}

fn bytes_an_account(measured: &Measured) -> Option<f64> {
    Some(measured.state_bytes? as f64 / f64::from(measured.accounts.max(1)))
}

/// For a terminal.
#[must_use]
pub fn text(growth: &Growth) -> String {
    let mut out = grid::text(&rows(growth));
    for verified in verified(growth) {
        let _ = writeln!(out, "{verified}");
    }
    for fault in faults(growth) {
        let _ = writeln!(out, "! {fault}");
    }
    out
}

/// As a page of a document.
#[must_use]
pub fn markdown(growth: &Growth) -> String {
    let mut out = format!("# By number of accounts\n\n{}\n\n", settings(growth));
    out.push_str(&grid::markdown(&rows(growth)));
    let verified = verified(growth);
    if !verified.is_empty() {
        let _ = write!(out, "\n- {}\n", verified.join("\n- "));
    }
    out.push_str(&grid::what_went_wrong(&faults(growth)));
    let _ = writeln!(out, "\n{}", grid::conditions(&growth.machine, &growth.versions));
    out
}

/// How it was measured, in a few sentences.
pub(super) fn settings(growth: &Growth) -> String {
    let settings = &growth.settings;
    let mut text = format!(
        "Profile `{}`{}, seed {}: a snapshot of each account, then {} events of all alike (cold), then as many by a skew of {} (hot); \
         {} partitions; {} MiB for Weir's stores.",
        settings.profile,
        if settings.shared_work { ", shared work only" } else { "" },
        settings.seed,
        settings.events,
        settings.hot_skew,
        settings.partitions,
        settings.store_memory_bytes >> 20
    );
    if !settings.environment.is_empty() {
        let _ = write!(text, " By the environment: {}.", settings.environment.join(" "));
    }
    text
}

/// The head, and a row for each figure that any number of accounts has.
pub(super) fn rows(growth: &Growth) -> Vec<Vec<String>> {
    let mut head = vec!["accounts".to_owned(), "unit".to_owned()];
    head.extend(growth.sizes.iter().map(|measured| measured.accounts.to_string()));
    let mut rows = vec![head];
    for figure in FIGURES {
        let values: Vec<Option<f64>> = growth.sizes.iter().map(figure.get).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let mut row = vec![figure.name.to_owned(), figure.unit.to_owned()];
        row.extend(values.into_iter().map(|value| value.map_or_else(|| grid::NONE.to_owned(), number)));
        rows.push(row);
    }
    rows
}

pub(super) fn faults(growth: &Growth) -> Vec<String> {
    let of = |measured: &Measured| -> Vec<String> {
        let faults = measured.faults.iter();
        faults.map(|fault| format!("{} accounts: {}", measured.accounts, grid::one_line(fault))).collect()
    };
    growth.sizes.iter().flat_map(of).collect()
}

pub(super) fn verified(growth: &Growth) -> Vec<String> {
    let of = |measured: &Measured| {
        let summary = measured.verified.as_ref()?;
        Some(format!("{} accounts: {summary}", measured.accounts))
    };
    growth.sizes.iter().filter_map(of).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::{Machine, Versions};
    use crate::scale::Settings;

    pub(crate) fn drained(processor_us: f64) -> Drained {
        Drained {
            first_commit_s: 1.5,
            all_taken_s: 12.0,
            events: 900_000,
            seconds: 10.0,
            a_second: 90_000.0,
            processor_us,
            broker_us: None,
            resident_bytes: 300 << 20,
        }
    }

    pub(crate) fn growth(sizes: Vec<Measured>) -> Growth {
        Growth {
            machine: Machine::some(),
            versions: Versions::some(),
            settings: Settings {
                profile: "mixed".to_owned(),
                shared_work: false,
                events: 1_000_000,
                hot_skew: 0.8,
                seed: 1,
                partitions: 6,
                store_memory_bytes: 512 << 20,
                environment: Vec::new(),
            },
            sizes,
        }
    }

    /// One that went well, and one that ended early.
    pub(crate) fn two() -> Growth {
        growth(vec![
            Measured {
                accounts: 10_000,
                fill: Some(drained(20.0)),
                state_bytes: Some(5 << 20),
                cold: Some(drained(12.5)),
                hot: Some(drained(10.0)),
                verified: Some("all checked.".to_owned()),
                faults: Vec::new(),
            },
            Measured {
                accounts: 1_000_000,
                fill: Some(drained(25.0)),
                faults: vec!["weir ended\nwith <this>".to_owned()],
                ..Measured::default()
            },
        ])
    }

    #[track_caller]
    fn check(figure: &str, unit: &str, values: &[&str]) {
        let rows = rows(&two());
        let row = rows.iter().find(|row| row[0] == figure && row[1] == unit);
        assert_eq!(
            row.map(|row| &row[2..]),
            Some(&values.iter().map(ToString::to_string).collect::<Vec<_>>()[..])
        );
    }

    #[test]
    fn figures_are_told_of_each_number_of_accounts_as_far_as_it_went() {
        check("accounts", "unit", &["10000", "1000000"]);
        check("fill, CPU of the process", "µs/account", &["20.0", "25.0"]);
        check("disk, folder", "MiB", &["5.00", "–"]);
        check("disk, folder", "bytes/account", &["524", "–"]);
        check("cold, start to first commit", "s", &["1.50", "–"]);
        check("cold, a core", "events/s", &["80000", "–"]);
        check("hot, most resident", "MiB", &["300", "–"]);
        // What nobody has is not shown.
        assert!(rows(&two()).iter().all(|row| row[0] != "hot, CPU of the broker"));
    }

    #[test]
    fn of_what_took_a_moment_no_rate_is_told() {
        let short = Drained { seconds: 1.0, ..drained(20.0) };
        let sizes = vec![Measured { accounts: 10_000, fill: Some(short), ..Measured::default() }];
        let rows = rows(&growth(sizes));
        let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(names, ["accounts", "fill, until all is taken", "fill, most resident"]);
    }

    #[test]
    fn what_was_verified_and_what_went_wrong_stands_below() {
        let (text, page) = (text(&two()), markdown(&two()));
        assert!(
            text.ends_with("10000 accounts: all checked.\n! 1000000 accounts: weir ended / with <this>\n"),
            "{text}"
        );
        for wanted in [
            "1000000 events of all alike (cold)",
            "a skew of 0.8 (hot)",
            "| accounts | unit | 10000 | 1000000 |",
            "- 10000 accounts: all checked.",
            "What went wrong:\n\n- 1000000 accounts: weir ended / with <this>",
            "A processor, 2 cores, 24 GiB",
        ] {
            assert!(page.contains(wanted), "{wanted}: {page}");
        }
    }
}
