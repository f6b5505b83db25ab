//! What a task counts and shows: the metrics that every event or commit moves, each looked up once.

use crate::metrics as names;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use schemas::InputTopic;
use std::time::Duration;

/// A count that is shown now and then.
struct Tally {
    counter: Counter,
    count: u64,
}

impl Tally {
    fn new(counter: Counter) -> Self {
        Self { counter, count: 0 }
    }

    fn add_one(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    fn show(&mut self) {
        if self.count > 0 {
            self.counter.increment(std::mem::take(&mut self.count));
        }
    }
}

/// The metrics of a task.
pub(super) struct Shown {
    /// By the input topics' order.
    events: Vec<Tally>,
    timers_fired: Tally,
    alerts: Tally,
    timer_lateness: Gauge,
    input_lag: Gauge,
    commit_seconds: Histogram,
    batch_inputs: Histogram,
    commits: Counter,
    commands: Counter,
    cached_debtors: Gauge,
    waiting_commands: Gauge,
    held_commands: Gauge,
    breaker_open: Gauge,
    put_off: Gauge,
    policy_revision: Gauge,
}

/// How many there are of what a task shows as gauges.
pub(super) struct Counts {
    pub(super) cached_debtors: usize,
    pub(super) waiting_commands: usize,
    pub(super) held_commands: usize,
    pub(super) is_breaker_open: bool,
    pub(super) put_off: usize,
    pub(super) policy_revision: usize,
}

impl Shown {
    pub(super) fn new(label: &str) -> Self {
        let own = |name: &'static str| gauge!(name, "partition" => label.to_owned());
        let of_topic = |topic: &InputTopic| counter!(names::EVENTS, "topic" => topic.spec().name);
        Self {
            events: InputTopic::ALL.iter().map(|topic| Tally::new(of_topic(topic))).collect(),
            timers_fired: Tally::new(counter!(names::TIMERS_FIRED)),
            alerts: Tally::new(counter!(names::ALERTS)),
            timer_lateness: own(names::TIMER_LATENESS_SECONDS),
            input_lag: own(names::INPUT_LAG_SECONDS),
            commit_seconds: histogram!(names::COMMIT_SECONDS),
            batch_inputs: histogram!(names::BATCH_INPUTS),
            commits: counter!(names::COMMITS),
            commands: counter!(names::COMMANDS),
            cached_debtors: own(names::CACHED_DEBTORS),
            waiting_commands: own(names::WAITING_COMMANDS),
            held_commands: own(names::HELD_COMMANDS),
            breaker_open: own(names::BREAKER_OPEN),
            put_off: own(names::PUT_OFF),
            policy_revision: own(names::POLICY_REVISION),
        }
    }

    /// An event of this topic was taken.
    pub(super) fn event(&mut self, topic: InputTopic) {
        if let Some(tally) = self.events.get_mut(topic.index()) {
            tally.add_one();
        }
    }

    /// A timer fired.
    pub(super) fn timer(&mut self) {
        self.timers_fired.add_one();
    }

    /// An alert was decided.
    pub(super) fn alert(&mut self) {
        self.alerts.add_one();
    }

    /// How late the earliest due timer is, in microseconds.
    pub(super) fn lateness(&self, micros: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a lateness is shown to the second")]
        self.timer_lateness.set(micros as f64 / 1e6);
    }

    /// How old the newest record is of those that were just taken, in microseconds.
    pub(super) fn lag(&self, micros: i64) {
        #[expect(clippy::cast_precision_loss, reason = "a lag is shown to the second")]
        self.input_lag.set(micros.max(0) as f64 / 1e6);
    }

    /// What was taken since the last time.
    pub(super) fn taken(&mut self) {
        self.events.iter_mut().for_each(Tally::show);
        self.timers_fired.show();
        self.alerts.show();
    }

    /// A batch is committed.
    pub(super) fn committed(&self, took: Duration, inputs: usize, commands: u64) {
        self.commit_seconds.record(took.as_secs_f64());
        self.batch_inputs.record(precise(inputs));
        self.commits.increment(1);
        self.commands.increment(commands);
    }

    /// How it stands.
    pub(super) fn stands(&self, counts: &Counts) {
        self.cached_debtors.set(precise(counts.cached_debtors));
        self.waiting_commands.set(precise(counts.waiting_commands));
        self.held_commands.set(precise(counts.held_commands));
        self.breaker_open.set(precise(usize::from(counts.is_breaker_open)));
        self.put_off.set(precise(counts.put_off));
        self.policy_revision.set(precise(counts.policy_revision));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count is small")]
fn precise(count: usize) -> f64 {
    count as f64
}
