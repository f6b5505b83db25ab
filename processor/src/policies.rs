//! `weir check`, `weir test`, `weir policy`, `weir schema`: what those who write policies use.

use crate::cli::{
    CheckArguments, DiffArguments, Format, Output, PolicyCommand, SchemaArguments, TestArguments,
};
use crate::publishing;
use decision::Policy;
use miette::{IntoDiagnostic, Report, WrapErr, miette};
use policy::PolicyReport;
use policy::difference::Change;
use std::process::ExitCode;

/// A policy or a test failed: not wrong use, and told apart from it by scripts.
const FAILED: u8 = 1;

/// Checks policies.
pub(crate) fn check(arguments: &CheckArguments) -> miette::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut has_errors = false;
    for path in &arguments.policies {
        let report = match policy::load(path) {
            Ok(loaded) => {
                if !arguments.json {
                    let identity = &loaded.policy.identity;
                    let hash = identity.hash.as_str();
                    let hash = hash.get(..12).unwrap_or(hash);
                    println!("{}: good ({} {}, {hash})", path.display(), identity.name, identity.version);
                }
                loaded.warnings
            }
            Err(report) => {
                has_errors = true;
                Some(report)
            }
        };
        let Some(report) = report else { continue };
        if arguments.json { findings.push(report.to_json()) } else { show(report) }
    }
    if arguments.json {
        println!("{}", serde_json::Value::Array(findings));
    }
    Ok(if has_errors { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn show(report: PolicyReport) {
    eprintln!("{:?}", Report::new(report));
}

/// Runs policies' tests.
pub(crate) fn test(arguments: &TestArguments) -> miette::Result<ExitCode> {
    let mut runs = Vec::new();
    let mut is_failed = false;
    for path in &arguments.files {
        match policy::tests::run(path) {
            Ok(run) => runs.push(run),
            Err(reports) => {
                is_failed = true;
                reports.into_iter().for_each(show);
            }
        }
    }
    print!("{}", policy::tests::print(&runs));
    is_failed |= runs.iter().any(|run| run.failed() > 0);
    if let Some(path) = &arguments.junit {
        let xml = policy::tests::junit(&runs).into_diagnostic()?;
        let context = || format!("cannot write {}", path.display());
        std::fs::write(path, xml).into_diagnostic().wrap_err_with(context)?;
    }
    Ok(if is_failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// Publishes policies, and compares them.
pub(crate) fn policy(command: &PolicyCommand) -> miette::Result<ExitCode> {
    match command {
        PolicyCommand::Publish(arguments) => publishing::publish(arguments),
        PolicyCommand::List(arguments) => publishing::list(arguments),
        PolicyCommand::Show(arguments) => publishing::show(arguments),
        PolicyCommand::RollBack(arguments) => publishing::roll_back(arguments),
        PolicyCommand::Diff(arguments) => diff(arguments),
    }
}

fn diff(arguments: &DiffArguments) -> miette::Result<ExitCode> {
    let versions = publishing::of_words(&[&arguments.old, &arguments.new], arguments.config.as_deref())?;
    let [old, new] = versions.as_slice() else { return Err(miette!("two policies are compared")) };
    let changes = policy::difference::between(old, new);
    let named = |policy: &Policy| format!("{} {}", policy.identity.name, policy.identity.version);
    match arguments.output {
        Output::Text if changes.is_empty() => println!("{} and {} say the same", named(old), named(new)),
        Output::Text => changes.iter().for_each(|change| println!("{change}")),
        Output::Json => {
            let change = |change: &Change| serde_json::json!({ "subject": change.subject, "what": change.what, "groups": change.groups });
            let changes: Vec<_> = changes.iter().map(change).collect();
            println!("{}", serde_json::json!({ "old": named(old), "new": named(new), "changes": changes }));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the JSON Schema of a format.
pub(crate) fn schema(arguments: &SchemaArguments) -> miette::Result<ExitCode> {
    let schema = match arguments.format {
        Format::Policy => policy::json_schema(),
        Format::Tests => policy::tests::json_schema(),
        Format::Config => crate::config::json_schema(),
    };
    println!("{schema:#}");
    Ok(ExitCode::SUCCESS)
}
