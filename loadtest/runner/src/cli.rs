//! The command line.

use crate::cli_peers::PeersArguments;
use crate::cli_scale::ScaleArguments;
use clap::{Args, Parser, Subcommand};
use loadtest::load::{Profile, Size, Work};
use loadtest_runner::backlog::Ground;
use loadtest_runner::run::Answers;
use miette::IntoDiagnostic;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Loads Weir, or another processor, and measures it.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what a run would send: counts by kind, or every event as a line of JSON.
    ///
    /// loadtest generate --profile mixed --accounts 100000 --rate 2000 --for 60s --out events.jsonl
    Generate(GenerateArguments),
    /// Send a load, and report what became of it.
    ///
    /// loadtest run --profile mixed --steps 1000,5000,20000 --for 30s --out report
    Run(RunArguments),
    /// Check what a run that is over left in the topics: every command against what the rules demand of what went
    /// in, and Weir's journal decided again.
    ///
    /// loadtest verify --brokers localhost:9092 --registry http://localhost:8081
    /// loadtest verify --brokers localhost:9092 --registry http://localhost:8081 --prefix flink --peer --json out/verified.json
    #[command(verbatim_doc_comment)]
    Verify(VerifyArguments),
    /// Put processors of the same work side by side: one broker, several rounds, medians and ratios.
    ///
    /// loadtest peers --rounds 5 --events 2000000 --kafka-streams "$(loadtest/peers/kafka-streams/build.sh)"
    Peers(PeersArguments),
    /// Measure how Weir grows with the number of accounts: what an account costs, and an event of accounts that are
    /// not in memory, and of those that are.
    ///
    /// loadtest scale --accounts 10000,100000,1000000,10000000 --events 1000000
    Scale(ScaleArguments),
}

/// What is sent.
#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    #[command(flatten)]
    pub(crate) what: ProfileArguments,
    /// How many accounts there are.
    #[arg(long, default_value = "200000")]
    accounts: NonZeroU32,
    /// For how long: of a run, each step.
    #[arg(long = "for", default_value = "30s", value_parser = length, value_name = "TIME")]
    pub(crate) length: Duration,
}

impl LoadArguments {
    pub(crate) fn size(&self) -> Size {
        Size { accounts: self.accounts, seed: self.what.seed }
    }
}

/// What is sent, whatever the number of accounts.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    /// A profile that comes with Weir, or a profile's file.
    #[arg(long, default_value = "mixed")]
    pub(crate) profile: String,
    /// What all chance comes from: the same seed makes the same events.
    #[arg(long, default_value = "1")]
    pub(crate) seed: u64,
    /// Leave out what not every processor of the comparison knows (loadtest/peers/README.md).
    #[arg(long)]
    pub(crate) shared_work: bool,
}

impl ProfileArguments {
    /// The profile that is meant.
    pub(crate) fn profile(&self, shared_work: bool) -> Result<Profile, loadtest::load::ProfileError> {
        let profile = match Profile::shipped(&self.profile) {
            Some(text) => Profile::parse(&self.profile, text),
            None => Profile::load(Path::new(&self.profile)),
        };
        Ok(profile?.limited_to(if shared_work { Work::Shared } else { Work::Whole }))
    }
}

