//! Whether the wall clock is to be believed (architecture.md, Timers): a clock that runs ahead makes
//! everything fall due at once, and customers would be cut off for nothing.
//!
//! Two other clocks are held against it: the times at which records were appended to the log, and
//! the process's own clock that only goes forward. What waits for the believed time is the
//! task's business; why it is done so: `docs/decisions/0007-the-clock-is-held-against-the-log.md`.

use crate::metrics as names;
use decision::time::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Where nothing at all was read since the start, nothing speaks against the wall clock for longer
/// than this: a system where nothing happens must not stop for good.
const SILENCE_AT_START: Duration = Duration::from_secs(120);

/// A wall clock that was set ahead while the process ran is believed after this long without a
/// record, which would have told.
const SILENCE_AFTER_A_JUMP: Duration = Duration::from_secs(3_600);

/// How often it is said that the wall clock is not believed.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Holds the wall clock of a process against what the log says.
#[derive(Debug)]
pub struct ClockGuard {
    /// How far the wall clock may be ahead, in microseconds; none where it is always believed.
    lead_micros: Option<i64>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// How far the wall clock was ahead of the process's own when the log last bore it out.
    borne_out: Option<i64>,
    /// The latest time at which a record was appended, of those that the wall clock has reached.
    newest: Timestamp,
    /// When the last record was read, or the process began, by the process's own clock.
    heard: Option<Duration>,
    /// When it was last said that the wall clock is not believed.
    told: Option<Duration>,
}

/// What time it is, as far as it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Belief {
    /// What batches are decided at.
    pub(crate) now: Timestamp,
    /// Up to when something may fall due. At most `now`.
    pub(crate) due_until: Timestamp,
}

impl ClockGuard {
    /// A guard that lets the wall clock be `lead` ahead; [`Duration::MAX`] lets it be what it is.
    #[must_use]
    pub fn new(lead: Duration) -> Self {
        let known = Known { borne_out: None, newest: Timestamp::EARLIEST, heard: None, told: None };
        let lead_micros = (lead < Duration::MAX).then(|| micros(lead));
        Self { lead_micros, known: Mutex::new(known) }
    }

    /// A record was read that was appended at this time.
    pub(crate) fn heard(&self, appended_at: Timestamp, wall: Timestamp, ticks: Duration) {
        let Some(lead) = self.lead_micros else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.heard = Some(ticks);
        known.newest = known.newest.max(appended_at.min(wall));
        if wall.micros_since(appended_at) <= lead {
            known.borne_out = Some(ahead(wall, ticks));
        }
    }

    /// What time it is, as far as the wall clock is believed.
    pub(crate) fn believe(&self, wall: Timestamp, ticks: Duration) -> Belief {
        let Some(lead) = self.lead_micros else { return Belief { now: wall, due_until: wall } };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let silent_for = ticks.saturating_sub(*known.heard.get_or_insert(ticks));
        let ahead = ahead(wall, ticks);
        match known.borne_out {
            Some(borne_out) if ahead.saturating_sub(borne_out) <= lead => {
                Belief { now: wall, due_until: wall }
            }
            Some(borne_out) if silent_for < SILENCE_AFTER_A_JUMP => {
                // It was set ahead: the time goes on as it would have without.
                let own = Timestamp(micros(ticks).saturating_add(borne_out));
                let time = own.max(known.newest).min(wall);
                Belief { now: time, due_until: time }
            }
            // What the log says may be of a backlog: it holds back what is due, and moves no clock.
            None if silent_for < SILENCE_AT_START => Belief { now: wall, due_until: known.newest.min(wall) },
            Some(_) | None => {
                known.borne_out = Some(ahead);
                Belief { now: wall, due_until: wall }
            }
        }
    }

    /// Something is due by the wall clock, and waits since that is not believed: says so, once a
    /// minute.
    pub(crate) fn tell(&self, wall: Timestamp, belief: Belief, ticks: Duration) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.told.is_some_and(|told| ticks.saturating_sub(told) < TELL_EVERY) {
            return;
        }
        known.told = Some(ticks);
        let has_heard = known.newest > Timestamp::EARLIEST;
        drop(known);
        if has_heard {
            tracing::error!(
                wall_clock = %wall, newest_in_the_log = %belief.due_until,
                "the wall clock is ahead of the log and is not believed: what is due later waits. Set this \
                 machine's clock right; where producers write older times, have the input topics take the \
                 time of their append"
            );
        } else {
            tracing::warn!(
                wall_clock = %wall,
                "nothing was read yet that bears out the wall clock: what is due waits for a while"
            );
        }
    }

    /// Shows how far the wall clock is ahead of what is believed.
    pub(crate) fn show(wall: Timestamp, belief: Belief) {
        let is_known = belief.due_until > Timestamp::EARLIEST;
        let ahead = if is_known { wall.micros_since(belief.due_until).max(0) } else { 0 };
        #[expect(clippy::cast_precision_loss, reason = "a lead is shown to the second")]
        metrics::gauge!(names::CLOCK_LEAD_SECONDS).set(ahead as f64 / 1e6);
    }
}

