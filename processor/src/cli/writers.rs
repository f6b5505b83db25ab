//! What those who write policies can ask for: check, test, explain, why-not, simulate.

use super::Output;
use super::publishing::{
    ListPublicationsArguments, PUBLISH_HELP, PublishArguments, RollBackArguments, ShowPublicationArguments,
};
use clap::{Args, Subcommand, ValueEnum};
use decision::cycle::DebtClass;
use std::path::PathBuf;

/// What a running Weir tells, for the help of the commands that can ask it.
pub(crate) const REMOTE_HELP: &str = "\
With --url a running Weir is asked instead: it tells of the account as it is now, by the policy that it goes by. An \
answer is waited for 10 seconds; where the account's partition moves to another instance, it is asked again for 15.";

/// How events in files look, for the help of every command that reads them.
pub(crate) const EVENTS_HELP: &str = "\
Events come from files of JSON Lines, one event a line, or from Avro container files; `-` is the standard input. \
The fields are those of the topics (docs/topics.md), with `event` saying which it is:
  {\"event\": \"account\", \"account_id\": \"A-1\", \"occurred_at\": \"2026-03-01T09:00:00Z\", \"payment_mode\": \"postpaid\"}
  {\"event\": \"invoice\", \"account_id\": \"A-1\", \"occurred_at\": \"2026-03-01T09:00:00Z\", \"invoice_id\": \"B1\", \
\"amount\": 12000, \"currency\": \"USD\", \"issued\": \"2026-03-01\", \"due\": \"2026-03-10\"}
Amounts are in minor units. An event arrives when it happened, unless it says `arrived_at`; of one moment the \
account itself comes first, then the others as they lie in the files.
With --config they come from the input topics, which are only read, outside any group: up to where they end now. \
There an event arrives at its record's own time.";

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Where: a folder that is made where there is none
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Write a year of synthetic events as well
    #[arg(long)]
    pub(crate) events: bool,
    /// Of how many accounts
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, requires = "events", value_parser = clap::value_parser!(u32).range(1..=9_999_999))]
    pub(crate) accounts: u32,
    /// What the events are made from: the same seed, the same events
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "events")]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Policy files (YAML)
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<PathBuf>,
    /// Print the findings as JSON, for editors and programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Test files (YAML)
    #[arg(required = true, value_name = "TESTS")]
    pub(crate) files: Vec<PathBuf>,
    /// Write the results as JUnit XML as well, for CI
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Which files are meant
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// Policy files
    Policy,
    /// Test files of policies
    Tests,
    /// The configuration of `weir run`
    Config,
}

/// Who reports what becomes of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportsFrom {
    /// Every command is done at once, tasks are accepted; reports among the events are left out
    Auto,
    /// Reports among the events are taken, and there are no others
    Given,
}

/// One account's life: its policy, its events, up to when.
#[derive(Debug, Args)]
pub(crate) struct LifeArguments {
    /// The policy (YAML); further versions of it with --version
    #[arg(required_unless_present_any = ["url", "url_of_environment"], value_name = "POLICY")]
    pub(crate) policy: Option<PathBuf>,
    /// Files of events, of one account or of many
    #[arg(required_unless_present_any = ["config", "url", "url_of_environment"], conflicts_with = "config", value_name = "EVENTS")]
    pub(crate) events: Vec<PathBuf>,
    /// Read the input topics of this configuration instead: all that they hold
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub(crate) config: Option<PathBuf>,
    /// A later version of the policy, which holds from its `effective_from` on
    #[arg(long = "version", value_name = "POLICY", requires = "policy")]
    pub(crate) versions: Vec<PathBuf>,
    /// Whose life: needed where the events are of several
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Up to then, such as 2026-12-31 or 2026-12-31T09:00:00Z, instead of up to the last event
    #[arg(long, value_name = "DATE", requires = "policy")]
    pub(crate) until: Option<String>,
    /// Who reports what becomes of commands; explain: auto, why-not: given where there are reports among the events
    #[arg(long, value_name = "WHO", requires = "policy")]
    pub(crate) reports: Option<ReportsFrom>,
    /// Pass over events that cannot be read, and say which
    #[arg(long, requires = "policy")]
    pub(crate) skip_faulty: bool,
}

