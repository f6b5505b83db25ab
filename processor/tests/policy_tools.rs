//! The tools of those who write policies, as a new user runs them: init, check, test, explain, why-not, simulate.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir")).args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
fn good(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    // The frame of a report breaks its lines.
    String::from_utf8(output.stderr).unwrap().replace("\n  │ ", "").replace("\n", " ")
}

/// A folder as `init` makes it, with the events of so many accounts.
fn started(accounts: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["init", "start", "--events", "--accounts", accounts]);
    folder
}

#[test]
fn what_init_writes_passes_check_and_test_as_it_is_and_nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let told = good(folder.path(), &["init", "a/start"]);
    assert!(told.contains("weir check a/start/mobile.policy.yaml"), "{told}");
    good(folder.path(), &["check", "a/start/mobile.policy.yaml"]);
    let told = good(folder.path(), &["test", "a/start/mobile.tests.yaml"]);
    assert!(told.contains("35 passed, 0 failed"), "{told}");
    for (name, schema) in
        [("mobile.policy.yaml", "policy.schema.json"), ("mobile.tests.yaml", "tests.schema.json")]
    {
        let text = std::fs::read_to_string(folder.path().join("a/start").join(name)).unwrap();
        assert!(text.starts_with(&format!("# yaml-language-server: $schema={schema}\n")), "{name}");
        let schema = std::fs::read_to_string(folder.path().join("a/start").join(schema)).unwrap();
        assert!(serde_json::from_str::<Value>(&schema).unwrap().is_object());
    }
    std::fs::write(folder.path().join("a/start/mobile.policy.yaml"), "mine").unwrap();
    let told = refused(folder.path(), &["init", "a/start"]);
    assert!(told.contains("nothing is written over"), "{told}");
    assert_eq!(std::fs::read_to_string(folder.path().join("a/start/mobile.policy.yaml")).unwrap(), "mine");
}

#[test]
fn a_life_of_the_starters_events_is_explained_as_a_table_and_as_json() {
    let folder = started("200");
    let explain = |more: &[&str]| {
        good(folder.path(), &[&["explain", "start/mobile.policy.yaml", "start/events.jsonl"], more].concat())
    };
    let json = |account: &str| -> Value {
        serde_json::from_str(&explain(&["--account", account, "--output", "json", "--until", "2027-03-01"]))
            .unwrap()
    };
    let barred = (1..=200).map(|number| format!("A-{number:07}")).find(|account| {
        json(account)["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["commands"].to_string().contains("bar_outgoing"))
    });
    let account = barred.expect("one of two hundred is barred in a year");
    let story = json(&account);
    assert_eq!(
        (story["debtor_id"].as_str(), story["time_zone"].as_str()),
        (Some(account.as_str()), Some("UTC"))
    );
    assert_eq!(story["end"]["local"], "2027-03-01 00:00");
    let table = explain(&["--account", &account]);
    for part in ["when", "invoice B-A-", "reminder by", "bar_outgoing", "stage entered: its time has come"] {
        assert!(table.contains(part), "«{part}» is missing:\n{table}");
    }
}

#[test]
fn explain_says_what_it_needs() {
    let folder = started("3");
    let explain = |more: &[&str]| {
        refused(
            folder.path(),
            &[&["explain", "start/mobile.policy.yaml", "start/events.jsonl"], more].concat(),
        )
    };
    let told = explain(&[]);
    assert!(
        told.contains("several accounts: A-0000001, A-0000002, A-0000003")
            && told.contains("--account A-0000001"),
        "{told}"
    );
    let told = explain(&["--account", "A-9"]);
    assert!(told.contains("no event of A-9"), "{told}");
    let told = explain(&["--account", "A-0000001", "--until", "soon"]);
    assert!(told.contains("«soon» is no moment"), "{told}");
    let told = refused(folder.path(), &["explain", "start/mobile.policy.yaml", "absent.jsonl"]);
    assert!(told.contains("absent.jsonl"), "{told}");
    let told = refused(folder.path(), &["explain", "start/mobile.tests.yaml", "start/events.jsonl"]);
    assert!(told.contains("mobile.tests.yaml"), "{told}");
}

/// A prepaid account whose balance is still above every line, and a postpaid one with an invoice past its due date.
const TWO_ACCOUNTS: &str = r#"{"event":"account","account_id":"P","occurred_at":"2026-03-01T09:00:00Z","payment_mode":"prepaid","contacts":{"sms":"+1"}}
{"event":"balance","account_id":"P","occurred_at":"2026-03-01T10:00:00Z","name":"main","value":900,"currency":"USD"}
{"event":"account","account_id":"Q","occurred_at":"2026-03-01T09:00:00Z","payment_mode":"postpaid"}
{"event":"invoice","account_id":"Q","occurred_at":"2026-03-01T09:00:00Z","invoice_id":"B1","amount":12000,"currency":"USD","issued":"2026-03-01","due":"2026-03-10"}
"#;

/// The starter's policy, and the events of two accounts beside it.
fn with_two_accounts() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["init", "start"]);
    std::fs::write(folder.path().join("events.jsonl"), TWO_ACCOUNTS).unwrap();
    folder
}

