//! What those who set Weir up and watch over it can ask for: topics, what is wrong, what happens now.

use super::{Output, duration};
use clap::{Args, Subcommand, ValueEnum};
use decision::time::Timestamp;
use engine::topology::MOST_PARTITIONS;
use std::path::PathBuf;
use std::time::Duration;

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

/// What `weir tap` shows, what leads to what there, and what it costs. That it tells of every field of the JSON
/// is held by a test there.
pub(crate) const TAP_HELP: &str = "\
It follows the input and output topics outside any group: whoever runs is not disturbed. It joins nothing, commits \
nothing and writes nothing, and reads committed records only. Ctrl-C ends it, with status 0.

What is shown: events, decisions (the records), commands, rejects. --event, --rule, --command and --rejects choose: \
with none of them all is shown, with several of them what any of them chooses.
  --event    events of these kinds
  --rule     decisions and commands of these threshold rules, plans or stages
  --command  commands of these kinds, or by what they name: template, operation, queue, code
             of a fee, receiver of a debt; with --rule, only those of such a rule
  --rejects  rejects
--account narrows all of it. Each can be given several times, and then means any of its values.

What led to a decision or a command stands behind the arrow: the event's id, shown or not, or when a timer was due. \
The journal tells which batch took which events, so where one batch took several of the same debtor's, the text says \
«one of» and the JSON has them all. «not seen» is what came before the tap began. A decision is held back for 0.2 s, \
and up to 2 s until its events and its batch were seen, so that causes stand before effects. What lies in the log \
already (--from) is sorted by its time there, as far as 100,000 items can be held.

What it costs: brokers send it all that is in the topics it needs, as to one more group of consumers, and must allow reading them; it filters here. \
With --event alone it reads those events' topics only, with --rejects the rejects. The state's topic is never read.

What cannot be decoded is told with its place, and the tap goes on; with --account only where its key is that id.

With --output json each line is one object. Fields may be added, none goes away or changes:
  all         item (event, decision, command, reject, unreadable), logged_at (when it came into
              the log), topic, partition, offset, account_id, debtor_id, words (as in the text)
  event       event_id, event (all of it, as `weir explain` reads it from files)
  decision    decision (its kind), at, sequence, reason, figures [{name, value}],
              policy_version, event_id (the event with which it was decided), led_by
  command     command (its kind), command_id, first_command_id, requested_at, names, rule, plan,
              stage, cancels (a command's id), asks, policy_version, led_by
  reject      reason, detail, rejected_at, event_id, from {topic, partition, offset}
  unreadable  problem, key
  led_by      events [ids], due [moments of timers], new_policy (decided anew under another
              version), certain (it is one, and there can be no other)
  asks        of a message: template, channel, language, address, text, lines;
              of an order: operation, is_undo, cuts_off, services;
              of a task: queue, due, managers, manager; of a fee: code, amount, currency;
              of a hand-over: to, debt, currency; of a cancellation the name alone
Amounts are integers of minor units; moments are UTC.

Examples:
  weir tap --config weir.toml --account A-1000001
  weir tap --config weir.toml --rule low-balance --for 30s
  weir tap --config weir.toml --command provisioning --command letter-2 --from 10m
  weir tap --config weir.toml --event payment --count 5 --output json | jq .event
  weir tap --config weir.toml --rejects --from begin --for 10s";

#[derive(Debug, Args)]
pub(crate) struct TapArguments {
    /// The configuration file of the instances, in TOML
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    pub(crate) config: PathBuf,
    /// Only what is about this account or debtor
    #[arg(long, value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Decisions and commands of this threshold rule, plan or stage
    #[arg(long, value_name = "NAME")]
    pub(crate) rule: Vec<String>,
    /// Commands of this kind (message, provisioning, task, fee, handover), or that name this template, operation or queue
    #[arg(long, value_name = "KIND|NAME")]
    pub(crate) command: Vec<String>,
    /// Events of this kind
    #[arg(long, value_name = "KIND")]
    pub(crate) event: Vec<EventKind>,
    /// What was rejected
    #[arg(long)]
    pub(crate) rejects: bool,
    /// From where on: now, begin, so long ago, such as 10m, or a moment, such as 2026-12-31T09:00:00Z
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = from)]
    pub(crate) from: TapFrom,
    /// End after this long, such as 30s
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) length: Option<Duration>,
    /// End after so many lines
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// How it is told: json is one object a line
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

/// What `weir top` shows, what its words mean, and how it ends. That it tells of every field of the JSON is held by a
/// test there.
pub(crate) const TOP_HELP: &str = "\
It asks each instance once a second for /metrics and /readyz, where its `[http] listen` is reached, and nothing else: \
it needs neither Kafka nor the policy. One that does not answer within a second is shown so, and keeps no other waiting. \
Rates and commit times are those since the last answer, mostly a second.