/// A running Weir that is asked, instead of a life that is played.
#[derive(Debug, Args)]
pub(crate) struct RemoteArguments {
    /// Ask the running Weir whose `[api] listen` is at this address instead, such as http://127.0.0.1:8090; where no POLICY
    /// is given, the environment's WEIR_URL is meant
    #[arg(
        long,
        value_name = "URL",
        requires = "account",
        conflicts_with_all = ["policy", "events", "config", "versions", "until", "reports", "skip_faulty"]
    )]
    pub(crate) url: Option<String>,
    /// Not for people: an address in the environment must not stand in the way of a POLICY, as --url does.
    #[arg(long, value_name = "URL", hide = true, env = "WEIR_URL", hide_env = true)]
    pub(crate) url_of_environment: Option<String>,
    /// With --url: the account that pays for this one, where that is another
    #[arg(long, value_name = "ID", conflicts_with = "policy")]
    pub(crate) debtor: Option<String>,
    /// With --url: a file that holds the token by which it knows who asks
    #[arg(long, value_name = "FILE", env = "WEIR_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) life: LifeArguments,
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
    /// Tell what changed nothing as well, such as usage far from any line
    #[arg(long, requires = "policy", conflicts_with = "url")]
    pub(crate) all: bool,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct WhyNotArguments {
    #[command(flatten)]
    pub(crate) life: LifeArguments,
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    /// Of this plan; of the one that works on the debt, unless said
    #[arg(long, value_name = "PLAN", requires = "stage")]
    pub(crate) plan: Option<String>,
    /// Of this part of the debt, such as all, provider:NAME or service:ID; of each, unless said
    #[arg(long, value_name = "CLASS", requires = "stage", value_parser = debt_class)]
    pub(crate) debt_class: Option<DebtClass>,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

/// What is asked about: one of both.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct AskedArguments {
    /// A threshold rule of the policy
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// A stage of one of the policy's plans
    #[arg(long, value_name = "NAME")]
    pub(crate) stage: Option<String>,
}

