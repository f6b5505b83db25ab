//! The suites that come with the project, and what the machinery says of wrong ones.

use super::*;
use std::path::PathBuf;

fn acceptance(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance").join(name)
}

#[track_caller]
fn check_suite(name: &str, tests: usize) {
    let run = run(&acceptance(name)).unwrap();
    assert_eq!((run.passed(), run.failed()), (tests, 0), "\n{}", print(std::slice::from_ref(&run)));
}

#[test]
fn the_threshold_suite_passes() {
    check_suite("thresholds.tests.yaml", 7);
}

#[test]
fn the_overdue_suite_passes() {
    check_suite("overdue.tests.yaml", 6);
}

#[test]
fn the_collections_suite_passes() {
    check_suite("collections.tests.yaml", 10);
}

const POLICY: &str = "\
policy: p
version: '1'
time_zone: UTC
currency: EUR
language: en
balances: { main: { unit: money } }
thresholds:
- { id: low, balance: main, falls_to: [10], do: [ { message: { template: t, channel: sms, class: service } } ] }
segments: [ { name: all, group: g } ]
groups: { g: { standard: p, plans: [p] } }
plans:
  p:
    stages:
    - { stage: one, after: 1d, do: [ { message: { template: one, channel: sms, class: reminder } } ] }
    - { stage: two, after: 3d, do: [ { task: { queue: calls } } ] }
    on_cure: [ { message: { template: one, channel: sms, class: service } } ]
templates: { t: { en: Low }, one: { en: '{{ debt.real }}' } }
";

/// The file of these steps of one test, after a head of five lines.
fn file_of(steps: &str) -> String {
    format!(
        "policy: p.policy.yaml\naccount: {{ payment_mode: postpaid }}\ntests:\n- name: a test\n  steps:\n{steps}"
    )
}

fn run_text(text: &str) -> Result<TestRun, Vec<PolicyReport>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.policy.yaml"), POLICY).unwrap();
    let renamed = |segment: &str, version: &str| {
        let name = format!("{{ name: {segment},");
        POLICY.replace("{ name: all,", &name).replace("version: '1'", &format!("version: {version}"))
    };
    std::fs::write(folder.path().join("next.policy.yaml"), renamed("next", "2")).unwrap();
    let later = renamed("later", "3\neffective_from: 2026-03-05T06:00");
    std::fs::write(folder.path().join("later.policy.yaml"), later).unwrap();
    let file = folder.path().join("p.tests.yaml");
    std::fs::write(&file, text).unwrap();
    let mut run = run(&file)?;
    run.file = "p.tests.yaml".to_owned();
    Ok(run)
}

#[track_caller]
fn check_passes(steps: &str) {
    let run = run_text(&file_of(steps)).unwrap();
    assert_eq!(run.failed(), 0, "{}", print(std::slice::from_ref(&run)));
}

/// The steps fail at a line (from 1), and these words are said.
#[track_caller]
fn check_fails(steps: &str, line: usize, said: &str) {
    let run = run_text(&file_of(steps)).unwrap();
    let failure = run.tests[0].failure.as_ref().expect("the test passed");
    assert_eq!(failure.line - 5, line, "{}", failure.difference);
    assert!(failure.difference.contains(said), "{}", failure.difference);
}

/// The file cannot be played: one thing is wrong, at the place that `§` marks.
#[track_caller]
fn check_refused(steps: &str, said: &str) {
    let marked = file_of(steps);
    let (before, after) = marked.split_once('§').unwrap();
    let reports = run_text(&format!("{before}{after}")).unwrap_err();
    let finding = match reports[0].findings.as_slice() {
        [only] => only.clone(),
        findings => panic!("{findings:#?}"),
    };
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').unwrap_or(0);
    assert_eq!((finding.span.line, finding.span.column), (line, column), "{finding:?}");
    let words = format!("{} / {}", finding.message, finding.help.unwrap_or_default());
    assert!(words.contains(said), "{words}");
}

const INVOICE: &str = "  - { at: 2026-03-01, invoice: { id: B1, amount: 50, due: 2026-03-01 } }\n";

