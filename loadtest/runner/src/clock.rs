//! The run's clock: microseconds since its beginning, steady, and what they are on the wall clock.

use decision::time::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that begins at 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    began_on_the_wall: Timestamp,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub(crate) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_on_the_wall = Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        Self { began: Instant::now(), began_on_the_wall }
    }

    /// A clock that began so long ago, or as long ago as the machine knows.
    pub(crate) fn started_before(span: Duration) -> Self {
        let now = Self::start();
        let Some(began) = now.began.checked_sub(span) else { return now };
        let micros = i64::try_from(span.as_micros()).unwrap_or(0);
        Self { began, began_on_the_wall: now.began_on_the_wall.plus_micros(-micros) }
    }

    /// How many microseconds since its beginning.
    #[must_use]
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Waits until that moment; not at all where it is over.
    pub(crate) fn wait_until(&self, at_us: u64) {
        let left = at_us.saturating_sub(self.now_us());
        if left > 0 {
            std::thread::sleep(Duration::from_micros(left));
        }
    }

    /// Its beginning on the wall clock.
    #[must_use]
    pub(crate) fn began(&self) -> Timestamp {
        self.began_on_the_wall
    }

    /// A moment of this clock, on the wall clock.
    pub(crate) fn to_wall(self, at_us: u64) -> Timestamp {
        self.began_on_the_wall.plus_micros(i64::try_from(at_us).unwrap_or(i64::MAX))
    }

    /// A moment of the wall clock, on this one; 0 for one before its beginning.
    #[must_use]
    pub(crate) fn of_wall(&self, at: Timestamp) -> u64 {
        u64::try_from(at.micros_since(self.began_on_the_wall)).unwrap_or(0)
    }
}
