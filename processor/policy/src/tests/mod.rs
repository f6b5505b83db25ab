//! Policy tests: whole lives of an account, written in YAML and played in virtual time.
//!
//! [`run`] plays a file; [`print()`] and [`junit`] tell what came of it. What an event does is
//! `decision`'s business.

mod checks;
mod clock;
mod compare;
mod convert;
mod file;
mod happenings;
mod output;
mod play;
mod words;

pub use output::{junit, print};

use crate::report::{Finding, PolicyReport};
use crate::yaml;
use decision::Policy;
use decision::record::Record;
use file::TestFile;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What came of a file of tests.
#[derive(Clone, Debug)]
pub struct TestRun {
    /// The file's name.
    pub file: String,
    /// What came of each test, in the file's order.
    pub tests: Vec<TestOutcome>,
}

/// What came of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// The line it starts in.
    pub line: usize,
    /// Where and how it failed; it passed where there is none.
    pub failure: Option<Failure>,
}

/// Where a test failed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of the step.
    pub line: usize,
    /// What was expected and what came instead, in lines.
    pub difference: String,
}

impl TestRun {
    /// How many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tests.len() - self.failed()
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| test.failure.is_some()).count()
    }
}

/// Plays the tests of the file at `path`. The policies it names are looked for beside it.
///
/// # Errors
/// All that is wrong with the file, or with the policies it names: a report for each.
pub fn run(path: &Path) -> Result<TestRun, Vec<PolicyReport>> {
    let name = path.display().to_string();
    let text = crate::read(&name, path).map_err(|report| vec![report])?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = parse(&name, &text).map_err(|report| vec![report])?;
    let policies = PolicyFiles::of(&file, folder)?;
    let tests = file.tests.iter().map(|test| play::play(&file, test, &policies)).collect();
    Ok(TestRun { file: name, tests })
}

/// What is decided while the tests of a file are played: the history of all of them. For those who hold that whatever
/// is decided can be told.
///
/// # Errors
/// As [`run`].
pub fn records(path: &Path) -> Result<Vec<Record>, Vec<PolicyReport>> {
    let name = path.display().to_string();
    let text = crate::read(&name, path).map_err(|report| vec![report])?;
    let file = parse(&name, &text).map_err(|report| vec![report])?;
    let policies = PolicyFiles::of(&file, path.parent().unwrap_or(Path::new("")))?;
    Ok(file.tests.iter().flat_map(|test| play::records(&file, test, &policies)).collect())
}

/// The JSON Schema of files of tests, from which editors complete.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    file::json_schema()
}

/// Reads a file of tests, and says all that is wrong with it.
fn parse(name: &str, text: &str) -> Result<TestFile, PolicyReport> {
    let (tree, mut findings) = yaml::load(text);
    let file = tree.and_then(|mut tree| yaml::read::<TestFile>(&mut tree, file::required(), &mut findings));
    if let Some(file) = &file {
        findings.extend(file::out_of_order(file));
    }
    match file {
        Some(file) if findings.is_empty() => Ok(file),
        _ => Err(PolicyReport::new(name, text.into(), findings)),
    }
}

/// The policies of a file of tests, by the names it gives them.
#[derive(Debug)]
struct PolicyFiles<'a> {
    folder: &'a Path,
    checked: BTreeMap<String, Arc<Policy>>,
}

impl<'a> PolicyFiles<'a> {
    /// Reads them all.
    ///
    /// # Errors
    /// All that is wrong with them: a report for each that is wrong.
    fn of(file: &TestFile, folder: &'a Path) -> Result<Self, Vec<PolicyReport>> {
        let mut checked = BTreeMap::new();
        let mut reports = Vec::new();
        for name in file.policies() {
            if checked.contains_key(name) {
                continue;
            }
            match crate::load(&folder.join(name)) {
                Ok(found) => {
                    checked.insert(name.to_owned(), found.policy);
                }
                Err(report) => reports.push(report),
            }
        }
        if reports.is_empty() { Ok(Self { folder, checked }) } else { Err(reports) }
    }

    /// The policy that a test starts under.
    fn first(&self, name: &str) -> Option<&Arc<Policy>> {
        self.checked.get(name)
    }

    /// A policy that comes later, read anew: the test decides from when it holds.
    ///
    /// # Errors
    /// When the file has changed under the test.
    fn another(&self, name: &str) -> Result<Policy, String> {
        let loaded = crate::load(&self.folder.join(name)).map_err(|report| report.to_string())?;
        Arc::into_inner(loaded.policy).ok_or_else(|| format!("the policy {name} is in use"))
    }
}

/// A finding of a file of tests.
fn finding(span: crate::Span, message: impl Into<String>, help: &str) -> Finding {
    Finding::error("wrong-value", span, message).with_help(help)
}

#[cfg(test)]
mod orders;
#[cfg(test)]
#[cfg(test)]
mod suites;