#[test]
fn what_falls_due_happens_at_its_own_time_and_once() {
    check_passes(&format!(
        "{INVOICE}  - {{ at: 2026-03-09, commands: [ {{ message: one, at: 2026-03-02 }}, {{ task: calls, at: 2026-03-04 }} ] }}\n\
         \x20 - {{ at: 2026-03-10, commands: [], state: {{ stage: two, real_debt: 50, credit: 0 }} }}\n"
    ));
}

#[test]
fn after_an_outage_what_waits_in_the_log_is_read_first() {
    let paid = "payment: { id: P1, amount: 50 }, commands: []";
    check_passes(&format!(
        "{INVOICE}  - {{ at: 2026-03-09, after_outage: true, {paid}, state: {{ status: clear }} }}\n"
    ));
    let unpaid = "commands: [ { message: one, at: 2026-03-09 }, { task: calls, at: 2026-03-09 } ]";
    check_passes(&format!("{INVOICE}  - {{ at: 2026-03-09, after_outage: true, {unpaid} }}\n"));
}

#[test]
fn events_may_repeat_others_and_come_late_or_together() {
    check_passes(
        "  - { at: 2026-03-01, balance: { name: main, value: 20 } }\n\
         \x20 - { at: 2026-03-02, event_id: e, balance: { name: main, value: 5 }, commands: [ message: t ] }\n\
         \x20 - { at: 2026-03-03, event_id: e, balance: { name: main, value: 20 }, records: [ { kind: alert }, { kind: duplicate } ] }\n\
         \x20 - { at: 2026-03-04, events: [ { balance: { name: main, value: 20 } }, { balance: { name: main, value: 5 } } ],\n\
         \x20     commands: [ { message: { template: t, channel: sms, lines: [10.00], rule: low } } ], state: { fired: { low: [10.0] } } }\n",
    );
}

#[test]
fn an_event_may_be_rejected() {
    check_passes(
        "  - { at: 2026-03-01, control: { rearm: high, by: anna, role: manager, why: test }, rejected: no threshold }\n",
    );
    check_fails(
        "  - { at: 2026-03-01, control: { rearm: low }, rejected: no threshold }\n",
        1,
        "nothing was rejected",
    );
}

#[test]
fn reports_come_by_themselves_or_by_steps() {
    let manual = file_of(INVOICE).replace("  steps:", "  reports: manual\n  steps:");
    let steps = "  - { at: 2026-03-02, commands: [ message: one ] }\n\
                 \x20 - { at: 2026-03-03, report: { command: { message: one }, outcome: done }, records: [ { kind: command_reported } ] }\n";
    let run = run_text(&format!("{manual}{steps}")).unwrap();
    assert_eq!(run.failed(), 0, "{}", print(std::slice::from_ref(&run)));
    check_fails(
        "  - { at: 2026-03-03, report: { command: { task: x }, outcome: done } }\n",
        1,
        "no command that was requested",
    );
}

#[test]
fn a_test_may_start_without_a_snapshot() {
    let text = file_of(
        "  - { at: 2026-03-01, invoice: { id: B1, amount: 50, due: 2026-03-01 } }\n\
         \x20 - { at: 2026-03-03, commands: [] }\n\
         \x20 - { at: 2026-03-03T09:00, account: {}, commands: [ message: one ] }\n",
    );
    let run = run_text(&text.replace("  steps:", "  account: none\n  steps:")).unwrap();
    assert_eq!(run.failed(), 0, "{}", print(std::slice::from_ref(&run)));
}

#[test]
fn another_policy_holds_from_its_step_on() {
    check_passes(
        "  - { at: 2026-03-01, commands: [] }\n\
         \x20 - { at: 2026-03-02, policy: next.policy.yaml, records: [ { kind: segment_changed, version: 2, at: 2026-03-02 } ] }\n\
         \x20 - { at: 2026-03-03, invoice: { id: B1, amount: 50, due: 2026-03-02 }, commands: [ { message: { template: one, version: 2 } } ] }\n",
    );
}

