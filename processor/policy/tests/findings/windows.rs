//! What is said of calendars and windows.

use super::{DO, HEAD, check, plan, stages, warned};
use policy::Severity;

#[test]
fn calendars_and_windows() {
    let calendar = "calendars: { c: { weekend: [sat, sun], holidays: [2026-03-08] } }\n";
    check("calendars: { c: { weekend: [sat, §sat] } }\n", "names this day twice");
    check("calendars: { c: { holidays: [§2026-02-30] } }\n", "is no date");
    check("calendars: { c: { ics: §c.ics } }\n", "`c.ics` cannot be read");
    check("windows: { w: { mon-fri: \"09:00-12:00\", §fri: \"13:00-15:00\" } }\n", "has hours already");
    check("windows: { w: { mon: \"09:00-12:00\", skip: [§holiday] } }\n", "`skip` without `calendar`");
    check(
        &format!("{calendar}windows: {{ w: {{ mon: \"09:00-12:00\", calendar: §c }} }}\n"),
        "nothing of the calendar `c`",
    );
    check(
        &format!("{calendar}windows: {{ w: {{ mon: \"09:00-12:00\", calendar: §d, skip: [holiday] }} }}\n"),
        "no calendar `d` is defined",
    );
    check(
        &format!("{calendar}windows: {{ w: {{ mon: \"09:00-12:00\", calendar: c, skip: [§weekends] }} }}\n"),
        "did you mean `weekend`?",
    );
    warned("windows: { §w: { mon: \"09:00-12:00\" } }\n", "nothing uses the window `w`");
    warned("calendars: { §c: { weekend: [sat] } }\n", "nothing uses the calendar `c`");
    plan(&stages("", &[&format!("stage: a, after: 1d, window: §w, {DO}")]), "no window `w` is defined");
}

#[test]
fn windows_that_never_open() {
    check("windows: { §w: {} }\n", "the window `w` never opens");
    let calendar = "calendars: { c: { weekend: [sat, sun] } }\n";
    check(
        &format!("{calendar}windows: {{ §w: {{ sat: \"09:00-12:00\", calendar: c, skip: [weekend] }} }}\n"),
        "never opens",
    );
    // After a Sunday long before, each Monday of 2026 and the first of 2027 are holidays: a year is
    // the longest wait that is taken for meant.
    let mondays = |count: i64| {
        let first: jiff::civil::Date = "2026-01-05".parse().unwrap();
        let days: Vec<_> =
            (0..count).map(|week| first.saturating_add(jiff::Span::new().weeks(week)).to_string()).collect();
        format!("calendars: {{ c: {{ holidays: [2025-06-01, {}] }} }}\n", days.join(", "))
    };
    let window = |place: &str| {
        format!("windows: {{ {place}w: {{ mon: \"09:00-12:00\", calendar: c, skip: [holiday] }} }}\n")
    };
    check(&format!("{}{}", mondays(53), window("§")), "the window `w` is shut from 2026-01-05 to 2027-01-11");
    warned(&format!("{}{}", mondays(52), window("§")), "nothing uses the window `w`");
}

#[test]
fn files_of_holidays() {
    let text = format!(
        "{HEAD}calendars: {{ c: {{ ics: c.ics }} }}\nwindows: {{ w: {{ mon: \"09:00-12:00\", calendar: c, skip: [holiday] }} }}\n"
    );
    let said = |file: &str| {
        let file = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{file}\nEND:VEVENT\nEND:VCALENDAR\n");
        let report = match policy::parse_with("p.yaml", &text, &|_| Ok(file.clone())) {
            Ok(loaded) => loaded.warnings.unwrap(),
            Err(report) => report,
        };
        let finding = report.findings.iter().find(|finding| finding.code == "calendar-file").unwrap();
        assert_eq!((finding.span.line, finding.span.column), (6, 24), "{finding:?}");
        (finding.severity, finding.message.clone())
    };
    let (severity, words) = said("DTSTART;VALUE=DATE:20261301");
    assert!(
        severity == Severity::Error && words.contains("`c.ics`, line 3: `20261301` is no day"),
        "{words}"
    );
    let (severity, words) = said("DTSTART:20260101T090000Z");
    assert!(
        severity == Severity::Warning && words.contains("events with a time of day: 1 of them"),
        "{words}"
    );
    let (severity, words) = said("DTSTART;VALUE=DATE:20260101\nSTATUS:CANCELLED");
    assert!(severity == Severity::Warning && words.contains("`c.ics` has no holidays"), "{words}");
}
