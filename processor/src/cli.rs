//! The command line: what can be asked of `weir`, in words worth reading.
//!
//! What a command does is its own module's business.

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Weir watches balance, invoice and payment events, and answers each at once: an alert when a
/// balance crosses a line, a step of a dunning plan when a debt ages, a restore when it is paid.
#[derive(Debug, Parser)]
#[command(name = "weir", version, arg_required_else_help = true)]
#[command(after_help = "\
Exit status: 0 done; 1 the policy or a test failed; 2 wrong use or configuration, or the work
cannot go on.

Try:
  weir demo --for 20s             see it work, without Kafka
  weir test my.tests.yaml         run a policy's tests
  weir run --config weir.toml     process events from Kafka")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Process events from Kafka until told to stop
    #[command(after_help = "\
Every setting of the file can be overridden by the environment: WEIR__KAFKA__BROKERS is
`[kafka] brokers`. SIGTERM ends the open transactions, flushes the state and leaves.

Example:
  weir run --config /etc/weir/weir.toml")]
    Run(RunArguments),
    /// Show Weir at work on synthetic subscribers, without Kafka
    #[command(after_help = "\
The real engine on an in-memory log, RocksDB in a temporary folder. A day passes every two
seconds. Ends with Ctrl-C, or after --for.

Example:
  weir demo --for 20s --subscribers 5000")]
    Demo(DemoArguments),
    /// Check policy files: every fault in one run, with its place and what would be right
    #[command(after_help = "Example:\n  weir check soft.policy.yaml")]
    Check(CheckArguments),
    /// Run a policy's tests
    #[command(after_help = "Example:\n  weir test soft.tests.yaml --junit report.xml")]
    Test(TestArguments),
    /// Print the JSON Schema of a file format, for editors
    #[command(after_help = "\
Example:
  weir schema policy > policy.schema.json
  then begin a policy with:  # yaml-language-server: $schema=policy.schema.json")]
    Schema(SchemaArguments),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  weir completions bash > ~/.local/share/bash-completion/completions/weir"
    )]
    Completions(CompletionArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Stop after this long, such as 20s or 5m, instead of at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) length: Option<Duration>,
    /// How many subscribers there are
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(3..=200_000))]
    pub(crate) subscribers: u32,
    /// What the synthetic events are made from: the same seed, the same events
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long a day takes
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) day: Duration,
    /// Where HTTP is served (metrics and probes); a free port unless said
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Policy files
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
    /// Print the findings as JSON, for editors and programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Test files
    #[arg(required = true, value_name = "TESTS")]
    pub(crate) files: Vec<PathBuf>,
    /// Write the results as JUnit XML as well, for CI
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Of which format
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Policy files
    Policy,
    /// Test files of policies
    Tests,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// For which shell
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the completions of `weir` for a shell.
pub(crate) fn print_completions(shell: clap_complete::Shell) -> miette::Result<ExitCode> {
    clap_complete::generate(shell, &mut Cli::command(), "weir", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}

/// Reads `20s`, `5m`, `1h`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let fault = || format!("«{text}» is no time; write 500ms, 20s, 5m or 1h");
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| fault())?;
    let milliseconds = match text.get(digits.len()..) {
        Some("ms") => Some(count),
        Some("s") => count.checked_mul(1_000),
        Some("m") => count.checked_mul(60_000),
        Some("h") => count.checked_mul(3_600_000),
        Some(_) | None => None,
    };
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds > 0).ok_or_else(fault)?;
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "20", "s", "0s", "-1s", "1d", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
