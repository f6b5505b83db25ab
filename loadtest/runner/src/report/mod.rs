//! What a run measured, ready to be shown and kept: the figures of each step, and the raw seconds.
//!
//! How it looks is `html`'s business; here is what it says, and how that follows from what was seen. `chart`, `grid`
//! and the frame of a page serve the comparisons too.

pub(crate) mod chart;
pub(crate) mod grid;
pub(crate) mod html;
mod machine;
mod steps;

pub use html::page;
pub use machine::{Machine, Versions, environment, free_memory, machine, versions};
pub(crate) use steps::{seconds, step};

use crate::matching::Tally;
use crate::verify::Verification;
use serde::Serialize;

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// When it began, UTC.
    pub began: String,
    /// What it ran on.
    pub machine: Machine,
    /// What ran.
    pub versions: Versions,
    /// How it was to run.
    pub settings: Settings,
    /// Each step of the rate.
    pub steps: Vec<Step>,
    /// What came out, against what was expected.
    pub commands: Commands,
    /// Whether all that came out is right, where that was asked.
    pub verification: Option<Verification>,
    /// Second by second.
    pub seconds: Vec<Second>,
}

/// How a run was to be.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The processor that was measured.
    pub processor: String,
    /// The profile's name.
    pub profile: String,
    /// What day it is.
    pub about: String,
    /// Whether only the work that every processor knows was sent.
    pub shared_work: bool,
    /// How many accounts.
    pub accounts: u32,
    /// What all chance came from.
    pub seed: u64,
    /// How many partitions each topic has.
    pub partitions: u32,
    /// How long the sender waits to fill a batch; it is part of the latency.
    pub linger_ms: u64,
    /// How long each step lasts.
    pub step_seconds: f64,
    /// What Weir's stores may use of memory.
    pub store_memory_bytes: u64,
    /// Settings of the processor that were given by the environment.
    pub environment: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Commands {
    /// In numbers.
    #[serde(flatten)]
    pub tally: Tally,
    /// How many had not come when the run ended.
    pub missing: u64,
    /// How many reports on commands were sent.
    pub reports: u64,
    /// A few of those that nothing had asked for.
    pub examples: Vec<String>,
    /// How many events the cluster did not take.
    pub lost: u64,
}

impl Commands {
    /// Whether everything came that should have, and nothing else.
    #[must_use]
    pub fn are_as_expected(&self) -> bool {
        let tally = &self.tally;
        (tally.unexpected, tally.passed_over, self.missing, self.lost) == (0, 0, 0, 0)
    }
}

/// Percentiles of a latency, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// Of a hundred 99 took no longer.
    pub p99: f64,
    /// Of a thousand 999 took no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// One step of the rate.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// How many events a second were intended.
    pub rate: u32,
    /// Its first second in the run.
    pub from_second: u64,
    /// The second after its last.
    pub to_second: u64,
    /// How many events were sent.
    pub sent: u64,
    /// How many a second the processor took.
    pub taken_per_second: f64,
    /// By how much the lag grew in a second, over the whole step.
    pub lag_growth_per_second: f64,
    /// The lag at its end.
    pub lag_at_end: i64,
    /// Whether the processor kept up.
    pub sustained: bool,
    /// How late the latest event went out, in milliseconds.
    pub latest_send_ms: f64,
    /// CPU time of the processor for each event that it took, in microseconds.
    pub processor_us_per_event: Option<f64>,
    /// CPU time of the broker for each event that the processor took, in microseconds.
    pub broker_us_per_event: Option<f64>,
    /// CPU time of the load test for each event that it sent, in microseconds.
    pub loadtest_us_per_event: f64,
    /// From an event to its command.
    pub events: Percentiles,
    /// From a timer's moment to its command.
    pub timers: Percentiles,
    /// The mean of the commits, in milliseconds.
    pub commit_mean_ms: Option<f64>,
    /// The bucket's bound that 99 of a hundred commits lie below, in milliseconds.
    pub commit_p99_ms: Option<f64>,
    /// Resident memory of the processor at its end.
    pub processor_bytes: Option<u64>,
}

/// One second.
#[derive(Clone, Debug, Serialize)]
pub struct Second {
    /// Its number, from the first step's beginning.
    pub second: u64,
    /// How many events were sent in it.
    pub sent: f64,
    /// How many the processor took.
    pub taken: f64,
    /// How many waited at its end.
    pub lag: i64,
    /// How late the latest event went out, in milliseconds.
    pub latest_send_ms: f64,
    /// Cores in use by the processor.
    pub processor_cores: Option<f64>,
    /// Cores in use by the broker.
    pub broker_cores: Option<f64>,
    /// Cores in use by the load test.
    pub loadtest_cores: f64,
    /// Resident memory of the processor.
    pub processor_bytes: Option<u64>,
    /// Resident memory of the broker.
    pub broker_bytes: Option<u64>,
    /// The mean of its commits, in milliseconds.
    pub commit_mean_ms: Option<f64>,
    /// The bound that 99 of a hundred of them lie below, in milliseconds.
    pub commit_p99_ms: Option<f64>,
    /// From an event meant for this second to its command.
    pub events: Percentiles,
    /// From a timer due in this second to its command.
    pub timers: Percentiles,
}

impl Report {
    /// The highest rate that was kept up with.
    #[must_use]
    pub fn sustained_rate(&self) -> Option<u32> {
        self.steps.iter().filter(|step| step.sustained).map(|step| step.rate).max()
    }
}
