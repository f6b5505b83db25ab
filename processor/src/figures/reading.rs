//! What one reading of an instance says: its metrics, by what they mean, and whether it is ready.
//!
//! What changed between two readings is [`super::rates`]' business.

use super::buckets::Buckets;
use super::exposition::{self, Sample};
use engine::metrics as names;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an instance answered, at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// When, on a clock that only goes forward.
    pub(crate) at: Duration,
    /// What it waits for, in its own words; none where it is ready.
    pub(crate) waits_for: Option<String>,
    pub(crate) figures: Figures,
}

/// An instance's metrics. Counts are since its process began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Events taken, of all topics.
    pub(crate) events: f64,
    /// Commands committed.
    pub(crate) commands: f64,
    /// Alerts decided.
    pub(crate) alerts: f64,
    /// Events rejected, for all reasons.
    pub(crate) rejects: f64,
    /// Batches committed.
    pub(crate) commits: f64,
    /// How long commits took, in seconds.
    pub(crate) commit_seconds: Buckets,
    /// How far its clock is ahead of the time that is believed, in seconds.
    pub(crate) clock_lead_seconds: f64,
    /// What it shows of each partition that is its own.
    pub(crate) partitions: BTreeMap<u32, Partition>,
}

/// What an instance shows of a partition. A figure that a version of Weir does not show is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Partition {
    /// As [`names::TASK_STATE`] has it.
    task_state: Option<f64>,
    store_fails: f64,
    restore_records: f64,
    restore_seconds: f64,
    /// How far it is behind the newest input, in seconds.
    pub(crate) lag_seconds: Option<f64>,
    /// How late its earliest due timer is, in seconds.
    pub(crate) late_seconds: f64,
    pub(crate) queued: f64,
    pub(crate) debtors: f64,
    pub(crate) waiting: f64,
    pub(crate) held: f64,
    pub(crate) breaker_open: f64,
    pub(crate) put_off: f64,
    pub(crate) revision: f64,
}

/// How a partition's task stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    AtWork,
    /// It reads what is missing from its store: what is left, and how long that takes in seconds.
    Restoring {
        records: f64,
        seconds: f64,
    },
    /// Its store fails, and it waits for the disk.
    StoreFails,
    /// It has not come back yet, and reads nothing: it waits for the log, or opens its store.
    ComesBack,
    /// Its instance does not say: it is of an earlier version.
    Unknown,
}

impl Partition {
    pub(crate) fn state(&self) -> State {
        if self.store_fails > 0.0 {
            return State::StoreFails;
        }
        if self.restore_records > 0.0 {
            return State::Restoring { records: self.restore_records, seconds: self.restore_seconds };
        }
        match self.task_state {
            Some(state) if state >= names::AT_WORK => State::AtWork,
            Some(_) => State::ComesBack,
            None => State::Unknown,
        }
    }

    pub(crate) fn is_breaker_open(&self) -> bool {
        self.breaker_open > 0.0
    }

    /// Whether it is this instance's. One that was let go shows nothing but zeros from then on.
    fn is_here(&self) -> bool {
        let figures =
            [self.restore_records, self.late_seconds, self.queued, self.debtors, self.held, self.revision];
        match self.task_state {
            Some(state) => state > 0.0,
            None => figures.iter().any(|figure| *figure > 0.0),
        }
    }

    /// Takes what a metric says of it, where it is one that is shown here.
    fn take(&mut self, metric: &str, value: f64) {
        match metric {
            names::TASK_STATE => self.task_state = Some(value),
            names::INPUT_LAG_SECONDS => self.lag_seconds = Some(value),
            names::STORE_FAILING => self.store_fails = value,
            names::RESTORE_REMAINING_RECORDS => self.restore_records = value,
            names::RESTORE_REMAINING_SECONDS => self.restore_seconds = value,
            names::TIMER_LATENESS_SECONDS => self.late_seconds = value,
            names::QUEUED_RECORDS => self.queued = value,
            names::CACHED_DEBTORS => self.debtors = value,
            names::WAITING_COMMANDS => self.waiting = value,
            names::HELD_COMMANDS => self.held = value,
            names::BREAKER_OPEN => self.breaker_open = value,
            names::PUT_OFF => self.put_off = value,
            names::POLICY_REVISION => self.revision = value,
            _ => {}
        }
    }
}

