//! The terminal text of the manuals is what the binary says: each command of a page is run, one after the other,
//! and its output held against what stands there. What needs a cluster is run by `kafka_publishing`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, dead_code, reason = "a module shared by several test binaries")]

#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;
use terminal::{is_told, run, steps};

#[test]
fn the_day_of_a_manager_goes_as_the_page_says() {
    check("docs/policy-work.md", 9);
}

#[test]
fn a_token_is_made_as_the_page_says() {
    check("docs/api.md", 1);
}

#[track_caller]
fn check(page: &str, at_least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join(page)).unwrap();
    let steps = steps(&page);
    assert!(steps.len() >= at_least, "the page has {} commands", steps.len());
    let folder = tempfile::tempdir().unwrap();
    for step in steps.iter().filter(|step| !step.needs_cluster) {
        run(step, folder.path());
    }
}

#[test]
fn a_page_that_says_something_else_is_found_out() {
    let told = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let said = ["one", "two", "three and four"];
    for good in [
        &["one", "two", "three and four"][..],
        &["one", "…"],
        &["…", "three and four"],
        &["…", "two", "…"],
        &["…"],
        &["…", "three … four"],
        &["…", "three…four"],
        &["one", "two…", "…four"],
    ] {
        assert!(is_told(&told(good), &said), "{good:?}");
    }
    for bad in [
        &["one", "two"][..],
        &["one", "…", "four"],
        &["two", "…"],
        &[],
        &["…", "three … five"],
        &["…", "…and"],
    ] {
        assert!(!is_told(&told(bad), &said), "{bad:?}");
    }
    let page = "```console\n$ a\nb\n```\n```console cluster\n$ c\n```\n```\n$ d\n```\n";
    let found: Vec<_> = steps(page).iter().map(|step| (step.command.clone(), step.needs_cluster)).collect();
    assert_eq!(found, [("a".to_owned(), false), ("c".to_owned(), true)]);
}
