//! The page of the rules, docs/rules.md, is true: its examples pass, and its tables leave nothing out.
//!
//! Whether its sentences are true, only a reader can say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use decision::record::RecordKind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/rules.md")).unwrap()
}

/// The fenced blocks of YAML, each with the file's name that its first line gives.
fn examples(page: &str) -> Vec<(&str, &str)> {
    let blocks = page.split("\n```yaml\n").skip(1).map(|rest| rest.split("\n```\n").next().unwrap());
    let named = |block| {
        let first = str::lines(block).next().unwrap();
        (first.strip_prefix("# ").unwrap_or_else(|| panic!("«{first}» is no file's name")), block)
    };
    blocks.map(named).collect()
}

/// What is wrong with the examples of a page, written beside each other into one folder.
fn faults(page: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let examples = examples(page);
    for (name, text) in &examples {
        assert!(!folder.path().join(name).exists(), "{name} is there twice");
        std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap();
    }
    let (mut found, mut policies, mut tested) = (Vec::new(), BTreeSet::new(), String::new());
    for (name, text) in examples {
        let path = folder.path().join(name);
        if name.ends_with(".policy.yaml") {
            policies.insert(name);
            match policy::load(&path) {
                Ok(loaded) => found.extend(loaded.warnings.map(|report| report.to_string())),
                Err(report) => found.push(format!("{name}: {report}: {:#?}", report.findings)),
            }
        } else if name.ends_with(".tests.yaml") {
            tested.push_str(text);
            match policy::tests::run(&path) {
                Ok(run) if run.passed() == 0 => found.push(format!("{name} tests nothing")),
                Ok(run) if run.failed() > 0 => found.push(policy::tests::print(&[run])),
                Ok(_) => {}
                Err(reports) => found.push(format!("{name}: {reports:#?}")),
            }
        } else {
            found.push(format!("{name} is neither a policy nor its tests"));
        }
    }
    let untested = policies.iter().filter(|name| !tested.contains(**name));
    found.extend(untested.map(|name| format!("nothing tests {name}")));
    if policies.is_empty() {
        found.push("there is no example".to_owned());
    }
    found
}

#[test]
fn every_example_is_a_good_policy_and_passes_its_tests() {
    let found = faults(&page());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_example_that_is_wrong_or_absent_is_found_out() {
    let page = page();
    let rows = [
        ("```yaml", "```yml", "there is no example"),
        ("hysteresis: 500.00", "hysteresis: 400.00", "balances.tests.yaml: the first value"),
        ("class: service } } ]\n    recovered", "class: x } } ]\n    recovered", "balances.policy.yaml"),
        (
            "  thanks: { en",
            "  spare: { en: Spare }\n  thanks: { en",
            "stages.policy.yaml: 0 errors, 1 warning",
        ),
        ("policy: money.policy.yaml", "policy: stages.policy.yaml", "nothing tests money.policy.yaml"),
    ];
    for (right, wrong, told) in rows {
        assert!(page.contains(right), "{right} is not on the page");
        let found = faults(&page.replace(right, wrong)).join("\n");
        assert!(found.contains(told), "{right} → {wrong}\n{found}");
    }
}

/// The words that stand in code letters in the first columns of the tables of a section.
fn told(section: &str) -> BTreeSet<String> {
    let page = page();
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let lines = rest.split("\n## ").next().unwrap().lines();
    let firsts = lines.filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    firsts.flat_map(|first| first.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[track_caller]
fn check_told(section: &str, words: impl IntoIterator<Item = String>) {
    let told = told(section);
    let words: BTreeSet<String> = words.into_iter().collect();
    assert!(words.len() > 10, "only {words:?} were asked for");
    let untold: Vec<&String> = words.difference(&told).collect();
    assert!(untold.is_empty(), "«{section}» has no row for {untold:?}");
}

#[test]
fn every_kind_of_record_has_its_row() {
    check_told("Records", RecordKind::ALL.iter().map(|kind| kind.as_str().to_owned()));
}

#[test]
fn every_code_of_a_rejection_has_its_row() {
    let source = std::fs::read_to_string(root().join("processor/decision/src/rejection.rs")).unwrap();
    let codes = source.lines().filter(|line| line.contains("Self::"));
    let codes = codes.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
    check_told("Rejections", codes.map(str::to_owned));
}

/// All names of fields that the JSON Schema of a policy knows.
fn fields(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(members) => {
            if let Some(serde_json::Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| fields(member, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[test]
fn every_field_of_a_policy_has_its_row() {
    let mut found = BTreeSet::new();
    fields(&policy::json_schema(), &mut found);
    check_told("All fields", found);
}
