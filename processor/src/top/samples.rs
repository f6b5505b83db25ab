//! Instances for the tests here: two at work, of which one restores, and one that does not answer.

use super::overview::Watched;
use crate::figures::reading::{Figures, Reading};
use std::time::Duration;

/// What an instance shows: lines of `name value`, those of a partition as `name@partition value`.
pub(super) fn metrics(lines: &str) -> String {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (name, value) = line.split_once(' ').unwrap();
        match name.split_once('@') {
            Some((name, partition)) => format!("weir_{name}{{partition=\"{partition}\"}} {value}\n"),
            None => format!("weir_{name} {value}\n"),
        }
    });
    lines.collect()
}

fn reading(seconds: u64, waits_for: Option<&str>, lines: &str) -> Reading {
    let figures = Figures::read(&metrics(lines)).unwrap();
    Reading { at: Duration::from_secs(seconds), waits_for: waits_for.map(str::to_owned), figures }
}

/// Three instances, after two questions.
pub(super) fn watched() -> Vec<Watched> {
    let mut all = ["weir-0:8080", "weir-1:8080", "weir-2:8080"].map(Watched::new);
    let [at_work, restores, silent] = &mut all;
    at_work.heard(Ok(reading(0, None, BEFORE)));
    at_work.heard(Ok(reading(2, None, AFTER)));
    restores.heard(Ok(reading(0, None, "commits_total 5")));
    restores.heard(Ok(reading(2, Some("0 of 2 assigned partitions are at work"), RESTORES)));
    silent.heard(Err("connection refused".to_owned()));
    all.into_iter().collect()
}

const BEFORE: &str = "
    events_total{topic=\"balances\"} 1000
    commands_total 10
    commits_total 100
    commit_seconds_bucket{le=\"0.002\"} 100
    commit_seconds_bucket{le=\"0.004\"} 100
    commit_seconds_bucket{le=\"+Inf\"} 100
";

const AFTER: &str = "
    events_total{topic=\"balances\"} 25000
    events_total{topic=\"payments\"} 690
    commands_total 310
    rejects_total{reason=\"poison\"} 3
    commits_total 300
    commit_seconds_bucket{le=\"0.002\"} 200
    commit_seconds_bucket{le=\"0.004\"} 300
    commit_seconds_bucket{le=\"+Inf\"} 300
    task_state@0 2
    input_lag_seconds@0 0.012
    timer_lateness_seconds@0 420
    queued_records@0 30
    cached_debtors@0 10000
    policy_revision@0 4
    task_state@1 2
    input_lag_seconds@1 75
    queued_records@1 4200
    cached_debtors@1 9800
    waiting_commands@1 12
    held_commands@1 1300
    breaker_open@1 1
    policy_revision@1 4
";

const RESTORES: &str = "
    commits_total 5
    clock_lead_seconds 90
    task_state@2 1
    restore_remaining_records@2 12300
    restore_remaining_seconds@2 14
    task_state@3 1
    store_failing@3 1
";
