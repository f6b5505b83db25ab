//! What came of tests, for people and for machines.

use super::{TestOutcome, TestRun};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::fmt::Write;

/// Tells what came of tests: a line for each, the difference where one failed, a line to sum up.
#[must_use]
pub fn print(runs: &[TestRun]) -> String {
    let mut text = String::new();
    for run in runs {
        for test in &run.tests {
            told(&mut text, run, test);
        }
    }
    let passed: usize = runs.iter().map(TestRun::passed).sum();
    let failed: usize = runs.iter().map(TestRun::failed).sum();
    text.push_str(&format!("{passed} passed, {failed} failed\n"));
    text
}

fn told(text: &mut String, run: &TestRun, test: &TestOutcome) {
    let verdict = if test.failure.is_some() { "FAILED" } else { "ok    " };
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{verdict} {}: {}", run.file, test.name);
    if let Some(failure) = &test.failure {
        let _ = writeln!(text, "       {}:{}", run.file, failure.line);
        for line in failure.difference.lines() {
            let _ = writeln!(text, "       {line}");
        }
    }
}

/// What came of tests as JUnit XML: a suite for each file.
///
/// # Errors
/// When the report cannot be written as XML.
pub fn junit(runs: &[TestRun]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("policy tests");
    for run in runs {
        let mut suite = TestSuite::new(run.file.as_str());
        for test in &run.tests {
            let status = match &test.failure {
                None => TestCaseStatus::success(),
                Some(failure) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let first = failure.difference.lines().next().unwrap_or_default();
                    status.set_message(format!("{}:{}: {first}", run.file, failure.line));
                    status.set_description(failure.difference.as_str());
                    status
                }
            };
            let mut case = TestCase::new(test.name.as_str(), status);
            case.set_classname(run.file.as_str());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// A list under its heading, a line for each item.
pub(super) fn listed(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return format!("  {heading}: none\n");
    }
    let items: String = items.iter().map(|item| format!("    {item}\n")).collect();
    format!("  {heading}:\n{items}")
}