/// How far the wall clock is ahead of the process's own: the same until somebody sets it.
fn ahead(wall: Timestamp, ticks: Duration) -> i64 {
    wall.0.saturating_sub(micros(ticks))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    /// A guard, and the two clocks in seconds.
    struct Clocks {
        guard: ClockGuard,
        wall: i64,
        ticks: u64,
    }

    impl Clocks {
        fn new() -> Self {
            Self { guard: ClockGuard::new(Duration::from_secs(60)), wall: 1_000_000, ticks: 50 }
        }

        fn pass(&mut self, seconds: i64) {
            self.wall += seconds;
            self.ticks += u64::try_from(seconds).unwrap();
        }

        fn heard(&self, seconds_ago: i64) {
            self.guard.heard(second(self.wall - seconds_ago), second(self.wall), self.ticks());
        }

        fn ticks(&self) -> Duration {
            Duration::from_secs(self.ticks)
        }

        /// Now, and until when something may fall due, both in seconds before the wall clock.
        fn behind(&self) -> (i64, i64) {
            let belief = self.guard.believe(second(self.wall), self.ticks());
            let behind = |time: Timestamp| second(self.wall).micros_since(time) / 1_000_000;
            (behind(belief.now), behind(belief.due_until))
        }
    }

    fn second(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn a_clock_that_the_log_bears_out_is_believed_for_as_long_as_nothing_happens() {
        let mut clocks = Clocks::new();
        clocks.heard(MINUTE);
        assert_eq!(clocks.behind(), (0, 0));
        clocks.pass(10 * 24 * 3_600);
        assert_eq!(clocks.behind(), (0, 0), "a quiet system goes on");
    }

    #[test]
    fn a_clock_more_than_a_minute_ahead_of_the_log_is_not_believed() {
        let clocks = Clocks::new();
        clocks.heard(MINUTE + 1);
        assert_eq!(clocks.behind(), (0, MINUTE + 1));
        clocks.heard(MINUTE);
        assert_eq!(clocks.behind(), (0, 0));
    }

    #[test]
    fn a_clock_that_is_set_ahead_while_it_runs_does_not_take_the_time_with_it() {
        let mut clocks = Clocks::new();
        clocks.heard(0);
        clocks.wall += 24 * 3_600;
        assert_eq!(clocks.behind(), (24 * 3_600, 24 * 3_600));
        clocks.pass(600);
        assert_eq!(clocks.behind(), (24 * 3_600, 24 * 3_600), "its own time goes on");
        clocks.heard(24 * 3_600);
        assert_eq!(clocks.behind(), (24 * 3_600, 24 * 3_600), "and the log says the same");
        clocks.heard(5);
        assert_eq!(clocks.behind(), (0, 0), "the log says it was right to set it");
    }

    #[test]
    fn a_clock_set_ahead_by_up_to_a_minute_is_believed() {
        let mut clocks = Clocks::new();
        clocks.heard(0);
        clocks.wall += MINUTE;
        assert_eq!(clocks.behind(), (0, 0));
        clocks.wall += 1;
        assert_eq!(clocks.behind(), (MINUTE + 1, MINUTE + 1));
    }

    #[test]
    fn where_nothing_is_read_the_clock_is_believed_after_two_minutes() {
        let mut clocks = Clocks::new();
        assert_eq!(clocks.guard.believe(second(clocks.wall), clocks.ticks()).due_until, Timestamp::EARLIEST);
        clocks.pass(119);
        assert_eq!(clocks.guard.believe(second(clocks.wall), clocks.ticks()).due_until, Timestamp::EARLIEST);
        clocks.pass(1);
        assert_eq!(clocks.behind(), (0, 0));
    }

    #[test]
    fn a_backlog_holds_back_what_is_due_until_its_end_is_quiet() {
        let mut clocks = Clocks::new();
        clocks.heard(3_600);
        assert_eq!(clocks.behind(), (0, 3_600));
        clocks.pass(60);
        clocks.heard(1_800);
        clocks.pass(119);
        assert_eq!(clocks.behind(), (0, 1_919));
        clocks.pass(1);
        assert_eq!(clocks.behind(), (0, 0));
    }

    #[test]
    fn a_clock_set_ahead_is_believed_after_an_hour_of_silence() {
        let mut clocks = Clocks::new();
        clocks.heard(0);
        clocks.wall += 7_200;
        clocks.pass(3_599);
        assert_eq!(clocks.behind(), (7_200, 7_200));
        clocks.pass(1);
        assert_eq!(clocks.behind(), (0, 0));
    }

    #[test]
    fn a_record_of_the_future_bears_nothing_out_beyond_the_wall_clock() {
        let mut clocks = Clocks::new();
        clocks.heard(-1_000_000);
        assert_eq!(clocks.behind(), (0, 0));
        clocks.wall += 600;
        assert_eq!(clocks.behind(), (600, 600));
    }

    #[test]
    fn a_guard_without_a_bound_believes_any_clock() {
        let guard = ClockGuard::new(Duration::MAX);
        guard.heard(second(1), second(10_000_000), Duration::ZERO);
        let wall = second(10_000_000);
        assert_eq!(guard.believe(wall, Duration::ZERO), Belief { now: wall, due_until: wall });
    }
}
