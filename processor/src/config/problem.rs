//! What is wrong with a configuration: where, what, and what would be right.

use super::secret::{is_secret, masked};
use miette::{Diagnostic, NamedSource, SourceSpan};
use std::ops::Range;
use std::path::Path;

/// How serde begins to tell of a key that there is not.
const UNKNOWN: &str = "unknown field";

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{place}: {message}")]
pub(crate) struct ConfigProblem {
    place: String,
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: Option<NamedSource<String>>,
    #[label("here")]
    span: Option<SourceSpan>,
}

impl ConfigProblem {
    fn plain(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), help: None, source_code: None, span: None }
    }

    /// What a place in a file says, and what would be right.
    pub(super) fn at(path: &Path, text: &str, span: Range<usize>, message: &str, help: &str) -> Box<Self> {
        let name = path.display().to_string();
        Box::new(Self {
            place: format!("{name}:{}", line_of(text, span.start)),
            message: message.to_owned(),
            help: Some(help.to_owned()),
            source_code: Some(NamedSource::new(name, masked(text, None))),
            span: Some((span.start, span.len()).into()),
        })
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Box<Self> {
        let mut problem = Self::plain(path.display().to_string(), format!("cannot be read: {error}"));
        problem.help = Some("name the file with --config FILE".to_owned());
        Box::new(problem)
    }

    /// A value that is well-formed and makes no sense.
    pub(super) fn value(key: &str, message: &str) -> Box<Self> {
        Box::new(Self::plain(key, message))
    }

    /// The same, with what would be right.
    pub(super) fn helped(mut self: Box<Self>, help: &str) -> Box<Self> {
        self.help = Some(help.to_owned());
        self
    }

    /// The same, told of its file.
    pub(super) fn in_file(mut self: Box<Self>, path: &Path, text: &str) -> Box<Self> {
        self.place = format!("{}: {}", path.display(), self.place);
        self.source_code = Some(NamedSource::new(path.display().to_string(), masked(text, None)));
        self
    }

    pub(super) fn in_toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span();
        let line = span.as_ref().map(|span| line_of(text, span.start));
        let place = match line {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        };
        let unknown = span.as_ref().filter(|_| error.message().starts_with(UNKNOWN)).map(|span| span.end);
        Self {
            place,
            message: error.message().to_owned(),
            help: suggestion(error.message()),
            source_code: Some(NamedSource::new(path.display().to_string(), masked(text, unknown))),
            span: span.map(|span| (span.start, span.len()).into()),
        }
    }

    /// Two variables that set the same key: which one holds would be chance.
    pub(super) fn two_variables(one: &str, other: &str, key: &str) -> Box<Self> {
        let mut names = [one, other];
        names.sort_unstable();
        let [one, other] = names;
        let problem = Box::new(Self::plain(one, format!("sets `{key}`, and so does {other}")));
        problem.helped("keep one of the two")
    }

    pub(super) fn in_variable(name: &str, value: &str, message: &str) -> Self {
        // Where the name is at fault the value says nothing; and it may be a secret, misspelt.
        let is_told = !is_secret(name) && !message.starts_with(UNKNOWN);
        let what = if is_told { format!("«{value}» does not fit") } else { "does not fit".to_owned() };
        let mut problem = Self::plain(name, format!("{what}: {message}"));
        problem.help = suggestion(message);
        problem
    }
}

/// The line of a place, from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// «did you mean», from serde's own words: unknown field `x`, expected one of `y`, `z`.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    if !message.starts_with("unknown") {
        return None;
    }
    let close = quoted.map(|known| (strsim::jaro_winkler(wrong, known), known));
    let (nearness, best) = close.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearness > 0.75).then(|| format!("did you mean `{best}`?"))
}
