//! What is told of instances and of their partitions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The instances, and the partitions that none of them has.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Fleet {
    /// Those that are known, this one first, then by their addresses.
    pub instances: Vec<Instance>,
    /// How many partitions there are; none while this instance has only begun.
    pub partitions: Option<u32>,
    /// The partitions that nobody has: they wait for an instance.
    pub nobodys: Vec<u32>,
    /// The partitions that are not here, where this instance does not know of others (it has no `[api] url`).
    pub elsewhere: Vec<u32>,
}

/// An instance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Where its API is reached; none where it has no address of its own.
    #[schema(example = "http://weir-0.weir:8090")]
    pub url: Option<String>,
    /// Whether it is the one that answers.
    pub this_one: bool,
    /// How it stands.
    pub standing: Standing,
    /// What it waits for, in its own words; none where it is ready, or silent.
    pub waits_for: Option<String>,
    /// Whether another process says that it is reached at the same `url`, so that the two are not told apart: what either
    /// works on is found by chance. Never of a silent one, nor of a version of Weir that does not say.
    #[serde(default)]
    pub shares_url: bool,
    /// The partitions that a silent one said it works on.
    pub claims: Vec<u32>,
    /// What it does; none of a silent one.
    pub figures: Option<Figures>,
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All its partitions are at work.
    Ready,
    /// It is not ready, and waits for something.
    Waiting,
    /// It does not answer in time, or declines to.
    Silent,
}

/// What an instance does: rates over the last ten seconds, as they were two seconds ago at most.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Events taken a second, of all topics; none in the first two seconds.
    pub events_per_second: Option<f64>,
    /// Commands committed a second.
    pub commands_per_second: Option<f64>,
    /// Alerts a second; none before there are two readings, and of a version of Weir that does not say.
    #[serde(default)]
    pub alerts_per_second: Option<f64>,
    /// Events rejected a second.
    pub rejects_per_second: Option<f64>,
    /// The time that half of the commits took at most, in milliseconds; none where there were none.
    pub commit_p50_ms: Option<f64>,
    /// The time that 99 of 100 commits took at most, in milliseconds.
    pub commit_p99_ms: Option<f64>,
    /// How far its clock is ahead of the time that is believed, in seconds: above 0 nothing newer falls due.
    pub clock_lead_seconds: f64,
    /// The partitions that are its own, by number.
    pub partitions: Vec<Partition>,
}

/// A partition, as whoever has it shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Partition {
    /// Its number.
    pub partition: u32,
    /// How its task stands.
    pub state: State,
    /// How many records it still has to read, where it restores.
    pub restore_records: Option<u64>,
    /// How long that takes at its pace so far, in seconds.
    pub restore_seconds: Option<f64>,
    /// How far it is behind the newest input, in seconds; none where its task has not said so yet.
    pub lag_seconds: Option<f64>,
    /// How late its earliest due timer is, in seconds.
    pub timer_lateness_seconds: f64,
    /// Records that wait for its task.
    pub queued_records: u64,
    /// Debtors that are kept decoded.
    pub cached_debtors: u64,
    /// Commands that wait for their rate, or for their hours.
    pub waiting_commands: u64,
    /// Commands that the breaker holds.
    pub held_commands: u64,
    /// Whether the breaker holds what cuts off, until a person has decided.
    pub breaker_open: bool,
    /// Timers and debtors over which the core failed, and which are tried again.
    pub put_off: u64,
    /// Up to which publication of the policy it knows all; 0 where it goes by files.
    pub policy_revision: u64,
}

/// How a partition's task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is at work.
    AtWork,
    /// It reads what its store lacks.
    Restoring,
    /// Its store fails, and it waits for the disk.
    StoreFailing,
    /// It has not come back yet: it waits for the log, or opens its store.
    ComingBack,
}

impl Partition {
    /// Whether it is too far behind the newest input.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lag_seconds.is_some_and(|lag| lag > super::LONG_LAG_SECONDS)
    }

    /// Whether its timers are too late.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.timer_lateness_seconds > super::LONG_LATENESS_SECONDS
    }
}
