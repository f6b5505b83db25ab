//! How an instance is, for probes and for people: shared, cheap to read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How an instance is.
#[derive(Debug, Default)]
pub struct Status {
    assigned: AtomicU64,
    running: AtomicU64,
    has_joined: AtomicBool,
    last_poll_ms: AtomicU64,
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
