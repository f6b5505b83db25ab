//! How late the processor was, by its own word: from an event's moment to that of what it decided of it.

use super::{NEAR, SECOND};
use std::collections::BTreeMap;

/// The longest of each second, by the moment that what was done was meant for.
#[derive(Debug, Default)]
pub(super) struct Lags {
    seconds: BTreeMap<i64, i64>,
    longest: i64,
}

impl Lags {
    /// What was meant for a moment was decided at another.
    pub(super) fn saw(&mut self, meant: i64, done: i64) {
        let lag = done.saturating_sub(meant).max(0);
        let second = self.seconds.entry(meant.div_euclid(SECOND)).or_default();
        *second = lag.max(*second);
        self.longest = lag.max(self.longest);
    }

    /// Within how much of a moment things may have been taken in either order.
    pub(super) fn near(&self, at: i64) -> i64 {
        self.between(at, at)
    }

    /// Within how much of each other things of this span may have been taken in either order.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        if self.longest <= NEAR || from > to {
            return NEAR;
        }
        let second = |at: i64| at.div_euclid(SECOND);
        let (first, last) = (second(from) - 3, second(to) + 3);
        if let Some(lag) = self.seconds.range(first..=last).map(|(_, lag)| *lag).max() {
            return lag.max(NEAR);
        }
        // Nothing was decided then. It was as late as before or after, whichever is the later.
        let before = self.seconds.range(..first).next_back();
        let after = self.seconds.range(last..).next();
        before.into_iter().chain(after).map(|(_, lag)| *lag).max().unwrap_or_default().max(NEAR)
    }

    /// The longest of all.
    pub(super) fn longest(&self) -> i64 {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_in_time_to_a_lag_is_uncertain_by_it() {
        let mut lags = Lags::default();
        lags.saw(100 * SECOND, 101 * SECOND);
        assert_eq!(lags.near(100 * SECOND), NEAR);
        lags.saw(100 * SECOND, 109 * SECOND);
        lags.saw(100 * SECOND, 99 * SECOND);
        lags.saw(95 * SECOND, 95 * SECOND);
        lags.saw(106 * SECOND, 106 * SECOND);
        for (at, near) in [(96, NEAR), (97, 9 * SECOND), (103, 9 * SECOND), (104, NEAR)] {
            assert_eq!(lags.near(at * SECOND), near, "{at}");
        }
        assert_eq!(lags.between(90 * SECOND, 97 * SECOND), 9 * SECOND);
        assert_eq!(lags.longest(), 9 * SECOND);
    }

    #[test]
    fn where_nothing_was_decided_it_was_as_late_as_before_or_after() {
        let mut lags = Lags::default();
        assert_eq!(lags.near(100 * SECOND), NEAR);
        lags.saw(100 * SECOND, 109 * SECOND);
        lags.saw(200 * SECOND, 200 * SECOND);
        lags.saw(300 * SECOND, 300 * SECOND);
        for (at, near) in [(50, 9 * SECOND), (150, 9 * SECOND), (250, NEAR), (350, NEAR)] {
            assert_eq!(lags.near(at * SECOND), near, "{at}");
        }
    }
}
