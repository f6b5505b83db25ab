//! What those who set Weir up can ask for: topics, and what is wrong.

use super::Output;
use clap::{Args, Subcommand};
use engine::topology::MOST_PARTITIONS;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct TopicsArguments {
    #[command(subcommand)]
    pub(crate) command: TopicsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Make the topics that are missing, as Weir needs them
    #[command(after_help = "\
The names are those of the configuration. What is there is left as it is, and told where it is not right, with how \
to mend it: then it ends with status 1. How long records are kept is the cluster's own setting, but for the \
changelog, whose tombstones are kept for twice `oldest_state_hours`. With three replicas and more a write waits for \
two of them.

The number of partitions is how far the work can be spread, and cannot be changed later: an account lies in the \
partition that its id gives among so many.

Examples:
  weir topics create --config weir.toml --partitions 48 --replication 3 --dry-run
  weir topics create --config weir.toml --partitions 48 --replication 3 --output json")]
    Create(CreateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// How many partitions each topic has: all have as many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_PARTITIONS)))]
    pub(crate) partitions: u32,
    /// How many brokers hold each; the cluster's own default, unless said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) replication: Option<u16>,
    /// Print what would be made, and make nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How the outcome is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}
