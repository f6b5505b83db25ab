//! Whatever a file says, reading it ends in a policy or a report, never in a panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use std::path::Path;

const FILES: [&str; 6] = [
    "thresholds.policy.yaml",
    "overdue.policy.yaml",
    "collections.policy.yaml",
    "thresholds.tests.yaml",
    "overdue.tests.yaml",
    "collections.tests.yaml",
];

/// What is put in the place of a part of a file.
const SPLICES: [&str; 16] = [
    "",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "\n",
    "\t",
    "\"",
    "'",
    "-1",
    "999999999999999999",
    "&a *a",
    "{{",
    "((((((((",
];

/// A policy with a calendar file.
const CALENDAR: &str = "policy: p\nversion: '1'\ntime_zone: UTC\ncurrency: EUR\nlanguage: en\n\
    calendars: { c: { ics: c.ics } }\n";

/// What calendar files are made of, and what they are not.
const CALENDAR_PARTS: [&str; 20] = [
    "BEGIN:VEVENT\n",
    "END:VEVENT\n",
    "END:VCALENDAR\n",
    "DTSTART;VALUE=DATE:20260101\n",
    "DTSTART;VALUE=DATE:00000101\n",
    "DTSTART;VALUE=DATE:99991231\n",
    "DTEND:99991231\n",
    "DTEND:20260103\n",
    "DURATION:P255W\n",
    "DURATION:P\u{e9}D\n",
    "RRULE:FREQ=YEARLY\n",
    "RRULE:FREQ=YEARLY;INTERVAL=32767;COUNT=0\n",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=-5\u{e9}\n",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO\n",
    "EXDATE:20260101,\n",
    "\n",
    " ",
    ":",
    ";",
    "\"",
];

fn acceptance(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn read_all(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("any.tests.yaml");
    std::fs::write(&file, text).unwrap();
    for policy in FILES.iter().filter(|name| name.ends_with(".policy.yaml")) {
        std::fs::write(folder.path().join(policy), acceptance(policy)).unwrap();
    }
    let _ = policy::tests::run(&file);
    if let Err(report) = policy::parse("any", text) {
        let _ = (report.to_string(), report.to_json());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC*") {
        read_all(&text);
    }

    #[test]
    fn text_that_looks_like_yaml(parts in prop::collection::vec("[a-z]{1,6}|[-:,{}\\[\\]\"'&*!|>%@#? \n]{1,3}", 0..60)) {
        read_all(&parts.concat());
    }

    #[test]
    fn any_calendar_file(parts in prop::collection::vec(prop::sample::select(CALENDAR_PARTS.to_vec()), 0..30)) {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}", parts.concat());
        let _ = policy::parse_with("any", CALENDAR, &|_| Ok(text.clone()));
    }

    #[test]
    fn a_file_with_a_part_replaced(
        file in 0..FILES.len(),
        from in 0.0..1.0f64,
        length in 0usize..30,
        splice in 0..SPLICES.len(),
    ) {
        let text = acceptance(FILES.get(file).unwrap());
        let letters: Vec<char> = text.chars().collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short file")]
        let from = (letters.len() as f64 * from) as usize;
        let before = letters.iter().take(from);
        let after = letters.iter().skip(from + length);
        let splice = SPLICES.get(splice).unwrap();
        let text: String = before.copied().chain(splice.chars()).chain(after.copied()).collect();
        read_all(&text);
    }
}

#[test]
fn values_that_lie_deep_in_one_another_are_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(10_000), "- ".repeat(50_000), "a: ".repeat(50_000)] {
        assert!(policy::parse("deep", &text).is_err());
    }
}
