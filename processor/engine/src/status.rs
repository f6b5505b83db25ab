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
    /// Whether the group has given it its part, however much that is.
    has_its_part: AtomicBool,
    /// Until when it counts as alive without another sign of life; nothing before the first.
    alive_until_ms: AtomicU64,
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

/// Unless it waits for tasks that stop: their last commits may take as long as the log allows, and their
/// stores close as slowly as the disk is. To kill it then helps nobody, but for ever is too long.
const LONGEST_STOP: Duration = Duration::from_secs(600);

impl Status {
    /// Whether the poll thread has polled lately, or waits for tasks that stop. Before the first poll it
    /// counts as alive. What tasks do meanwhile, restore or wait for a disk, does not matter here.
    #[must_use]
    pub fn is_alive(&self, ticks: Duration) -> bool {
        let until = Duration::from_millis(self.alive_until_ms.load(Ordering::Relaxed));
        until.is_zero() || ticks < until
    }

    /// Whether the group has given it its part, and every partition of it is at work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_its_part.load(Ordering::Relaxed)
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
        self.lives_until(ticks.saturating_add(LONGEST_SILENCE));
    }

    /// The poll thread waits for tasks that stop.
    pub(crate) fn stops_tasks(&self, ticks: Duration) {
        self.lives_until(ticks.saturating_add(LONGEST_STOP));
    }

    fn lives_until(&self, until: Duration) {
        self.alive_until_ms.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The group has given it its part, be it nothing; or has taken it without a word.
    pub(crate) fn has_its_part(&self, has: bool) {
        self.has_its_part.store(has, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, assigned: usize, running: usize) {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.assigned.store(count(assigned), Ordering::Relaxed);
        self.running.store(count(running), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_its_poll_thread_is_silent_for_long_or_stops_tasks_for_very_long() {
        let (status, second) = (Status::default(), Duration::from_secs);
        assert!(status.is_alive(second(9_999)), "it has not begun");
        status.polled(second(100));
        assert!(status.is_alive(second(159)) && !status.is_alive(second(160)));
        status.stops_tasks(second(200));
        assert!(status.is_alive(second(799)) && !status.is_alive(second(800)));
        status.polled(second(300));
        assert!(!status.is_alive(second(360)));
    }

    #[test]
    fn a_process_is_ready_once_it_has_its_part_and_all_of_it_is_at_work() {
        let status = Status::default();
        #[track_caller]
        fn check(status: &Status, rows: &[(usize, usize, bool)]) {
            for (assigned, running, expected) in rows {
                status.set(*assigned, *running);
                assert_eq!(status.is_ready(), *expected, "{running} of {assigned}");
            }
        }
        check(&status, &[(0, 0, false), (2, 1, false)]);
        status.has_its_part(true);
        // One that is given nothing has nothing to restore.
        check(&status, &[(0, 0, true), (2, 0, false), (2, 1, false), (2, 2, true), (2, 1, false)]);
        // It was expelled, and has nothing: it is not ready for that.
        status.has_its_part(false);
        check(&status, &[(0, 0, false)]);
    }
}
