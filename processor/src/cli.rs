//! The command line: what can be asked of `weir`, in words worth reading.
//!
//! What a command does is its own module's business.

mod operators;
mod publishing;
mod tokens;
mod writers;

pub(crate) use operators::{
    DoctorArguments, EventKind, TapArguments, TapFrom, TopArguments, TopicsArguments, TopicsCommand,
};
#[cfg(test)]
pub(crate) use operators::{TAP_HELP, TOP_HELP};
pub(crate) use publishing::{
    ListPublicationsArguments, PublishArguments, RollBackArguments, ShowPublicationArguments,
};
pub(crate) use tokens::{NewTokenArguments, TokenArguments, TokenCommand};
pub(crate) use writers::{
    CheckArguments, DiffArguments, ExplainArguments, Format, InitArguments, LifeArguments, PolicyArguments,
    PolicyCommand, RemoteArguments, ReportsFrom, SchemaArguments, SimulateArguments, TestArguments,
    WhyNotArguments,
};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Weir watches balance, invoice and payment events, and answers each at once: an alert when a
/// balance crosses a line, a step of a dunning plan when a debt ages, a restore when it is paid.
#[derive(Debug, Parser)]
#[command(name = "weir", version, arg_required_else_help = true)]
#[command(after_help = "\
Try:
  weir demo --for 20s             see it work, without Kafka
  weir init try --events          a policy to start from, and events to try it on
  weir check my.policy.yaml       is the policy sound?
  weir test my.tests.yaml         does it do what is expected of it?
  weir explain --help             why was each thing done to an account?
  weir why-not --help             why has a threshold or a stage not acted?
  weir simulate --help            what would it do to the real customers?
  weir policy publish --help      let every instance go by it from now on
  weir doctor --config weir.toml  what stands in the way?
  weir topics create --help       make what it needs on a cluster
  weir run --config weir.toml     process events from Kafka
  weir top --config weir.toml     how the instances do: rates, lag, commit times, late timers
  weir tap --config weir.toml     what comes in, what is decided, and why, as it happens
  weir held release --help        let go what the breaker holds
  weir rejects list --help        what was rejected, and why
  weir token new --help           let somebody ask the API

Exit status: 0 done; 1 a policy has errors, a test failed, partitions have not taken an order in \
time, something was not sent again, what doctor or topics looked at is wrong, or top found an instance that is not ready; 2 wrong use or configuration, or the work cannot go on.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The configuration that it shows is one that is read: a test in `config` holds that.
pub(crate) const RUN_HELP: &str = "\
The least that the file says (relative paths are taken from its own folder):
  [kafka]
  brokers = \"localhost:9092\"
  [registry]
  url = \"http://localhost:8081\"
  [state]
  folder = \"state\"
  [policy]
  file = \"my.policy.yaml\"

Every setting can be overridden by the environment, and passwords are best given so:
  WEIR__KAFKA__BROKERS            is `brokers` of [kafka]
  WEIR__REGISTRY__PASSWORD        is `password` of [registry]
  WEIR__KAFKA__PROPERTIES__SASL_PASSWORD   is `sasl.password` of [kafka.properties]

The topics must be there, and in the registry the schemas of what Weir writes; \
with `auto_register = true` under [registry] those it lacks are registered. \
SIGTERM or Ctrl-C ends the open transactions, flushes the state and leaves; a second one ends at once.

Example:
  weir run --config /etc/weir/weir.toml";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Process events from Kafka until told to stop
    #[command(after_help = RUN_HELP)]
    Run(RunArguments),
    /// Release or drop, in every partition, the orders that the breaker holds
    Held(HeldArguments),
    /// List, show or send again what was rejected
    Rejects(RejectsArguments),
    /// Say what stands in the way of running with a configuration, and how to mend it
    #[command(after_help = "\
It looks at the policy, the state's folder and its disk, how many files may be open, the ports, the name by which others \
reach the API, its certificate and key, the token file, the identity provider and the client's secret, the registry and \
the schemas of what Weir writes, the brokers, the topics and their configuration, the group, transactions, and the clock. \
It joins nothing, writes nothing and registers nothing, and signs in nowhere. Whether the output topics may be written is not tried: that would \
leave records there. It ends with status 1 where something is wrong.

Run it where an instance is to run, as the user that it runs as.

Examples:
  weir doctor --config weir.toml
  weir doctor --config weir.toml --output json")]
    Doctor(DoctorArguments),
    /// Make the topics that Weir needs
    Topics(TopicsArguments),
    /// Make tokens for those who ask the API
    Token(TokenArguments),
    /// Show what the instances do now: partitions, rates, lag, commit times, late timers
    #[command(after_help = operators::TOP_HELP)]
    Top(TopArguments),
    /// Show events, and the decisions and commands that they led to, as they come
    #[command(after_help = operators::TAP_HELP)]
    Tap(TapArguments),
    /// Show Weir at work on synthetic subscribers, without Kafka
    #[command(after_help = "\