#[test]
fn a_policy_with_a_later_date_holds_from_that_date_on_unless_another_comes_after_it() {
    let later = "  - { at: 2026-03-02, policy: later.policy.yaml }\n";
    check_passes(&format!(
        "{later}  - {{ at: 2026-03-04, balance: {{ name: main, value: 20 }} }}\n\
         \x20 - {{ at: 2026-03-05T05:59, balance: {{ name: main, value: 5 }}, commands: [ {{ message: {{ template: t, version: 1 }} }} ] }}\n\
         \x20 - {{ at: 2026-03-07, records: [ {{ kind: segment_changed, version: 3, at: 2026-03-05T06:00 }} ] }}\n\
         \x20 - {{ at: 2026-03-08, policy: next.policy.yaml, records: [ {{ kind: segment_changed, version: 2, at: 2026-03-08 }} ] }}\n"
    ));
    check_passes(&format!(
        "{later}  - {{ at: 2026-03-07, after_outage: true, records: [ {{ kind: segment_changed, version: 3, at: 2026-03-07 }} ] }}\n"
    ));
    check_fails(
        &format!(
            "{later}  - {{ at: 2026-03-05T05:59, records: [ {{ kind: segment_changed, version: 3 }} ] }}\n"
        ),
        2,
        "this one is missing",
    );
}

#[test]
fn fired_lines_are_matched_in_whatever_order() {
    let text = file_of(
        "  - { at: 2026-03-01, balance: { name: main, value: 20 } }\n\
         \x20 - { at: 2026-03-02, balance: { name: main, value: 5 }, state: { fired: { low: [10, 15] } } }\n",
    );
    let check = |fired: &str| {
        let folder = tempfile::tempdir().unwrap();
        let policy = POLICY.replace("falls_to: [10]", "falls_to: [15, 10]");
        std::fs::write(folder.path().join("p.policy.yaml"), policy).unwrap();
        let file = folder.path().join("p.tests.yaml");
        std::fs::write(&file, text.replace("[10, 15]", fired)).unwrap();
        run(&file).unwrap().failed()
    };
    assert_eq!(["[10, 15]", "[15.00, 10.0]", "[10]", "[10, 10]", "[10, 15, 5]"].map(check), [0, 0, 1, 1, 1]);
}

#[test]
fn what_takes_something_back_need_not_say_it_again() {
    check_passes(&format!(
        "{INVOICE}\
         \x20 - {{ at: 2026-03-01, adjustment: {{ id: A, invoice: B1, amount: -20 }}, state: {{ real_debt: 30 }} }}\n\
         \x20 - {{ at: 2026-03-01, adjustment: {{ id: A, undo: true }}, state: {{ real_debt: 50 }} }}\n\
         \x20 - {{ at: 2026-03-01, payment: {{ id: P, amount: 50, unconfirmed: true }}, state: {{ status: held }} }}\n\
         \x20 - {{ at: 2026-03-01, payment: {{ id: P, refused: true }}, state: {{ status: active }} }}\n"
    ));
    check_fails("  - { at: 2026-03-01, payment: { id: P } }\n", 1, "a payment says how much");
    check_fails(
        "  - { at: 2026-03-01, adjustment: { id: A, invoice: B1 } }\n",
        1,
        "an adjustment says how much",
    );
    check_fails("  - { at: 2026-03-01, adjustment: { id: A, amount: 5 } }\n", 1, "names the `invoice`");
}

#[test]
fn the_events_of_a_step_happened_when_it_says() {
    check_passes(
        "  - { at: 2026-03-05, occurred_at: 2026-03-01, events: [ { invoice: { id: B1, amount: 50, due: 2026-03-05 } } ] }\n\
         \x20 - { at: 2026-03-06, invoice: { id: B1, amount: 50, due: 2026-03-05, issued: 2026-03-05 }, records: [ { kind: duplicate } ] }\n",
    );
}

#[test]
fn a_figure_that_lists_several_is_matched_as_a_list() {
    let steps = "  - { at: 2026-03-01, balance: { name: main, value: 20 } }\n\
                 \x20 - { at: 2026-03-02, balance: { name: main, value: 5 }, records: [ { kind: alert, lines: [10.0] } ] }\n";
    check_passes(steps);
    check_fails(&steps.replace("[10.0]", "[10.0, 5.0]"), 2, "this one is missing");
}