/// Where processors are measured one after the other.
#[derive(Debug, Args)]
pub(crate) struct GroundArguments {
    /// How many partitions each topic has.
    #[arg(long, default_value = "6", value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: u32,
    /// What Weir's stores may use of memory, in MiB.
    #[arg(long, default_value = "512", value_name = "MIB")]
    store_memory: u64,
    /// The brokers; without, one is started (./x setup installs it).
    #[arg(long, value_name = "HOST:PORT")]
    brokers: Option<String>,
    /// The id of the broker's process, where --brokers names one on this machine: its CPU is measured too.
    #[arg(long, requires = "brokers", value_name = "ID")]
    broker_process: Option<u32>,
    /// The schema registry; without, one is started.
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// Where states lie while they are measured; a temporary folder unless said.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

impl GroundArguments {
    pub(crate) fn ground(&self) -> Ground {
        Ground {
            partitions: self.partitions,
            store_memory: self.store_memory << 20,
            brokers: self.brokers.clone(),
            broker_process: self.broker_process,
            registry: self.registry.clone(),
            folder: self.state.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) load: LoadArguments,
    /// How many events a second.
    #[arg(long, default_value = "1000")]
    pub(crate) rate: NonZeroU32,
    /// Where every event is written, a line each; without it they are only counted.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) load: LoadArguments,
    /// How many events a second.
    #[arg(long, default_value = "1000", conflicts_with = "steps")]
    rate: NonZeroU32,
    /// Several rates, one after the other, until one is not kept up with.
    #[arg(long, value_delimiter = ',', value_name = "RATE,…")]
    steps: Vec<NonZeroU32>,
    /// How many events a second before the steps, while accounts are told and timers set.
    #[arg(long, default_value = "20000")]
    pub(crate) preload_rate: NonZeroU32,
    /// The brokers; without, one is started for the run (./x setup installs it).
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// The id of the broker's process, where --brokers names one on this machine: its CPU is measured too.
    #[arg(long, requires = "brokers", value_name = "ID")]
    pub(crate) broker_process: Option<u32>,
    /// The schema registry; without, one is started.
    #[arg(long, value_name = "URL")]
    pub(crate) registry: Option<String>,
    /// What the topics' names begin with, before the point.
    #[arg(long, default_value = "weir")]
    pub(crate) prefix: String,
    /// How many partitions each topic has.
    #[arg(long, default_value = "6", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) partitions: u32,
    /// How long the sender waits to fill a batch, as part of the latency; Kafka's own clients wait 5.
    #[arg(long, default_value = "5", value_name = "MS")]
    pub(crate) linger_ms: u64,
    /// Weir's binary; without, the one beside this one. Its settings can be given by the environment:
    /// WEIR__ENGINE__BATCH_INPUTS=500.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["peer", "none"])]
    pub(crate) weir: Option<PathBuf>,
    /// Another processor: its command line (loadtest/peers/README.md).
    #[arg(long, value_name = "COMMAND", conflicts_with = "none")]
    pub(crate) peer: Option<String>,
    /// The peer decides nothing, and no command is to come.
    #[arg(long, requires = "peer")]
    expect_none: bool,
    /// The peer decides nothing, and writes to this topic records with the timestamps of the events that they
    /// answer: `--peer 'yardsticks pass-through' --echoes pass-through`. The topic's name without the prefix.
    #[arg(long, requires = "peer", conflicts_with = "expect_none", value_name = "TOPIC")]
    echoes: Option<String>,
    /// No processor: what the load alone costs the broker.
    #[arg(long)]
    pub(crate) none: bool,
    /// What Weir's stores may use of memory, in MiB.
    #[arg(long, default_value = "512", value_name = "MIB")]
    pub(crate) store_memory: u64,
    /// Where the processor's state and log lie, and stay; a temporary folder unless said.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// Do not check at the end whether what came out is right.
    #[arg(long)]
    pub(crate) no_verify: bool,
    #[command(flatten)]
    pub(crate) replay: ReplayArguments,
    /// Where report.html and report.json are written.
    #[arg(long, default_value = "out/loadtest", value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The brokers.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// The schema registry.
    #[arg(long, value_name = "URL")]
    pub(crate) registry: String,
    /// What the topics' names begin with, before the point.
    #[arg(long, default_value = "weir")]
    pub(crate) prefix: String,
    /// Another processor than Weir was at work: it has no journal, and knows the shared work only.
    #[arg(long, conflicts_with = "policy")]
    pub(crate) peer: bool,
    /// Weir was at work under this policy, not that of the comparison: the journal alone can be checked.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Where the result is written as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) replay: ReplayArguments,
}

/// How far Weir's journal is decided again.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// What deciding one partition of Weir's journal again may take of memory, in MiB; a larger one is left out, which
    /// is said. Without: half of what is free.
    #[arg(long, value_name = "MIB")]
    replay_memory: Option<u64>,
}

impl ReplayArguments {
    /// In bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.replay_memory.map_or_else(|| loadtest_runner::report::free_memory() / 2, |mib| mib << 20)
    }
}

impl RunArguments {
    pub(crate) fn answers(&self) -> Answers {
        match &self.echoes {
            Some(topic) => Answers::Echoes(topic.clone()),
            None if self.expect_none => Answers::Nothing,
            None => Answers::Commands,
        }
    }

    pub(crate) fn rates(&self) -> Vec<NonZeroU32> {
        if self.steps.is_empty() { vec![self.rate] } else { self.steps.clone() }
    }
}

/// Weir's binary, in the folder of this one.
pub(crate) fn weir_beside_this() -> miette::Result<PathBuf> {
    let own = std::env::current_exe().into_diagnostic()?;
    let beside = own.with_file_name("weir");
    if beside.is_file() {
        return Ok(beside);
    }
    Err(miette::miette!("there is no Weir at {}; build it, or say --weir PATH", beside.display()))
}

fn length(text: &str) -> Result<Duration, String> {
    loadtest::load::length(text)
        .filter(|length| !length.is_zero())
        .ok_or_else(|| format!("«{text}» is no length of time; write it as 90s, 5m or 1500ms"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[track_caller]
    fn check(line: &str, refused: Option<&str>) {
        let parsed = Cli::try_parse_from(line.split(' '));
        match (parsed, refused) {
            (Ok(_), None) => {}
            (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{line}: {error}"),
            (parsed, _) => panic!("{line}: {parsed:?}"),
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        check("loadtest run --steps 1000,5000 --for 5s", None);
        check("loadtest run --rate 0", Some("zero"));
        check("loadtest run --rate 1000 --steps 5000", Some("cannot be used with"));
        check("loadtest run --none --peer x", Some("cannot be used with"));
        check("loadtest run --for 30", Some("is no length of time"));
        check("loadtest run --partitions 65", Some("1..=64"));
        check("loadtest run --broker-process 1", Some("--brokers"));
        check("loadtest verify --brokers a:1 --registry http://b --peer", None);
        check(
            "loadtest verify --brokers a:1 --registry http://b --peer --policy c",
            Some("cannot be used with"),
        );
        check("loadtest verify --brokers a:1", Some("--registry"));
        check("loadtest run --peer x --expect-none", None);
        check("loadtest run --expect-none", Some("--peer"));
    }
}
