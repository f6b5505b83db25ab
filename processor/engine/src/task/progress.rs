//! How far a task has come with catching up: in its metrics, and every few seconds in the log.
//!
//! What it reads is `recovery`'s business.

use crate::log::TopicPartition;
use crate::metrics as names;
use std::time::Duration;

/// How often the log says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How often the metrics do.
const SHOW_EVERY: Duration = Duration::from_millis(500);

/// A reading of one topic, from where the store stands to the topic's end.
pub(crate) struct Progress<'a> {
    source: &'a TopicPartition,
    from: i64,
    end: i64,
    begun: Duration,
    shown: Duration,
    told: Duration,
}

/// What is left to read, and how long that takes at the pace so far.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Left {
    records: i64,
    a_second: f64,
    seconds: f64,
}

impl<'a> Progress<'a> {
    /// The reading begins.
    pub(crate) fn new(source: &'a TopicPartition, from: i64, end: i64, now: Duration) -> Self {
        Self { source, from, end, begun: now, shown: now, told: now }
    }

    /// It has come to this position.
    pub(crate) fn has_come_to(&mut self, position: i64, now: Duration) {
        if now.saturating_sub(self.shown) < SHOW_EVERY {
            return;
        }
        self.shown = now;
        let left = self.left(position, now);
        self.show(left);
        if now.saturating_sub(self.told) >= TELL_EVERY {
            self.told = now;
            tracing::info!(
                partition = self.source.partition,
                topic = %self.source.topic,
                position,
                end = self.end,
                records_per_second = left.a_second.round(),
                remaining_s = left.seconds.round(),
                "catching up"
            );
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "for people, who need no more than some digits")]
    fn left(&self, position: i64, now: Duration) -> Left {
        let records = self.end.saturating_sub(position).max(0);
        let read = position.saturating_sub(self.from) as f64;
        let a_second = read / now.saturating_sub(self.begun).as_secs_f64().max(f64::MIN_POSITIVE);
        let seconds = if a_second > 0.0 { records as f64 / a_second } else { 0.0 };
        Left { records, a_second, seconds }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge has no other numbers")]
    fn show(&self, left: Left) {
        let label = self.source.partition.to_string();
        metrics::gauge!(names::RESTORE_REMAINING_RECORDS, "partition" => label.clone())
            .set(left.records as f64);
        metrics::gauge!(names::RESTORE_REMAINING_SECONDS, "partition" => label).set(left.seconds);
    }
}

impl Drop for Progress<'_> {
    /// However it ended, nothing more is being read.
    fn drop(&mut self) {
        self.show(Left { records: 0, a_second: 0.0, seconds: 0.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(position: i64, after_secs: u64, expected: (i64, f64, f64)) {
        let source = TopicPartition { topic: "weir.debtors".into(), partition: 3 };
        let progress = Progress::new(&source, 1_000, 11_000, Duration::from_secs(50));
        let left = progress.left(position, Duration::from_secs(50 + after_secs));
        assert_eq!((left.records, left.a_second, left.seconds), expected);
    }

    #[test]
    fn what_is_left_takes_as_long_as_the_pace_so_far_says() {
        check(1_000, 2, (10_000, 0.0, 0.0));
        check(6_000, 5, (5_000, 1_000.0, 5.0));
        check(11_000, 8, (0, 1_250.0, 0.0));
        // Markers at the end of the log may take the position beyond what was its end.
        check(11_002, 8, (0, 1_250.25, 0.0));
    }
}