#[test]
fn a_difference_names_its_line_and_shows_both_sides() {
    let steps =
        format!("{INVOICE}  - {{ at: 2026-03-02, commands: [ message: two ], state: {{ stage: none }} }}\n");
    let run = run_text(&file_of(&steps)).unwrap();
    let expected = "\
FAILED p.tests.yaml: a test
       p.tests.yaml:7
       commands
         expected:
           message: template two
         got:
           message: template one, channel sms, plan p, stage one  at 2026-03-02T00:00:00 (UTC)
       state
         stage: expected none, got one
0 passed, 1 failed
";
    assert_eq!(print(std::slice::from_ref(&run)), expected);
    let xml = junit(&[run]).unwrap();
    assert!(xml.contains(r#"tests="1""#) && xml.contains(r#"failures="1""#), "{xml}");
    assert!(xml.contains("p.tests.yaml:7: commands"), "{xml}");
}

#[test]
fn steps_fail_where_they_differ() {
    check_fails(
        &format!("{INVOICE}  - {{ at: 2026-03-01, state: {{ real_debt: 49.99 }} }}\n"),
        2,
        "expected 49.99, got 50.00",
    );
    let next = "state: { next: { stage: one, at: 2026-03-03 } }";
    check_fails(
        &format!("{INVOICE}  - {{ at: 2026-03-01, {next} }}\n"),
        2,
        "next.at: expected 2026-03-03T00:00:00 (UTC), got 2026-03-02",
    );
    check_fails(
        "  - { at: 2026-03-01, state: { fired: { low: [10] } } }\n",
        1,
        "expected { low: [10] }, got {  }",
    );
    check_fails("  - { at: 2026-03-01, records: [ { kind: alert } ] }\n", 1, "this one is missing");
    check_fails(&format!("{INVOICE}  - {{ at: 2026-03-01, records: [] }}\n"), 2, "expected: none");
    check_fails(
        "  - { at: 2026-03-01, invoice: { id: B, amount: 1.005, due: 2026-03-01 } }\n",
        1,
        "is no amount of EUR",
    );
    check_fails("  - { at: 2026-03-01, control: { by: anna } }\n", 1, "orders nothing");
    check_fails("  - { at: 2026-03-01, state: { debt_class: x } }\n", 1, "there is no profile `x`");
}

#[test]
fn a_wrong_file_of_tests_is_refused_at_its_place() {
    check_refused("  - { at: §March, commands: [] }\n", "is no moment");
    check_refused("  - { at: 2026-03-02 }\n  - { at: §2026-03-01 }\n", "before the one above");
    check_refused("  - { at: 2026-03-02, §invoce: {} }\n", "did you mean `invoice`?");
    check_refused("  - { at: 2026-03-02, invoice: §{ id: B } }\n", "`amount`, `due` are missing here");
    check_refused("  - { at: 2026-03-02, commands: [ §mesage: x ] }\n", "did you mean `message`?");
    check_refused(
        "  - { at: 2026-03-02, commands: [ message: { §chanel: x } ] }\n",
        "did you mean `channel`?",
    );
    check_refused(
        "  - { at: 2026-03-02, commands: [ §{ message: x, task: y } ] }\n",
        "two commands stand in one",
    );
    check_refused("  - { at: 2026-03-02, records: [ { kind: §alerts } ] }\n", "did you mean `alert`?");
    check_refused(
        "  - { at: 2026-03-02, state: { status: §closed } }\n",
        "known here: `clear`, `active`, `held`",
    );
    check_refused(
        "  - §{ at: 2026-03-02, control: { close: true }, payment: { id: P, amount: 1 } }\n",
        "several events",
    );
    check_refused("  - { at: 2026-03-02, events: [ §{ } ] }\n", "there is no event here");
    check_refused(
        "  - { at: 2026-03-02, balance: { name: main, value: 1, reason: §topup } }\n",
        "did you mean `top_up`?",
    );
}

#[test]
fn a_policy_that_is_not_there_is_said() {
    let text = file_of("  - { at: 2026-03-01, policy: other.policy.yaml }\n");
    let reports = run_text(&text).unwrap_err();
    assert_eq!(reports[0].findings[0].code, "cannot-read");
}
