//! What is asked about tokens.

use clap::{Args, Subcommand};

/// What a token is, and where its lines go.
const HELP: &str = "\
The token is shown this once, and stands nowhere but with whoever has it: the file takes its hash. The lines go into \
the file that `tokens` of [api] names; instances read it again within ten seconds. To take a token back, take its \
lines out.

Roles: viewer (all accounts, with contacts and texts masked), agent and senior (the accounts of their segments), \
manager and admin (all accounts).

Examples:
  weir token new --name anna --role agent --segment consumer --segment soho
  weir token new --name console --role manager";

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it with the lines for the token file
    #[command(after_help = HELP)]
    New(NewTokenArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NewTokenArguments {
    /// Whose it is, as the audit log is to say
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// What they may do: viewer, agent, senior, manager or admin
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: String,
    /// A segment whose accounts an agent or a senior sees; once for each, or '*' for all
    #[arg(long = "segment", value_name = "SEGMENT")]
    pub(crate) segments: Vec<String>,
}
