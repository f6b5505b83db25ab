//! The policy file: reading it, checking it, and testing it.
//!
//! [`load`] and [`parse`] give the policy that the core decides by, or a [`PolicyReport`] with all
//! that is wrong; [`tests`] runs the scenarios that people write for it. What the rules do is
//! `decision`'s business.
//!
//! | module | holds |
//! |---|---|
//! | `yaml` | text to tree to typed values, each with its place; all faults of shape in one run |
//! | `file` | what a file may say |
//! | `compile` | what it means: names, order, amounts; the lint |
//! | `condition`, `texts` | CEL conditions and message templates, compiled |
//! | `files`, `ics` | the files beside a policy: calendars of holidays |
//! | `identity` | the hash of a policy's content |
//! | [`difference`] | what changes from one policy to another, in words |
//! | [`words`] | the words for what a policy says |
//! | [`starter`] | the files that a new user begins with |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod compile;
mod condition;
pub mod difference;
mod file;
mod files;
mod ics;
mod identity;
mod report;
pub mod starter;
mod suggest;
pub mod tests;
mod texts;
pub mod words;
mod yaml;

pub use files::ReadFile;
pub use report::{Finding, PolicyReport, Severity, Span};

use decision::Policy;
use files::Files;
use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A policy that may be used.
#[derive(Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Arc<Policy>,
    /// What someone should look at, where there is such.
    pub warnings: Option<PolicyReport>,
}

/// Reads the policy file at `path`, and the files beside it that it names.
///
/// # Errors
/// All that is wrong with the file, each with its place.
pub fn load(path: &Path) -> Result<Loaded, PolicyReport> {
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    parse_with(&name, &read(&name, path)?, &|beside| std::fs::read_to_string(folder.join(beside)))
}

/// What a policy is made of: its file, and those that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The file's name, without its folder.
    pub file: String,
    /// What it says.
    pub text: String,
    /// The files that it names, each with what it says.
    pub beside: Vec<(String, String)>,
}

impl Texts {
    /// Reads the policy that these are; of the files that it names there are no others.
    ///
    /// # Errors
    /// All that is wrong with the text, each with its place.
    pub fn read(&self) -> Result<Loaded, PolicyReport> {
        let absent = || io::Error::new(io::ErrorKind::NotFound, "it was not published with the policy");
        let beside = |name: &str| {
            let found = self.beside.iter().find(|(known, _)| known == name);
            found.map(|(_, text)| text.clone()).ok_or_else(absent)
        };
        parse_with(&self.file, &self.text, &beside)
    }
}

/// Reads the policy file at `path` as [`load`] does, with the texts that it is made of.
///
/// # Errors
/// All that is wrong with the file, each with its place.
pub fn load_with_texts(path: &Path) -> Result<(Loaded, Texts), PolicyReport> {
    let name = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = read(&name, path)?;
    let beside = RefCell::new(Vec::new());
    let loaded = parse_with(&name, &text, &|file| {
        let text = std::fs::read_to_string(folder.join(file))?;
        beside.borrow_mut().push((file.to_owned(), text.clone()));
        Ok(text)
    })?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((loaded, Texts { file, text, beside: beside.into_inner() }))
}

/// Reads a policy from text that names no other files; `name` is the file's, for the report.
///
/// # Errors
/// All that is wrong with the text, each with its place.
pub fn parse(name: &str, text: &str) -> Result<Loaded, PolicyReport> {
    let no_folder = || io::Error::other("the policy is not read from a folder");
    parse_with(name, text, &|_| Err(no_folder()))
}

/// Reads a policy from text; `files` gives the texts of the files that it names.
///
/// # Errors
/// All that is wrong with the text, each with its place.
pub fn parse_with(name: &str, text: &str, files: ReadFile<'_>) -> Result<Loaded, PolicyReport> {
    let (tree, mut findings) = yaml::load(text);
    let policy = tree.and_then(|tree| compiled(tree, text, files, &mut findings));
    let report = PolicyReport::new(name, text.into(), findings);
    match policy {
        Some(policy) if !report.has_errors() => {
            let warnings = (!report.findings.is_empty()).then_some(report);
            Ok(Loaded { policy: Arc::new(policy), warnings })
        }
        _ => Err(report),
    }
}

fn compiled(
    mut tree: yaml::Node,
    text: &str,
    read: ReadFile<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Policy> {
    let names = compile::Names::of(&tree);
    let file: file::PolicyFile = yaml::read(&mut tree, file::required(), findings)?;
    let calendars = file.calendars.iter().filter_map(|(_, calendar)| calendar.ics.as_ref());
    let files = Files::read(calendars.map(|name| name.as_str()), read);
    // Where something wrong was taken out of the tree, no policy is handed out, and no hash either.
    let hash = identity::hash(&tree, &files);
    let source = compile::Source { names: &names, text, files: &files };
    let (policy, found) = compile::compile(&file, source, hash, tree.is_damaged());
    findings.extend(found);
    policy
}

/// The text of a file, or a report that says why there is none.
fn read(name: &str, path: &Path) -> Result<String, PolicyReport> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the file cannot be read: {error}");
        PolicyReport::new(name, "".into(), vec![Finding::error("cannot-read", Span::START, message)])
    })
}

/// The JSON Schema of policy files, from which editors complete.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    file::json_schema()
}
