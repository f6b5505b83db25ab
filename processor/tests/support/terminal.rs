//! Terminal text of the manuals: the commands of a page, run one after the other, with what they say held against
//! what stands there.

use std::path::Path;
use std::process::Command;

/// A command as a page has it, and what it says there.
pub struct Step {
    pub command: String,
    pub told: Vec<String>,
    /// Whether it needs a cluster: its block is marked so.
    pub needs_cluster: bool,
}

/// The steps in the blocks of terminal text of a page.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = None;
    for line in page.lines() {
        match (inside, line) {
            (None, "```console") => inside = Some(false),
            (None, "```console cluster") => inside = Some(true),
            (Some(_), "```") => inside = None,
            (Some(needs_cluster), line) => match line.strip_prefix("$ ") {
                Some(command) => {
                    steps.push(Step { command: command.to_owned(), told: Vec::new(), needs_cluster });
                }
                None => steps.last_mut().unwrap().told.push(line.to_owned()),
            },
            (None, _) => {}
        }
    }
    steps
}

/// Whether what was said is what the page says, whatever stands where it leaves lines out, or a part of one.
pub fn is_told(told: &[String], said: &[&str]) -> bool {
    let Some((first, rest)) = told.split_first() else { return said.is_empty() };
    if first == "…" {
        return (0..=said.len()).any(|left_out| is_told(rest, &said[left_out..]));
    }
    said.split_first().is_some_and(|(next, others)| is_line(first, next) && is_told(rest, others))
}

fn is_line(told: &str, said: &str) -> bool {
    let Some((before, after)) = told.split_once('…') else { return told == said };
    said.strip_prefix(before).is_some_and(|rest| {
        rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_line(after, &rest[at..]))
    })
}

/// Runs a step in a folder.
#[track_caller]
pub fn run(step: &Step, folder: &Path) {
    let Step { command, told, .. } = step;
    let binaries = Path::new(env!("CARGO_BIN_EXE_weir")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output =
        Command::new("bash").args(["-c", command]).current_dir(folder).env("PATH", &path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = said.lines().collect();
    assert!(
        is_told(told, &said),
        "$ {command}\nsays, and the page says something else:\n{}\n{}",
        said.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
}
