//! What those who publish policies can ask for.

use super::{Output, SaidArguments};
use clap::Args;
use std::path::PathBuf;

/// How publishing works, for the help of the commands that do it.
pub(crate) const PUBLISH_HELP: &str = "\
The policy, with the files that it names, is written to the topic of policies, and in the same transaction a control \
to every partition: from there on the partition goes by it, and its journal says so. What the lint refuses is not \
published. A policy with `effective_from` in the future holds from then on; any other holds at once. Running cycles \
stay with their version or move, as the policy says (`running_cycles`).

The instances say `published = true` in [policy]. The registry must know the schemas of publications and controls, or \
`auto_register` be on; the broker must allow writing to both topics, with transactional ids that begin with the group. \
With --wait the command ends once every partition has taken it, or with status 1 when the time is over: what is \
written then is taken as soon as the partition runs; so it does where partitions go by files. All instances must be of a \
release that reads what the policy says: publish with none that is newer than they are. Where the outcome stays unknown, run it again with the \
--event-id that it names.
";

#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// The policy (YAML)
    #[arg(value_name = "POLICY")]
    pub(crate) policy: PathBuf,
    /// Withdraw what was published before and is to hold later
    #[arg(long)]
    pub(crate) withdraw_later: bool,
    /// Say what would change, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) said: SaidArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RollBackArguments {
    /// To which publication; to the one that held before, unless said
    #[arg(long, value_name = "REVISION")]
    pub(crate) to: Option<i64>,
    /// Say what would change, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) said: SaidArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListPublicationsArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// How they are told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct ShowPublicationArguments {
    /// Which publication; the one that holds, unless said
    #[arg(value_name = "REVISION")]
    pub(crate) revision: Option<i64>,
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// Write the policy and the files that it names into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "output")]
    pub(crate) into: Option<PathBuf>,
    /// How it is told
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}
