//! How the engine runs: sizes and paces, each with its reason.
//!
//! What a user may set, and how, is the binary's business (`weir.toml`).

use crate::faults::Faults;
use std::time::Duration;

/// The engine's sizes and paces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most inputs (events and timers) decided in one batch. A full batch waits for the commit
    /// of the one before; what comes meanwhile waits in the task's queue.
    pub batch_inputs: usize,
    /// How long after the end of a commit the next one begins, when something is dirty: what a
    /// command waits at most for company.
    pub commit_interval: Duration,
    /// The most timers fired in one batch: live events go first.
    pub timers_per_batch: usize,
    /// The most debtors decided anew in one batch after another version of the policy came to hold.
    pub swept_per_batch: usize,
    /// How far the wall clock may be ahead of the newest record in the log before it is no longer
    /// believed; [`Duration::MAX`] where it is always believed.
    pub clock_lead: Duration,
    /// The records that wait for one task before its partitions are paused; they are resumed at
    /// half of it, and that is a full batch.
    pub queued_records: usize,
    /// The most records taken from the log by one poll.
    pub poll_records: usize,
    /// The most debtors kept decoded in a task.
    pub cached_debtors: usize,
    /// How long a commit may take before its outcome counts as unknown. Longer than the
    /// transaction's own time-out and an abort after it, by when the log has surely ended it; not by more,
    /// since a client's call may never come back, and the partition stands still until then.
    pub commit_timeout: Duration,
    /// State older than this is rebuilt from the changelog's start: half of the changelog's
    /// `delete.retention.ms`, since a tombstone missed by an older state may be gone.
    pub oldest_state: Duration,
    /// Whether an input topic that was made anew is read from its start, and one that lost what was not read on
    /// from what it holds, and not refused: a person has seen to it that nothing is missing.
    pub accept_remade_inputs: bool,
    /// What is broken on purpose, in tests.
    pub faults: Faults,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_inputs: 10_000,
            commit_interval: Duration::from_millis(5),
            timers_per_batch: 500,
            swept_per_batch: 200,
            clock_lead: Duration::from_secs(60),
            queued_records: 20_000,
            poll_records: 2_000,
            cached_debtors: 20_000,
            commit_timeout: Duration::from_secs(45),
            oldest_state: Duration::from_secs(12 * 3_600),
            accept_remade_inputs: false,
            faults: Faults::default(),
        }
    }
}

/// Where the engine gets its time from.
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> decision::time::Timestamp;

    /// A clock that only goes forward, for paces and measurements.
    fn ticks(&self) -> Duration;
}