The real engine on an in-memory log, with RocksDB in a temporary folder that is removed at the end. \
It ends with Ctrl-C, or after --for, and then says what it did.

Examples:
  weir demo --for 20s
  weir demo --subscribers 5000 --day 10s")]
    Demo(DemoArguments),
    /// Write a commented policy for a mobile operator, with its tests, to start from
    #[command(after_help = "\
The policy passes `weir check` and `weir test` as it is. The JSON Schemas beside it let editors complete and mark \
mistakes. Nothing that is there is written over.

Examples:
  weir init policies
  weir init try --events --accounts 100000")]
    Init(InitArguments),
    /// Check policy files: every fault in one run, with its place and what would be right
    #[command(after_help = "\
A policy with nothing but warnings is good; one with errors ends with status 1.

Examples:
  weir check my.policy.yaml
  weir check --json policies/*.policy.yaml")]
    Check(CheckArguments),
    /// Publish policies, go back to one, and compare them
    Policy(PolicyArguments),
    /// Run policies' tests: what happens to an account, day by day, and what must come of it
    #[command(after_help = "\
A test file names the policy that it is about, by a path from its own folder. Time is virtual: a \
test of months takes no longer than one of days. A test that fails ends with status 1.

Examples:
  weir test my.tests.yaml
  weir test policies/*.tests.yaml --junit report.xml")]
    Test(TestArguments),
    /// Tell the life of one account under a policy: what happened, what was owed, what was sent, and why
    #[command(after_help = format!("\
{}

Without --account the events must be of one account. Times are the customer's own. What comes next is told below the \
table, as if nothing more happened.

{} What was done and why is told by the account's last 200 records, which name no events: what they show of \
them is told.

Examples:
  weir explain my.policy.yaml events.jsonl --account A-1
  weir explain my.policy.yaml --config weir.toml --account A-1
  zcat 2026.jsonl.gz | weir explain my.policy.yaml - --account A-1 --until 2026-12-31 --output json
  weir explain --account A-1 --url http://127.0.0.1:8090 --token-file token", writers::EVENTS_HELP, writers::REMOTE_HELP))]
    Explain(ExplainArguments),
    /// Say why a threshold or a stage has not acted on an account: what stands in its way, and until when
    #[command(after_help = format!("\
{}

Without --account the events must be of one account. Times are the customer's own. What is found is told in the order in \
which the rules ask, and that it has acted where it has; of a stage for each part of the debt and each cycle.

{}

Examples:
  weir why-not my.policy.yaml events.jsonl --account A-1 --rule low-balance
  weir why-not my.policy.yaml --config weir.toml --account A-1 --stage suspend --output json
  weir why-not --account A-1 --stage suspend --url http://127.0.0.1:8090 --token-file token", writers::EVENTS_HELP, writers::REMOTE_HELP))]
    WhyNot(WhyNotArguments),
    /// Try a policy on many accounts in virtual time: what would be sent, who would be cut off, what would be paid
    #[command(after_help = format!("\
{}

Events are sorted by account on disk first, so that memory does not grow with their number. Whatever cannot be read \
is told with its place, and ends it with status 2 before anything is played, unless --skip-faulty. Rates and the \
breaker do not act here: every command goes out when it is asked for. What customers do does not change with the \
policy: they pay when they paid.

Examples:
  weir simulate --policy new.policy.yaml --events accounts.jsonl invoices.avro payments.avro --until 2027-01-01
  weir simulate --policy new.policy.yaml --against old.policy.yaml --events *.jsonl --until 2027-01-01 --csv differ.csv --html report.html
  weir simulate --policy new.policy.yaml --config weir.toml --until 2027-01-01 --output json", writers::EVENTS_HELP))]
    Simulate(SimulateArguments),
    /// Print the JSON Schema of a file format, for editors
    #[command(after_help = "\
Examples:
  weir schema policy > policy.schema.json
  then begin a policy with:  # yaml-language-server: $schema=policy.schema.json
  weir schema config > weir.schema.json
  then begin weir.toml with:  #:schema ./weir.schema.json")]
    Schema(SchemaArguments),
    /// Print a completion script for a shell
    #[command(after_help = "\
Put it where the shell looks for it, in a folder that exists, and open a new shell:
  weir completions bash > ~/.local/share/bash-completion/completions/weir
  weir completions zsh  > ~/.zfunc/_weir     (fpath+=~/.zfunc before compinit)
  weir completions fish > ~/.config/fish/completions/weir.fish")]
    Completions(CompletionArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The configuration file, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct HeldArguments {
    #[command(subcommand)]
    pub(crate) verdict: HeldCommand,
}

/// What a verdict does, and what it leaves to the instances.
const HELD_HELP: &str = "\
A control is written to every partition of the controls topic in one transaction: all have it or none. The \
instances that run take it; with --wait the command ends once every partition has, or with status 1 when \
the time is over: what is written then is taken as soon as the partition runs. What is held later is \
not concerned.

The configuration is that of `weir run`. The registry must know the schema of controls, or `auto_register` \
be on; the broker must allow writing to the controls topic, with transactional ids that begin with the group.

Where the outcome stays unknown, run it again with the --event-id that it names: to say the same twice \
does no harm.

Examples:
  weir held release --config weir.toml --by anna --role admin --why 'the wave is real' --wait 30s
  weir held drop --config weir.toml --by anna --role admin --why 'due dates were loaded wrong' --output json";

#[derive(Debug, Subcommand)]
pub(crate) enum HeldCommand {
    /// Let the orders go, each by its rate: the customers are cut off
    #[command(after_help = HELD_HELP)]
    Release(SaidArguments),
    /// Drop the orders: nobody is cut off by them
    #[command(after_help = HELD_HELP)]
    Drop(SaidArguments),
}

/// Who says something to every partition, and where.
#[derive(Debug, Args)]
pub(crate) struct SaidArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
    /// In which role
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: String,
    /// Why: of what is held it stands in the history of each account concerned
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// Wait so long, such as 30s, for every partition to take it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// The control's id: a new one, unless an earlier run is to be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) event_id: Option<String>,
    /// How the outcome is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RejectsArguments {
    #[command(subcommand)]
    pub(crate) command: RejectsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RejectsCommand {
    /// List the newest rejects
    #[command(after_help = "\
It only reads the topic of rejects, outside any group: whoever runs is not disturbed. Each reject has a \
place, PARTITION/OFFSET, by which `show` and `resend` name it.

Examples:
  weir rejects list --config weir.toml --reason poison
  weir rejects list --config weir.toml --since 24h --account A-1000001 --output json")]
    List(ListArguments),
    /// Show all of one reject: the event where it can be read, else its bytes
    #[command(after_help = "\
Example:
  weir rejects show --config weir.toml --partition 3 --offset 17")]
    Show(ShowArguments),
    /// Send rejects again, as they came, to the topics that they came from
    #[command(after_help = "\
Each goes to the partition of its key, all of them in one transaction. What the core declined is not sent: \
its id was seen, so it would change nothing; it must come under a new id. What the core failed over \
(poison), could not read or found in a wrong partition is decided as if it came for the first time, but after \
all that came meanwhile. Without --yes a choice by filters is only shown.

The broker must allow writing to the topic, with transactional ids that begin with the group. \
It ends with status 1 where something that was asked for is not sent.

Examples:
  weir rejects resend --config weir.toml --partition 3 --offset 17
  weir rejects resend --config weir.toml --reason poison --since 24h --yes")]
    Resend(ResendArguments),
}

/// Which rejects are meant.
#[derive(Debug, Args)]
pub(crate) struct WhichArguments {
    /// Only those that came from this topic
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Only those with this reason, such as poison
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<String>,
    /// Only those of the last so long, such as 24h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Only those about this account or debtor
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The newest so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// How the rejects are told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// The partition of the topic of rejects
    #[arg(long, value_name = "NUMBER")]
    pub(crate) partition: u32,
    /// The offset there
    #[arg(long, value_name = "NUMBER")]
    pub(crate) offset: i64,
    /// How the reject is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

/// One reject, by its place.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The partition of the topic of rejects
    #[arg(long, value_name = "NUMBER", requires = "offset", conflicts_with_all = ["topic", "reason", "since", "account"])]
    pub(crate) partition: Option<u32>,
    /// The offset there
    #[arg(long, value_name = "NUMBER", requires = "partition")]
    pub(crate) offset: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct ResendArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Send all that the filters choose
    #[arg(long)]
    pub(crate) yes: bool,
    /// Send even events whose id was seen: they change nothing while ids are remembered
    #[arg(long)]
    pub(crate) even_known: bool,
    /// How the outcome is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

/// How an outcome is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// In words
    Text,
    /// As one JSON object, for programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Stop after this long, such as 20s or 5m, instead of at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) length: Option<Duration>,
    /// How many subscribers there are, from 3 to 200000
    #[arg(long, value_name = "COUNT", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(3..=200_000))]
    pub(crate) subscribers: u32,
    /// What the synthetic events are made from: the same seed, the same events
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long a day of theirs takes, such as 500ms or 1m
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) day: Duration,
    /// Where metrics and probes are served over HTTP; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: std::net::SocketAddr,
    /// Where the API is served: an address of the loopback; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub(crate) api: std::net::SocketAddr,
    /// The file of those who may ask the API and the console, by their tokens (weir token new); without it everybody
    /// on this machine is an administrator
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
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

/// An address of the loopback: what is served there asks nobody who they are.
fn loopback(text: &str) -> Result<std::net::SocketAddr, String> {
    let address: std::net::SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    if address.ip().is_loopback() { Ok(address) } else { Err("it is not of the loopback".to_owned()) }
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