fn debt_class(text: &str) -> Result<DebtClass, String> {
    DebtClass::parse(text)
        .ok_or_else(|| format!("«{text}» is no debt class; write all, provider:NAME or service:ID"))
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// The policy that is tried (YAML); given again, a later version of it
    #[arg(long, required = true, value_name = "POLICY")]
    pub(crate) policy: Vec<PathBuf>,
    /// The policy that it is held against; given again, a later version of it
    #[arg(long, value_name = "POLICY")]
    pub(crate) against: Vec<PathBuf>,
    /// Files of events
    #[arg(long, required_unless_present = "config", conflicts_with = "config", num_args = 1.., value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// Read the input topics of this configuration instead: all that they hold
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Through when, such as 2026-12-31 or 2026-12-31T09:00:00Z: a date is its beginning, in the policy's zone
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// Write the accounts whose outcome differs, as CSV
    #[arg(long, value_name = "FILE", requires = "against")]
    pub(crate) csv: Option<PathBuf>,
    /// Write a page with charts as well: one file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Tell each day, not each month
    #[arg(long)]
    pub(crate) days: bool,
    /// Who reports what becomes of commands
    #[arg(long, value_name = "WHO", default_value = "auto")]
    pub(crate) reports: ReportsFrom,
    /// Pass over events that cannot be read, and say which
    #[arg(long)]
    pub(crate) skip_faulty: bool,
    /// On how many threads; as many as there are cores, unless said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Where events lie while they are sorted: about half of what they take as JSON
    #[arg(long, value_name = "FOLDER", default_value_os_t = std::env::temp_dir())]
    pub(crate) scratch: PathBuf,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Publish a version: every instance goes by it
    #[command(after_help = format!("\
{PUBLISH_HELP}
Examples:
  weir policy publish new.policy.yaml --config weir.toml --by anna --role manager --why 'bar four days later' --dry-run
  weir policy publish new.policy.yaml --config weir.toml --by anna --role manager --why 'bar four days later' --wait 30s"))]
    Publish(PublishArguments),
    /// List what was published: what holds, what held when, what is to come, who published it and why
    #[command(after_help = "\
It only reads the topic of policies, outside any group.

Examples:
  weir policy list --config weir.toml
  weir policy list --config weir.toml --output json")]
    List(ListPublicationsArguments),
    /// Show a version that was published
    #[command(after_help = "\
Examples:
  weir policy show --config weir.toml > holds.policy.yaml
  weir policy show 3 --config weir.toml --into third")]
    Show(ShowPublicationArguments),
    /// Publish again what held before, and withdraw what is to come
    #[command(after_help = format!("\
{PUBLISH_HELP}
Examples:
  weir policy roll-back --config weir.toml --by anna --role manager --why 'too many calls' --wait 30s
  weir policy roll-back --config weir.toml --to 3 --by anna --role manager --why 'back to spring' --dry-run"))]
    RollBack(RollBackArguments),
    /// Say in words what changes from one policy to another
    #[command(after_help = "\
What means the same is no change, however it is written. Behind a change stand the plan groups that it affects.

Examples:
  weir policy diff old.policy.yaml new.policy.yaml
  weir policy diff old.policy.yaml new.policy.yaml --output json
  weir policy diff 3 new.policy.yaml --config weir.toml")]
    Diff(DiffArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The policy as it was (YAML); with --config a publication's number as well
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The policy as it is to be (YAML); with --config a publication's number as well
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    /// The configuration file of the instances, in TOML: where numbers name what was published
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    /// What is wrong with these words behind `weir`, in one line; nothing where they are right.
    #[track_caller]
    fn check(words: &str, expected: &str) {
        let told = match Cli::try_parse_from(["weir"].into_iter().chain(words.split(' '))) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        // The usage below names arguments as well.
        let told: Vec<_> = told.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        assert_eq!(told.join(" "), expected, "{words}");
    }

    #[test]
    fn a_life_is_played_or_a_running_weir_is_asked_and_never_both() {
        let missing =
            |what: &str| format!("error: the following required arguments were not provided: {what}");
        let both = |what: &str| format!("error: the argument '{what}' cannot be used with '--url <URL>'");
        check("explain p.yaml e.jsonl", "");
        check("explain p.yaml --config weir.toml --all", "");
        check("explain --account A-1 --url http://weir", "");
        check("explain --account A-1 --url http://weir --debtor D-1 --token-file token", "");
        check("why-not --account A-1 --stage bar --plan soft --url http://weir", "");
        check("explain", &missing("<POLICY> <EVENTS>..."));
        check("explain p.yaml", &missing("<EVENTS>..."));
        check("explain --config weir.toml", &missing("<POLICY>"));
        check("explain --url http://weir", &missing("--account <ID>"));
        check("why-not --account A-1 --url http://weir", &missing("<--rule <ID>|--stage <NAME>>"));
        check("explain p.yaml e.jsonl --account A-1 --url http://weir", &both("[POLICY]"));
        check("explain --config weir.toml --account A-1 --url http://weir", &both("--config <FILE>"));
        for (option, told) in [
            ("--until 2026-12-31", "--until <DATE>"),
            ("--reports auto", "--reports <WHO>"),
            ("--version p.yaml", "--version <POLICY>"),
            ("--skip-faulty", "--skip-faulty"),
            ("--all", "--all"),
        ] {
            check(&format!("explain --account A-1 {option} --url http://weir"), &both(told));
        }
        let error = "error: the argument '[POLICY]' cannot be used with '--debtor <ID>'";
        check("explain p.yaml e.jsonl --debtor D-1", error);
    }

    #[test]
    fn an_address_in_the_environment_is_no_reason_to_play_no_life() {
        // As the environment's WEIR_URL is taken.
        let set = "--url-of-environment http://weir";
        check(&format!("explain p.yaml e.jsonl {set}"), "");
        check(&format!("explain --account A-1 {set}"), "");
        let missing = "error: the following required arguments were not provided: <POLICY>";
        check(&format!("explain --account A-1 --until 2026-12-31 {set}"), missing);
        check(&format!("explain --account A-1 --all {set}"), missing);
        let words = format!("weir explain --account A-1 {set}");
        let Command::Explain(explain) = Cli::try_parse_from(words.split(' ')).unwrap().command else {
            panic!("it is to explain")
        };
        assert_eq!(explain.remote.url_of_environment.as_deref(), Some("http://weir"));
    }
}
