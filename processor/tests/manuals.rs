//! The terminal text of the manuals is what the binary says: each command of a page is run, one after the other,
//! and its output held against what stands there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// A command as a page has it, and what it says there; `…` stands for lines that are left out.
struct Step {
    command: String,
    told: Vec<String>,
}

/// The steps in the blocks of terminal text of a page.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line == "```console" || (is_inside && line == "```") {
            is_inside = line != "```";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| is_inside) {
            steps.push(Step { command: command.to_owned(), told: Vec::new() });
        } else if is_inside {
            steps.last_mut().unwrap().told.push(line.to_owned());
        }
    }
    steps
}

/// Whether what was said is what the page says, whatever stands where it leaves lines out.
fn is_told(told: &[String], said: &[&str]) -> bool {
    let Some((first, rest)) = told.split_first() else { return said.is_empty() };
    if first == "…" {
        return (0..=said.len()).any(|left_out| is_told(rest, &said[left_out..]));
    }
    said.split_first().is_some_and(|(next, others)| next == first && is_told(rest, others))
}

#[test]
fn the_day_of_a_manager_goes_as_the_page_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/policy-work.md")).unwrap();
    let steps = steps(&page);
    assert!(steps.len() > 8, "the page has {} commands", steps.len());
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_weir")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    for Step { command, told } in steps {
        let output = Command::new("bash")
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let said: Vec<_> = said.lines().collect();
        assert!(
            is_told(&told, &said),
            "$ {command}\nsays, and docs/policy-work.md says something else:\n{}\n{}",
            said.join("\n"),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_page_that_says_something_else_is_found_out() {
    let told = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let said = ["one", "two", "three"];
    for good in [&["one", "two", "three"][..], &["one", "…"], &["…", "three"], &["…", "two", "…"], &["…"]]
    {
        assert!(is_told(&told(good), &said), "{good:?}");
    }
    for bad in [&["one", "two"][..], &["one", "…", "four"], &["two", "…"], &[]] {
        assert!(!is_told(&told(bad), &said), "{bad:?}");
    }
}
