//! What is a holiday, and what is no file of holidays.

use super::*;

fn file(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"))
}

fn event(lines: &str) -> String {
    file(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"))
}

fn days(text: &str) -> Vec<String> {
    let holidays = read(text);
    assert_eq!(holidays.wrong, [], "{text}");
    holidays.days.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(lines: &str, expected: &[&str]) {
    assert_eq!(days(&event(lines)), expected, "{lines}");
}

/// The first days of an event that has more.
#[track_caller]
fn check_first(lines: &str, expected: &[&str]) {
    let found = days(&event(lines));
    assert_eq!(&found[..expected.len()], expected, "{lines}");
    assert!(found.len() > expected.len(), "{lines}");
}

#[track_caller]
fn check_wrong(text: &str, line: usize, said: &str) {
    let holidays = read(text);
    let [wrong] = holidays.wrong.as_slice() else { panic!("{text}\n{holidays:?}") };
    assert!(wrong.what.contains(said), "{text}\n{}", wrong.what);
    assert_eq!(wrong.line, line, "{text}\n{}", wrong.what);
}

#[test]
fn an_all_day_event_is_a_holiday_and_its_end_is_the_day_after_the_last() {
    check("DTSTART;VALUE=DATE:20260101", &["2026-01-01"]);
    check("DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260102", &["2026-01-01"]);
    check("DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260101", &["2026-01-01"]);
    check("DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102", &["2026-12-31", "2027-01-01"]);
    check("DTSTART;VALUE=DATE:20260320\nDURATION:P2D", &["2026-03-20", "2026-03-21"]);
    check("DTSTART;VALUE=DATE:20260320\nSTATUS:CANCELLED", &[]);
}

#[test]
fn a_yearly_event_comes_back_as_long_as_its_rule_says() {
    check(
        "DTSTART;VALUE=DATE:20260901\nRRULE:FREQ=YEARLY;COUNT=3",
        &["2026-09-01", "2027-09-01", "2028-09-01"],
    );
    check("DTSTART;VALUE=DATE:20260901\nRRULE:FREQ=YEARLY;UNTIL=20270901", &["2026-09-01", "2027-09-01"]);
    check("DTSTART;VALUE=DATE:20260901\nRRULE:FREQ=YEARLY;UNTIL=20270831T235959Z", &["2026-09-01"]);
    check("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20300101", &["2024-02-29", "2028-02-29"]);
    check(
        "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2;BYMONTH=1;BYMONTHDAY=1",
        &["2026-01-01", "2028-01-01"],
    );
    check(
        "DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2",
        &["2026-05-25", "2027-05-31"],
    );
    check(
        "DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
        &["2026-11-26", "2027-11-25"],
    );
    check_first("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY", &["2026-01-01", "2027-01-01"]);
    assert_eq!(days(&event("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY")).last().unwrap(), "2100-01-01");
}

#[test]
fn days_may_be_added_to_a_rule_and_left_out_of_it() {
    check(
        "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;COUNT=2\nEXDATE;VALUE=DATE:20270101\nRDATE;VALUE=DATE:20270104,20280104",
        &["2026-01-01", "2027-01-04", "2028-01-04"],
    );
}

#[test]
fn folded_lines_and_quoted_parameters_are_put_together() {
    check("SUMMARY;LANGUAGE=\"a:b\":New\n  Year\nDTSTART;VALUE=DATE:2026\n 0101", &["2026-01-01"]);
}

#[test]
fn what_is_within_an_event_is_not_the_event() {
    check(
        "DTSTART;VALUE=DATE:20260101\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM",
        &["2026-01-01"],
    );
    assert_eq!(days(&file("BEGIN:VTODO\nDTSTART;VALUE=DATE:20260101\nEND:VTODO\n")), [""; 0]);
}

#[test]
fn an_appointment_is_no_holiday_and_is_counted() {
    let holidays = read(&event("DTSTART:20260101T090000Z\nDTEND:20260101T100000Z"));
    assert_eq!((holidays.days.len(), holidays.appointments, holidays.wrong), (0, 1, Vec::new()));
}

#[test]
fn what_is_not_understood_is_said_at_its_line() {
    check_wrong("hello", 1, "no iCalendar file");
    check_wrong("", 1, "no iCalendar file");
    check_wrong("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", 2, "the file ends before `END:VEVENT`");
    check_wrong("BEGIN:VCALENDAR\nEND:VEVENT\n", 2, "ends nothing");
    check_wrong(&event("SUMMARY:New Year"), 3, "has no `DTSTART`");
    check_wrong(&event("DTSTART;VALUE=DATE:20261301"), 4, "is no day");
    check_wrong(&event("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260101"), 5, "does not end");
    check_wrong(&event("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20280101"), 5, "does not end");
    check_wrong(
        &event("DTSTART;VALUE=DATE:19000101\nDTEND;VALUE=DATE:19010101\nRRULE:FREQ=YEARLY"),
        3,
        "more than 20000 holidays",
    );
    check_wrong(&event("DTSTART;VALUE=DATE:20260102\nDURATION:PT1H"), 5, "no number of days");
    check_wrong(&event("DTSTART;VALUE=DATE:20260102\nRECURRENCE-ID;VALUE=DATE:20260101"), 5, "is moved");
    for (rule, said) in [
        ("FREQ=MONTHLY", "`FREQ=MONTHLY` is no part"),
        ("COUNT=2", "only rules with `FREQ=YEARLY`"),
        ("FREQ=YEARLY;BYEASTER=0", "`BYEASTER=0` is no part"),
        ("FREQ=YEARLY;BYMONTH=1,2", "`BYMONTH=1,2` is no part"),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=MO", "`BYDAY=MO` is no part"),
        ("FREQ=YEARLY;BYDAY=1MO", "`BYDAY` goes with `BYMONTH`"),
        ("FREQ=YEARLY;INTERVAL=0", "`INTERVAL=0` is no part"),
    ] {
        check_wrong(&event(&format!("DTSTART;VALUE=DATE:20260102\nRRULE:{rule}")), 5, said);
    }
}
