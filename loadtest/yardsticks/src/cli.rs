//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Measures what Weir is held against (docs/loadtest.md).
#[derive(Debug, Parser)]
#[command(name = "yardsticks", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A processor that keeps and decides nothing: it writes one record for each key that changed, exactly once.
    ///
    /// loadtest run --peer 'yardsticks pass-through' --expect-none
    PassThrough(PassThroughArguments),
    /// What librdkafka alone costs a record.
    ///
    /// yardsticks librdkafka --rounds 5
    Librdkafka(ClientArguments),
    /// What RocksDB alone costs an entry, with Weir's options.
    ///
    /// yardsticks rocksdb --entries 1000000 --folder /var/tmp
    Rocksdb(StoreArguments),
}

/// As every peer has them (loadtest/peers/README.md), and some of its own.
#[derive(Debug, Args)]
pub(crate) struct PassThroughArguments {
    /// The brokers.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: String,
    /// The schema registry. It is not asked: nothing is decoded.
    #[arg(long, value_name = "URL")]
    pub(crate) registry: Option<String>,
    /// What the topics' names begin with, before the point.
    #[arg(long, default_value = "weir")]
    pub(crate) prefix: String,
    /// The group, and what transactional ids begin with.
    #[arg(long, default_value = "pass-through", value_name = "ID")]
    pub(crate) application_id: String,
    /// Where state would lie. Nothing is kept.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// The member's own name (group.instance.id); a second process needs another. Empty: it has none.
    #[arg(long, default_value = "only", value_name = "NAME")]
    pub(crate) instance: String,
    /// How long the member may be silent, in milliseconds.
    #[arg(long, default_value = "45000", value_name = "MS")]
    pub(crate) session_timeout_ms: u64,
    /// How many inputs make a batch full: Weir's engine.batch_inputs.
    #[arg(long, default_value = "10000", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch_inputs: u32,
    /// How long after a commit the next one begins: Weir's engine.commit_interval_ms.
    #[arg(long, default_value = "5", value_name = "MS")]
    pub(crate) commit_interval_ms: u64,
    /// How long a record's value is: about a debtor's state.
    #[arg(long, default_value = "300", value_name = "BYTES")]
    pub(crate) value_bytes: usize,
    /// How many threads commit at the most; without, one for each partition.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) threads: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    /// The brokers; without, one is started (./x setup installs it).
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) brokers: Option<String>,
    /// How often each is measured.
    #[arg(long, default_value = "5")]
    pub(crate) rounds: usize,
    /// How many records a round.
    #[arg(long, default_value = "300000")]
    pub(crate) records: u64,
    /// How long a record's value is.
    #[arg(long, default_value = "300", value_name = "BYTES")]
    pub(crate) value_bytes: usize,
    /// How many records a transaction holds.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100, 1_000, 5_000], value_name = "COUNT,…")]
    pub(crate) transactions: Vec<u64>,
    /// Where the figures are written as JSON as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// How often each is measured.
    #[arg(long, default_value = "5")]
    pub(crate) rounds: usize,
    /// How many entries there are.
    #[arg(long, default_value = "1000000", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) entries: u32,
    /// How long a value is.
    #[arg(long, default_value = "300", value_name = "BYTES")]
    pub(crate) value_bytes: usize,
    /// How many entries a batch holds.
    #[arg(long, default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// How many gets a round.
    #[arg(long, default_value = "200000")]
    pub(crate) gets: u32,
    /// What the database may use of memory where it holds all entries, in MiB.
    #[arg(long, default_value = "1024", value_name = "MIB")]
    pub(crate) memory: u64,
    /// The same where it does not.
    #[arg(long, default_value = "32", value_name = "MIB")]
    pub(crate) small_memory: u64,
    /// Where the database lies while it is measured.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Where the figures are written as JSON as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl PassThroughArguments {
    pub(crate) fn options(&self) -> yardsticks::pass_through::Options {
        yardsticks::pass_through::Options {
            brokers: self.brokers.clone(),
            prefix: self.prefix.clone(),
            application_id: self.application_id.clone(),
            instance: Some(self.instance.clone()).filter(|name| !name.is_empty()),
            session: Duration::from_millis(self.session_timeout_ms),
            batch_inputs: usize::try_from(self.batch_inputs).unwrap_or(usize::MAX),
            commit_interval: Duration::from_millis(self.commit_interval_ms),
            value_bytes: self.value_bytes,
            threads: self.threads.and_then(|threads| usize::try_from(threads).ok()),
        }
    }
}

impl StoreArguments {
    pub(crate) fn options(&self) -> yardsticks::stores::Options {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        yardsticks::stores::Options {
            rounds: self.rounds,
            entries: count(self.entries),
            value_bytes: self.value_bytes,
            batch: count(self.batch),
            gets: count(self.gets),
            memory: self.memory << 20,
            small_memory: self.small_memory << 20,
        }
    }
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
    fn pass_through(line: &str) -> yardsticks::pass_through::Options {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::PassThrough(arguments) => arguments.options(),
            command @ (Command::Librdkafka(_) | Command::Rocksdb(_)) => panic!("{command:?}"),
        }
    }

    #[test]
    fn a_peers_command_line_is_understood_and_the_cadence_is_weirs_unless_said() {
        let options = pass_through(
            "yardsticks pass-through --brokers b:1 --registry http://r --prefix p --application-id g --state-dir s",
        );
        assert_eq!((&*options.brokers, &*options.prefix, &*options.application_id), ("b:1", "p", "g"));
        let engine = (options.batch_inputs, options.commit_interval.as_millis());
        assert_eq!(engine, (10_000, 5));
        assert_eq!((options.instance.as_deref(), options.threads), (Some("only"), None));
        let options = pass_through("yardsticks pass-through --brokers b:1 --instance= --threads 2");
        assert_eq!((options.instance, options.threads), (None, Some(2)));
    }

    #[test]
    fn nothing_is_measured_of_nothing() {
        for line in [
            "yardsticks pass-through --brokers b:1 --batch-inputs 0",
            "yardsticks rocksdb --entries 0",
            "yardsticks rocksdb --batch 0",
            "yardsticks pass-through",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
