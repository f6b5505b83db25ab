//! The clocks that the engine is run by.

use decision::time::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The machine's clock.
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl engine::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn ticks(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock on which a day takes as long as it is told: the demo's.
pub(crate) struct FastClock {
    started: Instant,
    first: Timestamp,
    day: Duration,
}

impl FastClock {
    pub(crate) fn new(first: Timestamp, day: Duration) -> Self {
        Self { started: Instant::now(), first, day }
    }

    /// How much faster than the machine's it goes.
    pub(crate) fn speed(&self) -> f64 {
        86_400.0 / self.day.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Microseconds in a day.
const DAY_MICROS: u128 = 86_400_000_000;

impl engine::Clock for FastClock {
    fn now(&self) -> Timestamp {
        let passed = self.started.elapsed().as_nanos().saturating_mul(DAY_MICROS);
        let micros = passed.checked_div(self.day.as_nanos()).unwrap_or(0);
        self.first.plus_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn ticks(&self) -> Duration {
        self.started.elapsed()
    }
}
