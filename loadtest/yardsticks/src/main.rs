//! The yardsticks' command line. What they do is the library's.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;

use clap::Parser;
use cli::{Cli, ClientArguments, Command, PassThroughArguments, StoreArguments};
use loadtest::broker::{Kafka, KafkaOptions};
use miette::{IntoDiagnostic, WrapErr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use yardsticks::figures::Table;
use yardsticks::{YardstickError, clients, pass_through, stores};

/// A broker that is measured is no broker of a test: all of Java's compilers, and a heap that is not always full.
const JVM_OPTIONS: &[&str] = &["-Xmx1g", "-Xms1g", "-XX:TieredStopAtLevel=4"];

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::PassThrough(arguments) => pass_on(&arguments),
        Command::Librdkafka(arguments) => measure_clients(&arguments),
        Command::Rocksdb(arguments) => measure_stores(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::from(2)
        }
    }
}

fn pass_on(arguments: &PassThroughArguments) -> miette::Result<()> {
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second one ends it at once.
        signal_hook::flag::register_conditional_shutdown(signal, 2, is_over.clone()).into_diagnostic()?;
        signal_hook::flag::register(signal, is_over.clone()).into_diagnostic()?;
    }
    let done = pass_through::run(&arguments.options(), &is_over, &|text| println!("{text}")).map_err(told)?;
    println!("{}", serde_json::to_string(&done).into_diagnostic()?);
    Ok(())
}

fn measure_clients(arguments: &ClientArguments) -> miette::Result<()> {
    let mut own = None;
    let brokers = match &arguments.brokers {
        Some(brokers) => brokers.clone(),
        None => {
            let options = KafkaOptions { jvm_options: JVM_OPTIONS, ..KafkaOptions::default() };
            own.insert(Kafka::start(&options).into_diagnostic()?).bootstrap().to_owned()
        }
    };
    let options = clients::Options {
        brokers,
        rounds: arguments.rounds,
        records: arguments.records,
        value_bytes: arguments.value_bytes,
        transactions: arguments.transactions.clone(),
    };
    let table = clients::measure(&options, &say).map_err(told)?;
    show(&table, arguments.json.as_deref())
}

fn measure_stores(arguments: &StoreArguments) -> miette::Result<()> {
    let folder = arguments.folder.clone().unwrap_or_else(std::env::temp_dir);
    let table = stores::measure(&arguments.options(), &folder, &say).map_err(told)?;
    show(&table, arguments.json.as_deref())
}

fn show(table: &Table, json: Option<&Path>) -> miette::Result<()> {
    print!("{table}");
    let Some(path) = json else { return Ok(()) };
    let text = serde_json::to_vec_pretty(table).into_diagnostic()?;
    std::fs::write(path, text).into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}

fn say(text: &str) {
    eprintln!("▸ {text}");
}

fn told(error: YardstickError) -> miette::Report {
    miette::Report::from_err(error)
}
