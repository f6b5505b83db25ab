//! How this instance stands, for the API: out of its own metrics, as Prometheus reads them.
//!
//! A rate needs two readings. A thread reads the metrics every two seconds and keeps the last few, so that a rate is of the
//! last ten seconds whoever asks, and however many ask and how often costs nothing more: rendering and reading the
//! metrics of a hundred partitions takes milliseconds, which nobody's question then pays. What is told is two seconds
//! old at most.

use super::{Met, Others};
use crate::figures::count;
use crate::figures::rates::Rates;
use crate::figures::reading::{self, Figures, Reading};
use api::instances::Instances;
use api::instances::told::{self, Instance, Standing};
use api::{Health, Metrics};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the metrics are read.
const EVERY: Duration = Duration::from_secs(2);

/// How many readings are kept: from the first to the last are ten seconds.
const KEPT: usize = 6;

/// How this instance stands.
pub(crate) struct Observed {
    health: Arc<dyn Health>,
    /// The others; none where there are none.
    others: Option<Arc<Others>>,
    readings: Arc<Mutex<VecDeque<Reading>>>,
    /// How much faster than whoever asks this instance's clock goes: 1 but in the demo.
    speed: f64,
}

impl Observed {
    /// Reads these metrics from now on, for as long as somebody may ask.
    pub(crate) fn new(metrics: Metrics, health: Arc<dyn Health>, others: Option<Arc<Others>>) -> Self {
        let readings: Arc<Mutex<VecDeque<Reading>>> = Arc::default();
        let (kept, began) = (Arc::downgrade(&readings), Instant::now());
        let look = move || {
            let text = metrics.render();
            let Some(kept) = kept.upgrade() else { return false };
            match Figures::read(&text) {
                Ok(figures) => {
                    keep(&kept, Reading { at: began.elapsed(), waits_for: None, figures });
                }
                Err(error) => tracing::warn!(error, "this instance's own metrics cannot be read"),
            }
            true
        };
        look();
        let thread = std::thread::Builder::new().name("weir-figures".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(EVERY);
                if !look() {
                    return;
                }
            }
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "what this instance does is not told over the API: its thread cannot be started");
        }
        Self { health, others, readings, speed: 1.0 }
    }

    /// The same of an instance whose clock goes so many times faster: how far it is behind is told by the clock of
    /// whoever asks, as they wait for it.
    pub(crate) fn faster(self, speed: f64) -> Self {
        Self { speed, ..self }
    }

    fn figures(&self) -> Option<told::Figures> {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, last) = (readings.front()?, readings.back()?);
        Some(told_of(&last.figures, Rates::between(first, last).as_ref(), self.speed))
    }
}

fn keep(kept: &Mutex<VecDeque<Reading>>, reading: Reading) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push_back(reading);
    while kept.len() > KEPT {
        kept.pop_front();
    }
}

impl Instances for Observed {
    fn here(&self) -> Instance {
        let waits_for = self.health.ready().err();
        let met = self.others.as_ref().and_then(|others| others.met.get());
        let (url, shares_url) = match met {
            Some(Met::Fleet(own, fleet)) => (Some(own.to_string()), fleet.has_namesake()),
            Some(Met::Nobody) | None => (None, false),
        };
        let standing = if waits_for.is_some() { Standing::Waiting } else { Standing::Ready };
        let (claims, figures) = (Vec::new(), self.figures());
        Instance { url, this_one: true, standing, waits_for, shares_url, claims, figures }
    }

    fn others(&self) -> Vec<Arc<str>> {
        match self.others.as_ref().and_then(|others| others.met.get()) {
            Some(Met::Fleet(own, fleet)) => {
                fleet.instances().into_iter().map(|known| known.url).filter(|url| url != own).collect()
            }
            Some(Met::Nobody) | None => Vec::new(),
        }
    }
}

/// The figures as the API tells them.
fn told_of(figures: &Figures, rates: Option<&Rates>, speed: f64) -> told::Figures {
    let rate = |of: fn(&Rates) -> f64| rates.map(of).filter(|rate| rate.is_finite());
    let commits = rates.and_then(|rates| rates.commit_seconds.as_ref());
    let milliseconds =
        |share| commits.and_then(|commits| commits.quantile(share)).map(|found| found.value * 1_000.0);
    told::Figures {
        events_per_second: rate(|rates| rates.events),
        commands_per_second: rate(|rates| rates.commands),
        alerts_per_second: rate(|rates| rates.alerts),
        rejects_per_second: rate(|rates| rates.rejects),
        commit_p50_ms: milliseconds(0.5),
        commit_p99_ms: milliseconds(0.99),
        clock_lead_seconds: finite(figures.clock_lead_seconds / speed).unwrap_or(0.0),
        partitions: figures
            .partitions
            .iter()
            .map(|(number, shown)| partition(*number, shown, speed))
            .collect(),
    }
}

