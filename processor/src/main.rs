//! Weir: a streaming threshold and dunning processor for telecoms.
//!
//! The binary: command line, configuration, wiring. It knows no rule.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod cli;
mod clock;
mod config;
mod demo;
mod doctor;
mod events;
mod explain;
mod figures;
mod held;
mod init;
mod life;
mod logging;
mod orders;
mod pages;
mod policies;
mod publishing;
mod rejects;
mod remote;
mod run;
mod serving;
mod signals;
mod simulate;
mod taken;
mod tap;
mod terminal;
mod tokens;
mod top;
mod topics;
mod versions;
mod why_not;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// A decision makes and drops some dozens of small things, and the system's allocator was an eighth of an
/// event's cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match act(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // Debug of a report is its text for people; of anything else, the chain of causes.
            eprintln!("{error:?}");
            ExitCode::from(2)
        }
    }
}

fn act(command: Command) -> miette::Result<ExitCode> {
    let only_prints = |print: &dyn Fn() -> miette::Result<ExitCode>| {
        signals::end_with_the_reader()?;
        print()
    };
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Held(arguments) => held::run(&arguments.verdict),
        Command::Rejects(arguments) => rejects::run(&arguments.command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Topics(arguments) => topics::run(&arguments.command),
        Command::Token(arguments) => only_prints(&|| tokens::run(&arguments.command)),
        Command::Top(arguments) => top::run(&arguments),
        Command::Tap(arguments) => tap::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Init(arguments) => only_prints(&|| init::run(&arguments)),
        Command::Check(arguments) => only_prints(&|| policies::check(&arguments)),
        Command::Policy(arguments) => only_prints(&|| policies::policy(&arguments.command)),
        Command::Test(arguments) => only_prints(&|| policies::test(&arguments)),
        Command::Explain(arguments) => only_prints(&|| explain::run(&arguments)),
        Command::WhyNot(arguments) => only_prints(&|| why_not::run(&arguments)),
        Command::Simulate(arguments) => only_prints(&|| simulate::run(&arguments)),
        Command::Schema(arguments) => only_prints(&|| policies::schema(&arguments)),
        Command::Completions(arguments) => only_prints(&|| cli::print_completions(arguments.shell)),
    }
}
