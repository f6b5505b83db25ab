//! The scenarios of the rules for plans, measures, time, controls and versions (domain.md, sections
//! 5 to 9): each test's name is the rule it holds.

use super::*;
use std::path::PathBuf;

fn scenarios(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
}

#[track_caller]
fn check(name: &str) {
    let run = run(&scenarios(name)).unwrap_or_else(|reports| {
        let reports: Vec<String> = reports.iter().map(ToString::to_string).collect();
        panic!("{}", reports.join("\n"));
    });
    assert!(run.passed() > 0 && run.failed() == 0, "\n{}", print(std::slice::from_ref(&run)));
}

#[test]
fn segments_groups_moves_between_plans_and_messages_before_the_due_date() {
    check("plans.tests.yaml");
    check("moves.tests.yaml");
}

#[test]
fn cycles_open_and_end() {
    check("cycles.tests.yaml");
}

#[test]
fn stages_are_entered_left_and_jumped_to() {
    check("stages.tests.yaml");
}

#[test]
fn cycles_are_held_and_go_on() {
    check("held.tests.yaml");
}

#[test]
fn measures_are_taken_and_taken_back() {
    check("measures.tests.yaml");
}

#[test]
fn reports_and_their_absence_drive_what_follows() {
    check("reports.tests.yaml");
}

#[test]
fn days_windows_calendars_and_caps() {
    check("time.tests.yaml");
}

#[test]
fn people_order_what_they_may() {
    check("controls.tests.yaml");
}

#[test]
fn cycles_stay_with_their_version_or_move() {
    check("versions.tests.yaml");
}

#[test]
fn what_is_observed_is_recorded_and_not_sent() {
    check("observe.tests.yaml");
    check("trying.tests.yaml");
    check("observe-services.tests.yaml");
}

#[test]
fn rules_that_meet_one_another() {
    check("together.tests.yaml");
}
