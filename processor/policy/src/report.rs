//! What is said of a file: findings, each with its place, and the report that holds them all.
//!
//! What is looked for is the business of `yaml` (shape) and `compile` (meaning).

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// Its first byte, from 0.
    pub start: usize,
    /// How many bytes it takes.
    pub length: usize,
}

impl Span {
    /// The start of a file, for what has no place in it.
    pub const START: Self = Self { line: 1, column: 1, start: 0, length: 0 };
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// The file is taken; someone should look.
    Warning,
}

/// What is wrong at one place, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Its kind, stable, for programs.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub span: Span,
}

impl Finding {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), help: None, span }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// The same finding, saying what would be right.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same finding, saying what would be right where that is known.
    #[must_use]
    pub fn with_help_if(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Finding {}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new(None, self.span.start, self.span.length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// All that is said of one file.
#[derive(Clone, Debug)]
pub struct PolicyReport {
    /// The findings, in the order of their places.
    pub findings: Vec<Finding>,
    source: NamedSource<Arc<str>>,
}

impl PolicyReport {
    /// The report on a file of this name and text.
    #[must_use]
    pub fn new(file: &str, text: Arc<str>, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.span);
        findings.dedup();
        Self { findings, source: NamedSource::new(file, text) }
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// Whether the file must not be taken.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The report for programs: an object with the file and its findings, each with line and column.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "file": self.file(), "findings": self.findings })
    }
}

impl fmt::Display for PolicyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |severity| self.findings.iter().filter(|one| one.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        write!(f, "{}: {errors} {}", self.file(), plural(errors, "error"))?;
        if warnings > 0 {
            write!(f, ", {warnings} {}", plural(warnings, "warning"))?;
        }
        Ok(())
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

impl std::error::Error for PolicyReport {}

impl Diagnostic for PolicyReport {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(if self.has_errors() { miette::Severity::Error } else { miette::Severity::Warning })
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.findings.iter().map(|finding| finding as &dyn Diagnostic)))
    }
}