const WHY_NOT: [&str; 3] = ["why-not", "start/mobile.policy.yaml", "events.jsonl"];

#[test]
fn why_a_threshold_or_a_stage_has_not_acted_is_said_as_text_and_as_json() {
    let folder = with_two_accounts();
    let why_not = |more: &[&str]| good(folder.path(), &[&WHY_NOT[..], more].concat());
    let told = why_not(&["--account", "P", "--rule", "low-balance"]);
    assert_eq!(
        told,
        "P, rule low-balance, at 2026-03-01 10:00, times in UTC
  line 5.00 is not reached: the balance is 9.00
      what changes it: the balance at 5.00 or below
  line 2.00 is not reached: the balance is 9.00
      what changes it: the balance at 2.00 or below
"
    );
    let told = why_not(&["--account", "Q", "--rule", "low-balance"]);
    assert!(told.contains("account.payment_mode == \"prepaid\" does not hold"), "{told}");
    let asked = ["--account", "Q", "--stage", "bar", "--until", "2026-03-30", "--output", "json"];
    let told: Value = serde_json::from_str(&why_not(&asked)).unwrap();
    let part = &told["parts"][0];
    assert_eq!((part["debt_class"].as_str(), part["cycle"]["stage"].as_str()), (Some("all"), Some("letter")));
    let found: Vec<_> =
        part["findings"].as_array().unwrap().iter().map(|found| found["finding"].as_str().unwrap()).collect();
    assert_eq!(found, ["age", "notice_runs", "window_shut", "due"]);
    // The due time is the one by which the same life is barred.
    let due = part["findings"][3]["when"]["at"].as_str().unwrap();
    let explained = ["explain", "start/mobile.policy.yaml", "events.jsonl", "--account", "Q", "--until", due];
    let story: Value =
        serde_json::from_str(&good(folder.path(), &[&explained[..], &["--output", "json"]].concat()))
            .unwrap();
    let last = story["rows"].as_array().unwrap().last().unwrap();
    assert_eq!(last["at"].as_str(), Some(due));
    assert!(last["commands"].to_string().contains("bar_outgoing"), "{last}");
}

#[test]
fn why_not_is_asked_of_the_reports_that_came_where_there_are_any() {
    let folder = with_two_accounts();
    let report = r#"{"event":"report","account_id":"Q","occurred_at":"2026-03-02T09:00:00Z","command_id":"00112233445566778899aabbccddeeff","outcome":"done"}"#;
    std::fs::write(folder.path().join("events.jsonl"), format!("{TWO_ACCOUNTS}{report}\n")).unwrap();
    let asked = ["--account", "Q", "--stage", "bar", "--until", "2026-04-30"];
    let why_not = |more: &[&str]| good(folder.path(), &[&WHY_NOT[..], &asked, more].concat());
    let told = why_not(&[]);
    assert!(told.contains("bar asks for the notice of letter, which was not delivered"), "{told}");
    let told = why_not(&["--reports", "auto"]);
    assert!(told.contains("it has acted: the stage was entered"), "{told}");
}

#[test]
fn why_not_says_what_it_needs_and_which_names_there_are() {
    let folder = with_two_accounts();
    let why_not = |more: &[&str]| refused(folder.path(), &[&WHY_NOT[..], &["--account", "P"], more].concat());
    let told = why_not(&["--rule", "low-balanse"]);
    assert!(
        told.contains("no threshold `low-balanse`")
            && told.contains("the nearest first: low-balance, empty-balance"),
        "{told}"
    );
    let told = why_not(&["--stage", "suspended", "--plan", "standard"]);
    assert!(
        told.contains("`standard` has no stage `suspended`") && told.contains("first: suspend,"),
        "{told}"
    );
    let told = why_not(&["--stage", "bar", "--debt-class", "everything"]);
    assert!(told.contains("«everything» is no debt class"), "{told}");
    let told = why_not(&[]);
    assert!(told.contains("--rule <ID>|--stage <NAME>"), "{told}");
    let told = why_not(&["--rule", "low-balance", "--stage", "bar"]);
    assert!(told.contains("cannot be used with"), "{told}");
}

#[test]
fn events_come_by_the_standard_input_as_well() {
    let folder = started("1");
    let events = std::fs::read(folder.path().join("start/events.jsonl")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["explain", "start/mobile.policy.yaml", "-"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&events).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success()
            && String::from_utf8_lossy(&output.stdout).contains("A-0000001, times in UTC")
    );
}

