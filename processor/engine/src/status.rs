//! How an instance is, for probes and for people: shared, cheap to read.

use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How an instance is.
#[derive(Debug, Default)]
pub struct Status {
    inputs: AtomicU64,
    commands: AtomicU64,
    commits: Mutex<CommitTimes>,
    assigned: AtomicU64,
    running: AtomicU64,
    has_joined: AtomicBool,
    last_poll_ms: AtomicU64,
}

/// The times of all commits, in microseconds, to two digits.
#[derive(Debug)]
struct CommitTimes(Option<Histogram<u64>>);

impl Default for CommitTimes {
    fn default() -> Self {
        // These bounds are fine: from a microsecond to two minutes.
        Self(Histogram::new_with_bounds(1, 120_000_000, 2).ok())
    }
}

/// A process that has not polled for this long is stuck.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

impl Status {
    /// Whether the poll thread has polled lately. Before the first poll it counts as alive.
    #[must_use]
    pub fn is_alive(&self, ticks: Duration) -> bool {
        let last = Duration::from_millis(self.last_poll_ms.load(Ordering::Relaxed));
        last.is_zero() || ticks.saturating_sub(last) < LONGEST_SILENCE
    }

    /// Whether it is in the group and every partition that it was given is at work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_joined.load(Ordering::Relaxed)
            && self.running.load(Ordering::Relaxed) >= self.assigned.load(Ordering::Relaxed)
    }

    /// The partitions it was given, and those of them at work.
    #[must_use]
    pub fn partitions(&self) -> (u64, u64) {
        (self.assigned.load(Ordering::Relaxed), self.running.load(Ordering::Relaxed))
    }

    /// How many events and timers were decided and committed, and how many commands went out.
    #[must_use]
    pub fn committed(&self) -> (u64, u64) {
        (self.inputs.load(Ordering::Relaxed), self.commands.load(Ordering::Relaxed))
    }

    /// How long commits took: how many there were, and the time that `percent` of them took at
    /// most; nothing before the first.
    #[must_use]
    pub fn commit_time(&self, percent: f64) -> (u64, Duration) {
        let times = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let micros = times.0.as_ref().map_or(0, |times| times.value_at_percentile(percent));
        (times.0.as_ref().map_or(0, Histogram::len), Duration::from_micros(micros))
    }

    pub(crate) fn commit_ended(&self, took: Duration, inputs: usize, commands: u64) {
        self.inputs.fetch_add(u64::try_from(inputs).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.commands.fetch_add(commands, Ordering::Relaxed);
        let mut times = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = &mut times.0 {
            times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
    }

    pub(crate) fn polled(&self, ticks: Duration) {
        let ms = u64::try_from(ticks.as_millis()).unwrap_or(u64::MAX);
        self.last_poll_ms.store(ms.max(1), Ordering::Relaxed);
    }

    pub(crate) fn set(&self, assigned: usize, running: usize) {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.assigned.store(count(assigned), Ordering::Relaxed);
        self.running.store(count(running), Ordering::Relaxed);
        if assigned > 0 {
            self.has_joined.store(true, Ordering::Relaxed);
        }
    }
}
