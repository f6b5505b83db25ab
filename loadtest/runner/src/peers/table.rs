//! The comparison as text for a terminal, and as Markdown.

use super::figures::{Better, FIGURES, Figure, Figures};
use super::{Comparison, Measured};
use crate::report::grid::{self, number};
use std::fmt::Write;

/// Of whom ratios are told, where they take part: the limit, and the engine that most would take instead.
const REFERENCES: [&str; 2] = ["pass-through", "kafka-streams"];

/// For a terminal.
#[must_use]
pub fn text(comparison: &Comparison) -> String {
    let mut out = grid::text(&rows(comparison));
    out.push_str(&ratios_of(comparison));
    for fault in faults(comparison) {
        let _ = writeln!(out, "! {fault}");
    }
    out
}

/// As a page of a document.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let settings = &comparison.settings;
    let mut out = String::from("# Processors of the same work\n\n");
    let _ = writeln!(
        out,
        "{} rounds, medians. Profile `{}`, seed {}: {} accounts, {} events waiting; {} partitions; {} s at half load; {} MiB for Weir's stores.\n",
        settings.rounds,
        settings.profile,
        settings.seed,
        settings.accounts,
        settings.events,
        settings.partitions,
        settings.step_seconds,
        settings.store_memory_bytes >> 20
    );
    out.push_str(&grid::markdown(&rows(comparison)));
    let _ = write!(out, "\n{}", ratios_of(comparison));
    out.push_str(&grid::what_went_wrong(&faults(comparison).collect::<Vec<_>>()));
    let _ = writeln!(out, "\n{}\n", grid::conditions(&comparison.machine, &comparison.versions));
    for measured in &comparison.processors {
        let _ = writeln!(out, "- {}: `{}`", measured.name, measured.command);
    }
    out
}

/// The head and a row for each figure that any of them has.
fn rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "unit".to_owned()];
    head.extend(comparison.processors.iter().map(|measured| measured.name.clone()));
    let mut rows = vec![head];
    for figure in FIGURES {
        if comparison.processors.iter().all(|measured| (figure.get)(&measured.medians).is_none()) {
            continue;
        }
        let mut row = vec![figure.name.to_owned(), figure.unit.to_owned()];
        row.extend(comparison.processors.iter().map(|measured| cell(comparison, measured, figure)));
        rows.push(row);
    }
    rows
}

fn cell(comparison: &Comparison, measured: &Measured, figure: &Figure) -> String {
    let Some(value) = (figure.get)(&measured.medians) else { return grid::NONE.to_owned() };
    let shown = number(value);
    if figure.better.is_none() {
        return shown;
    }
    let of = |reference: &str| {
        let reference = of_name(comparison, reference)?;
        Some(value / (figure.get)(reference).filter(|value| *value > 0.0)?)
    };
    let ratios: Vec<String> = references(comparison)
        .map(|name| match of(name) {
            _ if name == measured.name => "1".to_owned(),
            Some(ratio) => format!("{ratio:.2}"),
            None => grid::NONE.to_owned(),
        })
        .collect();
    if ratios.is_empty() { shown } else { format!("{shown} ({})", ratios.join(", ")) }
}

/// Those of whom ratios are told that take part.
fn references(comparison: &Comparison) -> impl Iterator<Item = &'static str> {
    REFERENCES.into_iter().filter(|name| of_name(comparison, name).is_some())
}

fn of_name<'c>(comparison: &'c Comparison, name: &str) -> Option<&'c Figures> {
    let found = comparison.processors.iter().find(|measured| measured.name == name);
    found.map(|measured| &measured.medians)
}

fn ratios_of(comparison: &Comparison) -> String {
    let names: Vec<&str> = references(comparison).collect();
    if names.is_empty() {
        return String::new();
    }
    let more: Vec<&str> = FIGURES
        .iter()
        .filter(|figure| figure.better == Some(Better::More))
        .map(|figure| figure.name)
        .collect();
    format!("In brackets: times that of {}. Less is better, but of {}.\n", names.join(", "), more.join(", "))
}

fn faults(comparison: &Comparison) -> impl Iterator<Item = String> {
    let of = |measured: &Measured| -> Vec<String> {
        let one_line = |fault: &String| format!("{}, {}", measured.name, grid::one_line(fault));
        measured.faults.iter().map(one_line).collect()
    };
    comparison.processors.iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Settings;
    use crate::report::{Machine, Versions};

    fn measured(name: &str, saturation: f64, p50_ms: Option<f64>) -> Measured {
        let medians = Figures {
            saturation: Some(saturation),
            half: Some(saturation / 2.0),
            p50_ms,
            ..Figures::default()
        };
        let command = format!("{name} --run");
        Measured { name: name.to_owned(), command, medians, rounds: vec![medians], faults: Vec::new() }
    }

    fn comparison(processors: Vec<Measured>) -> Comparison {
        Comparison {
            machine: Machine::some(),
            versions: Versions::some(),
            settings: Settings {
                rounds: 3,
                profile: "mixed".to_owned(),
                events: 1_000,
                accounts: 100,
                seed: 1,
                partitions: 6,
                step_seconds: 30.0,
                store_memory_bytes: 512 << 20,
            },
            processors,
        }
    }

    #[test]
    fn ratios_are_of_the_limit_and_of_kafka_streams() {
        let text = text(&comparison(vec![
            measured("pass-through", 400_000.0, None),
            measured("weir", 100_000.0, Some(12.0)),
            measured("kafka-streams", 20_000.0, Some(96.0)),
        ]));
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[0], ["unit", "pass-through", "weir", "kafka-streams"]);
        assert_eq!(
            lines[1],
            [
                "throughput at saturation",
                "events/s",
                "400000 (1, 20.00)",
                "100000 (0.25, 5.00)",
                "20000 (0.05, 1)"
            ]
        );
        // The load that each got is nobody's merit.
        assert_eq!(lines[2], ["half load", "events/s", "200000", "50000", "10000"]);
        assert_eq!(lines[3], ["event to command, p50", "ms", "–", "12.0 (–, 0.12)", "96.0 (–, 1)"]);
        assert!(text.contains("times that of pass-through, kafka-streams"), "{text}");
        assert_eq!(lines.len(), 5, "{text}");
    }

    #[test]
    fn without_a_reference_there_are_no_ratios_and_faults_are_told() {
        let mut weir = measured("weir", 100.0, None);
        weir.faults.push("round 2: it ended\nwith this".to_owned());
        let comparison = comparison(vec![weir]);
        let text = text(&comparison);
        assert!(!text.contains('('), "{text}");
        assert!(text.ends_with("! weir, round 2: it ended / with this\n"), "{text}");
        assert!(markdown(&comparison).contains("- weir, round 2: it ended / with this\n"));
    }

    #[test]
    fn a_page_says_on_what_and_how_it_was_measured() {
        let page = markdown(&comparison(vec![measured("weir", 123.4, None)]));
        for wanted in
            ["A processor, 2 cores, 24 GiB", "Commit abc", "seed 1", "`weir --run`", "| --- | --- | ---: |"]
        {
            assert!(page.contains(wanted), "{wanted}: {page}");
        }
        assert!(page.contains("| throughput at saturation | events/s | 123 |"), "{page}");
    }
}
