//! `weir token`: makes a token, which is shown once, and the lines that let whoever has it ask.
//!
//! What the lines say is the configuration's business; nothing is written here but to the terminal.

use crate::cli::{NewTokenArguments, TokenCommand};
use crate::config;
use miette::{IntoDiagnostic, WrapErr};
use std::process::ExitCode;

/// Does what is asked.
pub(crate) fn run(command: &TokenCommand) -> miette::Result<ExitCode> {
    match command {
        TokenCommand::New(arguments) => new(arguments),
    }
}

/// The token goes to stderr and the lines to stdout, so that `>> tokens.toml` keeps what belongs there and nothing else.
fn new(arguments: &NewTokenArguments) -> miette::Result<ExitCode> {
    let token = api::who::tokens::fresh()
        .into_diagnostic()
        .wrap_err("the operating system gives no random bytes to make a token of")?;
    let NewTokenArguments { name, role, segments } = arguments;
    let lines = config::token_lines(name, role, segments, &token)?;
    eprintln!("The token of {name}, shown this once:\n\n  {token}\n\nFor the token file:\n");
    print!("{lines}");
    Ok(ExitCode::SUCCESS)
}
