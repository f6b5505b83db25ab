//! `weir init`: a policy to start from, with its tests, and events to try it on.

use crate::cli::InitArguments;
use decision::time::Date;
use loadtest::year::Year;
use miette::{IntoDiagnostic, WrapErr, miette};
use policy::starter;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The file of events, which the starter's page names.
const EVENTS: &str = "events.jsonl";

/// The first day of the events: the starter's calendar knows the holidays of that year.
const FIRST_DAY: &str = "2026-01-01";

/// Writes the files.
pub(crate) fn run(arguments: &InitArguments) -> miette::Result<ExitCode> {
    let folder = &arguments.folder;
    let schema = |schema: serde_json::Value| format!("{schema:#}\n");
    let mut files: Vec<(&str, String)> =
        starter::FILES.iter().map(|file| (file.name, file.text.to_owned())).collect();
    files.push(("policy.schema.json", schema(policy::json_schema())));
    files.push(("tests.schema.json", schema(policy::tests::json_schema())));
    check_nothing_is_lost(
        folder,
        files.iter().map(|(name, _)| *name).chain(arguments.events.then_some(EVENTS)),
    )?;
    let context = || format!("cannot make the folder {}", folder.display());
    fs::create_dir_all(folder).into_diagnostic().wrap_err_with(context)?;
    for (name, text) in &files {
        let (path, mut file) = create(folder, name)?;
        file.write_all(text.as_bytes()).into_diagnostic().wrap_err_with(|| cannot_write(&path))?;
        println!("{}", path.display());
    }
    if arguments.events {
        println!("{}", write_events(arguments)?.display());
    }
    println!("{}", what_next(arguments));
    Ok(ExitCode::SUCCESS)
}

/// A folder with files of such names is somebody's work.
fn check_nothing_is_lost<'n>(folder: &Path, names: impl Iterator<Item = &'n str>) -> miette::Result<()> {
    let there: Vec<_> = names.filter(|name| folder.join(name).exists()).collect();
    if there.is_empty() {
        return Ok(());
    }
    Err(miette!(
        help = "name another folder, or move these away",
        "{} has {} already, and nothing is written over",
        folder.display(),
        there.join(", ")
    ))
}

fn create(folder: &Path, name: &str) -> miette::Result<(PathBuf, File)> {
    let path = folder.join(name);
    // Whoever writes the same file in the same moment keeps it.
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    Ok((path.clone(), file.into_diagnostic().wrap_err_with(|| cannot_write(&path))?))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

fn write_events(arguments: &InitArguments) -> miette::Result<PathBuf> {
    let (path, file) = create(&arguments.folder, EVENTS)?;
    let failed = || cannot_write(&path);
    let start = Date::parse(FIRST_DAY).ok_or_else(|| miette!("«{FIRST_DAY}» is no day"))?;
    let year = Year { seed: arguments.seed, accounts: arguments.accounts, start };
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for event in year.events() {
        writeln!(out, "{}", schemas::files::write_line(&event)).into_diagnostic().wrap_err_with(failed)?;
    }
    out.flush().into_diagnostic().wrap_err_with(failed)?;
    Ok(path)
}

fn what_next(arguments: &InitArguments) -> String {
    let folder = arguments.folder.display();
    let mut text =
        format!("\nNext:\n  weir check {folder}/mobile.policy.yaml\n  weir test {folder}/mobile.tests.yaml");
    if arguments.events {
        text += &format!(
            "\n  weir explain {folder}/mobile.policy.yaml {folder}/{EVENTS} --account A-0000002\
             \n  weir simulate --policy {folder}/mobile.policy.yaml --events {folder}/{EVENTS} --until 2027-03-01"
        );
    }
    text
}
