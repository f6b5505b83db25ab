//! The scenarios: the rules of the domain, each told as a life of an account and played.
//!
//! Every `*.tests.yaml` of the folder `scenarios` is run; a new one needs no line here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use policy::tests::{TestRun, print, run};
use policy::{Finding, PolicyReport};
use std::path::{Path, PathBuf};

/// The files of tests in the folder, by name.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(".tests.yaml")).collect();
    files.sort();
    files
}

/// Plays a file; one that cannot be played is told as its findings.
fn played(file: &Path) -> Result<TestRun, String> {
    let told = |finding: &Finding| format!("line {}: {}\n", finding.span.line, finding.message);
    let all_of = |report: &PolicyReport| report.findings.iter().map(told).collect::<String>();
    run(file)
        .map_err(|reports| format!("{}:\n{}", file.display(), reports.iter().map(all_of).collect::<String>()))
}

#[test]
fn every_scenario_passes() {
    let files = files();
    assert!(!files.is_empty(), "there are no scenarios");
    let mut differences = String::new();
    for file in files {
        match played(&file) {
            Ok(run) if run.tests.is_empty() => differences += &format!("{}: no tests\n", file.display()),
            Ok(run) if run.failed() == 0 => {}
            Ok(mut run) => {
                run.tests.retain(|test| test.failure.is_some());
                differences += &print(&[run]);
            }
            Err(findings) => differences += &findings,
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}
