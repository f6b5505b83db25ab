//! Weir: a streaming threshold and dunning processor for telecoms.
//!
//! The binary: command line, configuration, wiring. It knows no rule.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod cli;
mod clock;
mod config;
mod demo;
mod logging;
mod policies;
mod run;
mod signals;
mod versions;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => policies::check(&arguments),
        Command::Test(arguments) => policies::test(&arguments),
        Command::Schema(arguments) => policies::schema(&arguments),
        Command::Completions(arguments) => cli::print_completions(arguments.shell),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Debug of a report is its text for people; of anything else, the chain of causes.
            eprintln!("{error:?}");
            ExitCode::from(2)
        }
    }
}
