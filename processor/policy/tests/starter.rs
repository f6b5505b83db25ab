//! The starter policy is one that a new user can start from: it is sound, it passes its tests, and
//! it shows what it says that it shows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use policy::starter::FILES;
use policy::tests::{TestRun, print, run};
use tempfile::TempDir;

const POLICY: &str = "mobile.policy.yaml";
const TESTS: &str = "mobile.tests.yaml";

/// The sections that the policy shows.
const SECTIONS: &str = "attributes calendars windows balances thresholds segments groups managers holds plans \
    commands templates";

/// A file as a new user gets it.
fn text(name: &str) -> &'static str {
    FILES.iter().find(|file| file.name == name).unwrap().text
}

/// A folder with the files in it, the policy's text changed.
fn folder_with(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        let text = if file.name == POLICY { policy } else { file.text };
        std::fs::write(folder.path().join(file.name), text).unwrap();
    }
    folder
}

fn played_with(policy: &str) -> TestRun {
    let folder = folder_with(policy);
    run(&folder.path().join(TESTS)).unwrap_or_else(|reports| panic!("{reports:#?}"))
}

#[test]
fn the_policy_is_sound_and_nothing_is_to_be_looked_at() {
    let folder = folder_with(text(POLICY));
    let loaded = policy::load(&folder.path().join(POLICY));
    let loaded = loaded.unwrap_or_else(|report| panic!("{report}: {:#?}", report.findings));
    assert!(loaded.warnings.is_none(), "{:#?}", loaded.warnings);
}

#[test]
fn every_test_passes_as_it_is_and_in_another_time_zone() {
    for zone in ["UTC", "America/Santiago"] {
        let run = played_with(&text(POLICY).replace("time_zone: UTC", &format!("time_zone: {zone}")));
        assert!(run.tests.len() >= 12, "only {} tests", run.tests.len());
        assert!(run.failed() == 0, "in {zone}\n{}", print(&[run]));
    }
}

#[test]
fn a_policy_that_does_otherwise_is_found_out() {
    let rows = [
        ("hysteresis: 1.00", "hysteresis: 0.50", "a low balance is told once"),
        ("cooldown: 12h", "cooldown: 1h", "within the cooldown"),
        ("[\"80%\", \"100%\"]", "[\"90%\", \"100%\"]", "a bundle is told at 80 %"),
        ("expires_in: 3d", "expires_in: 2d", "the end of a bundle"),
        ("mon-thu: \"09:00", "mon-fri: \"09:00", "a bar that falls due on a Friday"),
        (", day_before_holiday]", "]", "nobody is barred on the day before a holiday"),
        ("of: letter, at_least: 10d", "of: letter, at_least: 5d", "the bar waits until both notices"),
        ("lift_measures: true", "lift_measures: false", "a promise that is kept"),
        ("on_part_cure: step_down", "on_part_cure: stay", "paying the most of a debt"),
        ("no_more_than: 300.00", "no_more_than: 900.00", "an agent may grant"),
        ("valid_for: 3d", "valid_for: 9d", "a receipt shown"),
        ("amount: 15.00", "amount: 25.00", "suspension, and the agency"),
        ("result: [hand_over]", "result: [wait]", "a business is handed to the agency only"),
        ("on_resegment: restart", "on_resegment: keep", "a customer who turns out to be a hospital"),
        (
            "{ name: consumers, when: account.payment_mode != \"prepaid\",",
            "{ name: consumers,",
            "a prepaid customer",
        ),
        ("group: essential,", "group: business,", "a hospital is never barred"),
    ];
    for (right, wrong, told) in rows {
        assert!(text(POLICY).contains(right), "{right} is not in the policy");
        let run = played_with(&text(POLICY).replace(right, wrong));
        let failed = run.tests.iter().filter(|test| test.failure.is_some());
        let found = failed.map(|test| test.name.as_str()).any(|name| name.starts_with(told));
        assert!(found, "{right} → {wrong}: «{told}» still passes\n{}", print(&[run]));
    }
}

/// The policy as the README says that it goes live with the debts that were observed.
fn gone_live() -> String {
    let mut live = text(POLICY).replace("version: \"1\"", "version: \"2\"");
    live = live.replace("    include:", "    running_cycles: move\n    include:");
    for stage in ["letter", "bar", "suspend", "decide", "agency"] {
        live = live.replace(&format!("stage: {stage}\n"), &format!("stage: {stage}-live\n"));
    }
    live = live.replace("of: letter", "of: letter-live");
    let mapped = |line: &str| line.starts_with("      gentle: {") || line.starts_with("      standard: {");
    let renamed = |line: &str| match line.split_once(": {") {
        Some((plan, _)) if mapped(line) => format!("{plan}: {{ remind: remind }}\n"),
        Some(_) | None => format!("{line}\n"),
    };
    live.lines().map(renamed).collect()
}

#[test]
fn going_live_as_the_readme_says_sends_a_letter_before_any_bar() {
    let folder = folder_with(&text(POLICY).replace("# observe: true", "observe: true"));
    let life = r#"
policy: mobile.policy.yaml
account: { payment_mode: postpaid }
tests:
  - name: a debt that was observed up to the bar
    steps:
      - { at: 2026-09-01T10:00, invoice: { id: B1, amount: 120.00, due: 2026-09-15 } }
      - { at: 2026-10-20T10:00, commands: [], state: { stage: bar } }
      - { at: 2026-10-20T10:01, policy: live.policy.yaml, commands: [], state: { stage: remind } }
      - { at: 2026-10-27T10:01, commands: [ { message: final-notice }, { message: final-notice-sms } ] }
      - { at: 2026-11-09T08:59, commands: [] }
      - { at: 2026-11-09T09:00, commands: [ { message: barred }, { provision: bar_outgoing } ] }
"#;
    std::fs::write(folder.path().join("live.policy.yaml"), gone_live()).unwrap();
    std::fs::write(folder.path().join("live.tests.yaml"), life).unwrap();
    let run = run(&folder.path().join("live.tests.yaml")).unwrap_or_else(|reports| panic!("{reports:#?}"));
    assert!(run.failed() == 0, "\n{}", print(&[run]));
}

#[test]
fn it_uses_every_section_that_it_comments_on() {
    for section in SECTIONS.split_whitespace() {
        let heading = format!("\n{section}:\n");
        let (before, after) = text(POLICY).split_once(&heading).unwrap_or_else(|| panic!("no {section}"));
        assert!(before.lines().next_back().unwrap().starts_with("# "), "{section} has no comment above it");
        assert!(after.starts_with("  "), "{section} is empty");
    }
}

#[test]
fn every_template_is_in_both_languages() {
    let (_, templates) = text(POLICY).split_once("\ntemplates:\n").unwrap();
    let starting = |start: &str| templates.lines().filter(|line| line.starts_with(start)).count();
    let all = templates.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count();
    assert!(all > 10, "only {all} templates");
    assert_eq!((starting("    en: "), starting("    ru: ")), (all, all));
}

#[test]
fn an_editor_finds_the_schemas_beside_the_files() {
    for (name, schema) in [(POLICY, "policy.schema.json"), (TESTS, "tests.schema.json")] {
        let line = format!("# yaml-language-server: $schema={schema}");
        assert_eq!(text(name).lines().next(), Some(line.as_str()));
    }
}
