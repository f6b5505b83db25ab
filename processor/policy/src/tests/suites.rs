//! The suites that come with the project, and what the machinery says of wrong ones.

use super::*;

fn acceptance(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance").join(name)
}

#[track_caller]
fn check_suite(name: &str, tests: usize) {
    let run = run(&acceptance(name)).unwrap();
    assert_eq!((run.passed(), run.failed()), (tests, 0), "\n{}", print(&[run.clone()]));
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
fn the_collections_policy_is_refused_only_for_what_has_no_rules_yet() {
    let reports = run(&acceptance("collections.tests.yaml")).unwrap_err();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    for finding in report.findings.iter().filter(|finding| finding.severity == crate::Severity::Error) {
        assert_eq!(finding.code, "not-supported", "{finding:?}");
    }
    assert!(report.has_errors());
}