Of an instance: whether it is ready, or what it waits for; of its partitions how many are at work, and how many restore; \
events, commands, rejects and commits a second; how long half of the commits took at most (P50) and 99 of 100 (P99); \
records that wait in it.
Of a partition:
  state        at work; restoring, with the records that are left and how long that takes;
               store fails; comes back (it has not begun to read)
  lag          how old the newest input is that it has taken last, by its time in the log;
               0 while it has nothing to do
  late         how late its earliest due timer is
  queued       records that wait for it
  held         commands that the breaker holds, which is open until a person releases or drops them
  waiting      commands that wait for their rate or their window
  put off      timers and debtors over which the core failed, tried again every hour
  revision     which publications of the policy it knows, all up to this one
  debtors      debtors that it keeps decoded
What is not well: a partition that is not at work, is more than a minute behind, has timers more than five minutes late, an \
open breaker, commands held or something put off.

Keys: q or Esc ends it; the arrows left and right, or < and >, choose the column to sort by, r turns the order; f shows \
only what is not well, and all again; p or the space bar holds still what is shown; up and down, Page Up and Page Down, \
Home and End go through the partitions. NO_COLOR=1 takes the colours away.

Where the output is no terminal, or with --once or --output json, it asks twice within some seconds, prints all once, \
and ends with status 0 where every instance answers and is ready, and 1 where one does not or is not. On a terminal it \
ends with 0.

With --output json it is one object. Fields may be added, none goes away or changes; null is what is not known.
  ready        whether every instance is
  instances    of each: instance, standing (ready, not_ready, no_answer, asked), why, and but for
               no_answer: partitions, partitions_at_work, partitions_restoring, events_per_second,
               commands_per_second, alerts_per_second, rejects_per_second, commits_per_second,
               commit_seconds_p50, commit_seconds_p99, queued_records, clock_lead_seconds (how far its clock is ahead
               of what is believed)
  all          the same figures of all instances
  partitions   of each: partition, instance, state (at_work, restoring, store_fails, comes_back,
               unknown), well, restore_remaining_records, restore_remaining_seconds,
               input_lag_seconds, timer_lateness_seconds, queued_records, held_commands,
               breaker_open, waiting_commands, put_off, policy_revision, cached_debtors

Examples:
  weir top http://weir-0:8080 http://weir-1:8080
  weir top --config weir.toml
  WEIR_METRICS='http://weir-0:8080 http://weir-1:8080' weir top --once
  weir top http://weir-0:8080 --output json | jq '.partitions[] | select(.well | not)'";

#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    /// Where `[http] listen` of each instance is reached, such as http://weir-0:8080; without any, and without --config,
    /// those of the environment's WEIR_METRICS, with spaces or commas between
    #[arg(value_name = "ADDRESS", conflicts_with = "config")]
    pub(crate) addresses: Vec<String>,
    /// Ask the instance on this machine that runs with this configuration; WEIR_CONFIG names one where nothing else is
    /// named
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Not for people: addresses in the environment must not stand in the way of those that are named.
    #[arg(long, value_name = "ADDRESSES", hide = true, env = "WEIR_METRICS", hide_env = true)]
    pub(crate) of_environment: Option<String>,
    /// Not for people: nor must a configuration.
    #[arg(long, value_name = "FILE", hide = true, env = "WEIR_CONFIG", hide_env = true)]
    pub(crate) config_of_environment: Option<PathBuf>,
    /// Print all once, as text, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// How it is told: json prints all once
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) output: Output,
}

/// A kind of event, as its topic has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventKind {
    Account,
    Balance,
    Invoice,
    Adjustment,
    Payment,
    Reversal,
    Control,
    Report,
}

/// From where on the log is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TapFrom {
    /// What comes from now on.
    Now,
    /// All that there is.
    Begin,
    /// What is no older than this.
    Ago(Duration),
    /// What came at this moment or later.
    Moment(Timestamp),
}

/// Reads `now`, `begin`, `10m`, `2026-12-31T09:00:00Z`.
fn from(text: &str) -> Result<TapFrom, String> {
    match text {
        "now" => Ok(TapFrom::Now),
        "begin" => Ok(TapFrom::Begin),
        other => {
            let moment = || Timestamp::parse(other).filter(|at| at.is_in_calendar()).map(TapFrom::Moment);
            duration(other).ok().map(TapFrom::Ago).or_else(moment).ok_or_else(|| {
                format!("«{other}» is no beginning; write now, begin, 10m or 2026-12-31T09:00:00Z")
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<TapFrom>) {
        assert_eq!(from(text).ok(), expected, "{text}");
    }

    #[test]
    fn a_tap_begins_now_at_the_beginning_so_long_ago_or_at_a_moment() {
        check("now", Some(TapFrom::Now));
        check("begin", Some(TapFrom::Begin));
        check("10m", Some(TapFrom::Ago(Duration::from_secs(600))));
        check("1970-01-01T00:00:01Z", Some(TapFrom::Moment(Timestamp(1_000_000))));
        check("yesterday", None);
        check("10", None);
    }
}
