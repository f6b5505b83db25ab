//! What is told of instances that work, restore and do not answer.

use super::*;
use crate::figures::reading::Figures;
use crate::top::samples;
use std::time::Duration;

/// Whether a partition that shows this is well.
#[track_caller]
fn check_well(lines: &str, expected: bool) {
    let figures = Figures::read(&samples::metrics(&format!("commits_total 1\n{lines}"))).unwrap();
    let mut watched = Watched::new("a");
    watched.heard(Ok(Reading { at: Duration::ZERO, waits_for: None, figures }));
    let wells: Vec<bool> = Overview::of(&[watched]).partitions.iter().map(PartitionRow::is_well).collect();
    assert_eq!(wells, [expected], "{lines}");
}

#[test]
fn a_partition_is_well_where_nothing_of_it_needs_an_eye() {
    check_well("task_state@1 2", true);
    check_well("task_state@1 1", false);
    check_well("task_state@1 2\nstore_failing@1 1", false);
    check_well("task_state@1 2\nrestore_remaining_records@1 5", false);
    check_well("task_state@1 2\nbreaker_open@1 1", false);
    check_well("task_state@1 2\nheld_commands@1 1", false);
    check_well("task_state@1 2\nput_off@1 1", false);
    check_well("task_state@1 2\ntimer_lateness_seconds@1 300", true);
    check_well("task_state@1 2\ntimer_lateness_seconds@1 301", false);
    check_well("task_state@1 2\ninput_lag_seconds@1 60", true);
    check_well("task_state@1 2\ninput_lag_seconds@1 61", false);
    check_well("task_state@1 2\nwaiting_commands@1 9\nqueued_records@1 9", true);
    check_well("cached_debtors@1 9", true);
}

#[test]
fn all_instances_are_added_up_and_one_that_does_not_answer_shows_nothing() {
    let overview = Overview::of(&samples::watched());
    let standings: Vec<_> = overview.instances.iter().map(|row| row.standing.clone()).collect();
    let waits = Standing::Waits("0 of 2 assigned partitions are at work".to_owned());
    assert_eq!(standings, [Standing::Ready, waits, Standing::NoAnswer("connection refused".to_owned())]);
    assert!(overview.instances[2].work.is_none() && !overview.is_ready());
    let total = &overview.total;
    let counts = (total.partitions, total.at_work, total.restoring, total.queued);
    assert_eq!(counts, (4, 2, 1, 4_230.0));
    assert_eq!(total.clock_lead_seconds, 90.0);
    let rates = total.rates.as_ref().unwrap();
    assert_eq!((rates.events, rates.commands, rates.rejects), (12_345.0, 150.0, 1.5));
    let p99 = rates.commit_seconds.as_ref().unwrap().quantile(0.99).unwrap();
    assert!((p99.value - 0.003_96).abs() < 1e-9, "{p99:?}");
}

#[test]
fn rates_go_on_from_the_last_answer_after_a_silence() {
    let reading = |seconds: u64, commits: u32| {
        let figures = Figures::read(&format!("weir_commits_total {commits}\n")).unwrap();
        Ok(Reading { at: Duration::from_secs(seconds), waits_for: None, figures })
    };
    let mut watched = Watched::new("a");
    let commits = |watched: &Watched| {
        let row = row(watched);
        row.work.map(|work| work.rates.map(|rates| rates.commits))
    };
    assert_eq!(watched.standing(), Standing::Asked);
    watched.heard(reading(0, 10));
    assert_eq!((commits(&watched), watched.standing()), (Some(None), Standing::Ready));
    watched.heard(Err("no answer within 1 s".to_owned()));
    assert_eq!(commits(&watched), None);
    watched.heard(reading(4, 50));
    assert_eq!(commits(&watched), Some(Some(10.0)));
}

#[test]
fn a_partition_that_moves_is_counted_once_though_two_show_it() {
    let mut one = samples::watched();
    one.extend(samples::watched());
    let overview = Overview::of(&one);
    assert_eq!((overview.partitions.len(), overview.different_partitions()), (8, 4));
}