#[test]
fn a_year_is_simulated_and_two_policies_are_held_against_each_other() {
    let folder = started("400");
    let policy = std::fs::read_to_string(folder.path().join("start/mobile.policy.yaml")).unwrap();
    let later = policy.replacen(
        "      - stage: bar\n        after: 30d",
        "      - stage: bar\n        after: 44d",
        1,
    );
    assert_ne!(policy, later);
    std::fs::write(folder.path().join("start/later.policy.yaml"), later).unwrap();
    let simulate = |more: &[&str]| {
        let events = ["--events", "start/events.jsonl", "--until", "2027-03-01"];
        good(
            folder.path(),
            &[&["simulate", "--policy", "start/later.policy.yaml"], &events[..], more].concat(),
        )
    };
    let json: Value = serde_json::from_str(&simulate(&["--output", "json"])).unwrap();
    assert_eq!(json["accounts"], 400);
    let messages = json["messages"].as_array().unwrap().iter().filter(|row| row["template"] == "reminder");
    let reminders: u64 = messages.map(|row| row["tried"].as_u64().unwrap()).sum();
    assert!(reminders > 100, "{reminders} reminders");
    for section in
        ["alerts", "tasks", "operations", "recovered_by_stage", "recovered_by_segment", "days", "debt_by_age"]
    {
        assert!(!json[section].as_array().unwrap().is_empty(), "{section} is empty");
    }
    let against = ["--against", "start/mobile.policy.yaml", "--csv", "differ.csv", "--html", "report.html"];
    let table = simulate(&against);
    assert!(table.contains("with another outcome: ") && table.contains("difference"), "{table}");
    let json: Value =
        serde_json::from_str(&simulate(&[&against[..], &["--output", "json"]].concat())).unwrap();
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for part in ["Plan standard", "Plan gentle", "<polygon", "<polyline", "against"] {
        assert!(page.contains(part), "«{part}» is missing");
    }
    // It needs nothing else: no script, no font, no picture from anywhere.
    for part in ["<script", "<link", "<img", "http://", "https://", "url("] {
        assert!(!page.contains(part), "«{part}» is there");
    }
    let csv = std::fs::read_to_string(folder.path().join("differ.csv")).unwrap();
    let differing = csv.lines().count() - 1;
    assert_eq!(json["accounts_differing"], differing);
    assert!(differing > 0 && differing < 100, "{differing} of 400 differ");
    let cut_off = |side: &str| {
        let totals = json["totals"].as_array().unwrap();
        totals.iter().find(|row| row["what"] == "accounts cut off").unwrap()[side].as_u64().unwrap()
    };
    assert!(cut_off("tried") < cut_off("against"), "a later bar cuts fewer off");
}

#[test]
fn a_line_that_cannot_be_read_ends_a_simulation_with_its_place() {
    let folder = started("2");
    let events = folder.path().join("start/events.jsonl");
    let good = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, good.replacen("\"amount\":", "\"ammount\":", 1)).unwrap();
    let simulate = [
        "simulate",
        "--policy",
        "start/mobile.policy.yaml",
        "--events",
        "start/events.jsonl",
        "--until",
        "2027-01-01",
    ];
    let told = refused(folder.path(), &simulate);
    assert!(told.contains("1 event cannot be read") && told.contains("start/events.jsonl:"), "{told}");
    assert!(told.contains("--skip-faulty"), "{told}");
    let explain = ["explain", "start/mobile.policy.yaml", "start/events.jsonl", "--account", "A-0000001"];
    let told = refused(folder.path(), &explain);
    assert!(told.contains("1 event cannot be read") && told.contains("--skip-faulty"), "{told}");
    let output = run(folder.path(), &[&explain[..], &["--skip-faulty"]].concat());
    assert!(
        output.status.success()
            && String::from_utf8_lossy(&output.stderr).starts_with("passed over, 1 event")
    );
    let output = run(folder.path(), &[&simulate[..], &["--skip-faulty"]].concat());
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 event passed over"));
}

#[test]
fn what_changes_between_two_policies_is_said_in_words_with_the_groups_concerned() {
    let folder = started("1");
    let policy = std::fs::read_to_string(folder.path().join("start/mobile.policy.yaml")).unwrap();
    let later = policy.replacen(
        "      - stage: bar\n        after: 30d",
        "      - stage: bar\n        after: 44d",
        1,
    );
    std::fs::write(folder.path().join("later.policy.yaml"), later).unwrap();
    let diff = |new: &str, more: &[&str]| {
        good(folder.path(), &[&["policy", "diff", "start/mobile.policy.yaml", new], more].concat())
    };
    let told = diff("later.policy.yaml", &[]);
    assert_eq!(told, "plan standard, stage bar: after 30d → 44d (groups: business, consumers)\n");
    let json: Value = serde_json::from_str(&diff("later.policy.yaml", &["--output", "json"])).unwrap();
    assert_eq!(json["changes"][0]["groups"], serde_json::json!(["business", "consumers"]));
    assert_eq!(diff("start/mobile.policy.yaml", &[]), "mobile 1 and mobile 1 say the same\n");
    std::fs::write(folder.path().join("bad.policy.yaml"), "policy: [").unwrap();
    let told = refused(folder.path(), &["policy", "diff", "start/mobile.policy.yaml", "bad.policy.yaml"]);
    assert!(told.contains("bad.policy.yaml"), "{told}");
}