impl Figures {
    /// Of the text that an instance answers.
    ///
    /// # Errors
    /// Why it is not what a running Weir answers, in words.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let samples = exposition::samples(text)
            .map_err(|line| format!("what it answers are no metrics: line {line} is none"))?;
        if !samples.iter().any(|sample| sample.name.starts_with("weir_")) {
            return Err("its metrics are not those of a Weir".to_owned());
        }
        Ok(Self::of(&samples))
    }

    fn of(samples: &[Sample]) -> Self {
        let mut figures = Self::default();
        let (bucket, mut buckets) = (format!("{}_bucket", names::COMMIT_SECONDS), Vec::new());
        for sample in samples {
            if let Some(partition) = sample.label("partition").and_then(|number| number.parse().ok()) {
                let partition: &mut Partition = figures.partitions.entry(partition).or_default();
                partition.take(&sample.name, sample.value);
                continue;
            }
            match sample.name.as_str() {
                names::EVENTS => figures.events += sample.value,
                names::COMMANDS => figures.commands += sample.value,
                names::ALERTS => figures.alerts += sample.value,
                names::REJECTS => figures.rejects += sample.value,
                names::COMMITS => figures.commits += sample.value,
                names::CLOCK_LEAD_SECONDS => figures.clock_lead_seconds = sample.value,
                name if name == bucket => buckets.extend(bound(sample).map(|bound| (bound, sample.value))),
                _ => {}
            }
        }
        figures.commit_seconds = Buckets::new(buckets);
        figures.partitions.retain(|_, partition| partition.is_here());
        figures
    }
}

/// Up to what a bucket counts.
fn bound(sample: &Sample) -> Option<f64> {
    match sample.label("le")? {
        "+Inf" => Some(f64::INFINITY),
        bound => bound.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_state(metrics: &str, expected: Option<State>) {
        let figures = Figures::read(&format!("weir_commits_total 1\n{metrics}")).unwrap();
        assert_eq!(figures.partitions.get(&7).map(Partition::state), expected, "{metrics}");
    }

    #[test]
    fn how_a_partition_stands_is_told_by_its_metrics_and_one_that_was_let_go_is_not_shown() {
        let of = |name: &str, value: &str| format!("weir_{name}{{partition=\"7\"}} {value}\n");
        let at_work = of("task_state", "2");
        check_state(&at_work, Some(State::AtWork));
        check_state(&of("task_state", "1"), Some(State::ComesBack));
        let restoring = of("restore_remaining_records", "500") + &of("restore_remaining_seconds", "2.5");
        let expected = State::Restoring { records: 500.0, seconds: 2.5 };
        check_state(&(of("task_state", "1") + &restoring), Some(expected));
        check_state(&(of("task_state", "1") + &of("store_failing", "1")), Some(State::StoreFails));
        // Let go: what was counted of it stays.
        let let_go = of("task_state", "0") + &of("cached_debtors", "0") + &of("restored_records_total", "9");
        check_state(&let_go, None);
        check_state("", None);
        // Of an earlier version, which does not say.
        check_state(&of("cached_debtors", "3"), Some(State::Unknown));
        check_state(&of("cached_debtors", "0"), None);
    }

    #[test]
    fn counts_are_those_of_all_topics_and_reasons_and_each_partition_has_its_own_figures() {
        let text = "# TYPE weir_events_total counter
weir_events_total{topic=\"balances\"} 10
weir_events_total{topic=\"payments\"} 5
weir_commands_total 4
weir_alerts_total 6
weir_rejects_total{reason=\"poison\"} 1
weir_rejects_total{reason=\"unknown invoice\"} 2
weir_commits_total 3
weir_commit_seconds_bucket{le=\"0.001\"} 2
weir_commit_seconds_bucket{le=\"+Inf\"} 3
weir_commit_seconds_sum 0.5
weir_commit_seconds_count 3
weir_clock_lead_seconds 1.5
weir_task_state{partition=\"2\"} 2
weir_input_lag_seconds{partition=\"2\"} 0.25
weir_timer_lateness_seconds{partition=\"2\"} 4
weir_queued_records{partition=\"2\"} 5
weir_cached_debtors{partition=\"2\"} 6
weir_waiting_commands{partition=\"2\"} 7
weir_held_commands{partition=\"2\"} 8
weir_breaker_open{partition=\"2\"} 1
weir_put_off{partition=\"2\"} 9
weir_policy_revision{partition=\"2\"} 10
process_cpu_seconds_total 12
";
        let figures = Figures::read(text).unwrap();
        let counts = (figures.events, figures.commands, figures.alerts, figures.rejects, figures.commits);
        assert_eq!(counts, (15.0, 4.0, 6.0, 3.0, 3.0));
        assert_eq!(figures.commit_seconds, Buckets::new(vec![(0.001, 2.0), (f64::INFINITY, 3.0)]));
        assert_eq!(figures.clock_lead_seconds, 1.5);
        let expected = Partition {
            task_state: Some(2.0),
            lag_seconds: Some(0.25),
            late_seconds: 4.0,
            queued: 5.0,
            debtors: 6.0,
            waiting: 7.0,
            held: 8.0,
            breaker_open: 1.0,
            put_off: 9.0,
            revision: 10.0,
            ..Partition::default()
        };
        assert_eq!(figures.partitions, BTreeMap::from([(2, expected)]));
    }

    #[test]
    fn what_is_not_of_a_running_weir_is_said_to_be_so() {
        for (text, expected) in [
            ("<html>\n</html>", "what it answers are no metrics: line 1 is none"),
            ("", "its metrics are not those of a Weir"),
            ("kafka_lag 3\n", "its metrics are not those of a Weir"),
        ] {
            assert_eq!(Figures::read(text), Err(expected.to_owned()), "{text}");
        }
    }
}