fn partition(number: u32, shown: &reading::Partition, speed: f64) -> told::Partition {
    let count = |figure| count(figure).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let (state, left) = match shown.state() {
        // This process always says how its tasks stand.
        reading::State::AtWork | reading::State::Unknown => (told::State::AtWork, None),
        reading::State::Restoring { records, seconds } => (told::State::Restoring, Some((records, seconds))),
        reading::State::StoreFails => (told::State::StoreFailing, None),
        reading::State::ComesBack => (told::State::ComingBack, None),
    };
    told::Partition {
        partition: number,
        state,
        restore_records: left.map(|(records, _)| count(records)),
        // At its beginning it has no pace yet.
        restore_seconds: left.and_then(|(_, seconds)| finite(seconds)).filter(|seconds| *seconds > 0.0),
        lag_seconds: shown.lag_seconds.and_then(|lag| finite(lag / speed)),
        timer_lateness_seconds: finite(shown.late_seconds / speed).unwrap_or(0.0),
        queued_records: count(shown.queued),
        cached_debtors: count(shown.debtors),
        waiting_commands: count(shown.waiting),
        held_commands: count(shown.held),
        breaker_open: shown.is_breaker_open(),
        put_off: count(shown.put_off),
        policy_revision: count(shown.revision),
    }
}

/// JSON has no other numbers.
fn finite(number: f64) -> Option<f64> {
    Some(number).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const BEFORE: &str = "weir_events_total{topic=\"balances\"} 100\nweir_commits_total 0\n";

    const AFTER: &str = r#"weir_events_total{topic="balances"} 900
weir_events_total{topic="payments"} 200
weir_commands_total 50
weir_rejects_total{reason="unknown_plan"} 5
weir_commits_total 100
weir_commit_seconds_bucket{le="0.002"} 50
weir_commit_seconds_bucket{le="0.004"} 100
weir_commit_seconds_bucket{le="+Inf"} 100
weir_clock_lead_seconds 1.5
weir_task_state{partition="0"} 2
weir_input_lag_seconds{partition="0"} 75
weir_timer_lateness_seconds{partition="0"} 400
weir_queued_records{partition="0"} 12
weir_cached_debtors{partition="0"} 1000
weir_waiting_commands{partition="0"} 3
weir_held_commands{partition="0"} 4
weir_breaker_open{partition="0"} 1
weir_put_off{partition="0"} 2
weir_policy_revision{partition="0"} 9
weir_task_state{partition="1"} 1
weir_restore_remaining_records{partition="1"} 500
weir_restore_remaining_seconds{partition="1"} 2.5
weir_task_state{partition="2"} 1
weir_input_lag_seconds{partition="2"} NaN
weir_task_state{partition="3"} 1
weir_store_failing{partition="3"} 1
weir_task_state{partition="4"} 0
"#;

    fn reading(seconds: u64, text: &str) -> Reading {
        let figures = Figures::read(text).unwrap();
        Reading { at: Duration::from_secs(seconds), waits_for: None, figures }
    }

    #[track_caller]
    fn check(pointer: &str, expected: &Value) {
        check_at(1.0, pointer, expected);
    }

    /// What stands at a place of what is told, in JSON, of an instance whose clock goes so many times faster.
    #[track_caller]
    fn check_at(speed: f64, pointer: &str, expected: &Value) {
        let (before, after) = (reading(0, BEFORE), reading(10, AFTER));
        let told = told_of(&after.figures, Rates::between(&before, &after).as_ref(), speed);
        let told = serde_json::to_value(told).unwrap();
        assert_eq!(told.pointer(pointer), Some(expected), "{pointer} of {told:#}");
    }

    #[test]
    fn what_the_metrics_say_is_told_with_rates_over_the_time_between() {
        check("/events_per_second", &json!(100.0));
        check("/commands_per_second", &json!(5.0));
        check("/rejects_per_second", &json!(0.5));
        check("/commit_p50_ms", &json!(2.0));
        check("/commit_p99_ms", &json!(3.96));
        check("/clock_lead_seconds", &json!(1.5));
        let at_work = json!({
            "partition": 0, "state": "at_work", "restore_records": null, "restore_seconds": null,
            "lag_seconds": 75.0, "timer_lateness_seconds": 400.0, "queued_records": 12, "cached_debtors": 1_000,
            "waiting_commands": 3, "held_commands": 4, "breaker_open": true, "put_off": 2, "policy_revision": 9,
        });
        check("/partitions/0", &at_work);
        check("/partitions/1/state", &json!("restoring"));
        check("/partitions/1/restore_records", &json!(500));
        check("/partitions/1/restore_seconds", &json!(2.5));
        check("/partitions/2/state", &json!("coming_back"));
        // What is no number is none.
        check("/partitions/2/lag_seconds", &Value::Null);
        check("/partitions/3/state", &json!("store_failing"));
    }

    #[test]
    fn an_instance_whose_clock_goes_faster_is_behind_by_the_clock_of_whoever_asks() {
        check_at(50.0, "/partitions/0/lag_seconds", &json!(1.5));
        check_at(50.0, "/partitions/0/timer_lateness_seconds", &json!(8.0));
        check_at(50.0, "/clock_lead_seconds", &json!(0.03));
        check_at(50.0, "/events_per_second", &json!(100.0));
    }

    #[test]
    fn the_readings_that_are_kept_reach_ten_seconds_back() {
        let kept = Mutex::default();
        for seconds in 0..20 {
            keep(&kept, reading(seconds * EVERY.as_secs(), BEFORE));
        }
        let kept = kept.lock().unwrap();
        let (first, last) = (kept.front().unwrap(), kept.back().unwrap());
        assert_eq!((first.at, last.at), (Duration::from_secs(28), Duration::from_secs(38)));
    }
}
