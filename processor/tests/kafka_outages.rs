//! The broker and the registry end and come back while load runs. These tests have their servers for
//! themselves, and come one after the other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use loadtest::generate::{Operator, Profile};
use schemas::OutputTopic;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use support::kafka::{Process, Site, read_topic, servers};

const LONG: Duration = Duration::from_secs(180);

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell_days(site: &mut Site, operator: &mut Operator, days: usize) {
    for _ in 0..days {
        for event in operator.next_day() {
            site.tell(&event);
        }
    }
}

fn lines_with(process: &Process, what: &str) -> usize {
    process.log().matches(what).count()
}

#[test]
fn a_broker_that_ends_in_mid_transaction_and_comes_back_loses_nothing_and_doubles_nothing() {
    let _turn = alone();
    let mut site = Site::new("broker");
    let mut operator = Operator::new(Profile::test(41));
    // Commits are slow, so that there is always one on its way.
    let mut process = site.start(&[("WEIR_FAULT_PAUSE_BEFORE_APPLY_MS", "20")]);
    process.wait_until_ready();
    for is_crash in [false, true] {
        tell_days(&mut site, &mut operator, 10);
        let before = lines_with(&process, "committed, not applied");
        while lines_with(&process, "committed, not applied") < before + 5 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut kafka = servers().kafka();
        if is_crash {
            kafka.kill().unwrap();
        } else {
            kafka.stop().unwrap();
        }
        tell_days(&mut site, &mut operator, 5);
        kafka.restart().unwrap();
        drop(kafka);
        tell_days(&mut site, &mut operator, 5);
        site.wait_until_done(LONG);
        assert!(process.is_running(), "{}", process.log());
    }
    process.terminate();
    let verdict = site.check_well();
    assert!(verdict.commands > 100, "{verdict:?}");
}

#[test]
fn a_registry_that_is_away_holds_up_what_needs_it_and_nothing_is_rejected_for_it() {
    let _turn = alone();
    let mut site = Site::new("registry");
    let mut operator = Operator::new(Profile::test(42));
    let mut process = site.start(&[]);
    process.wait_until_ready();
    // It has met no event yet, and so no event's schema.
    servers().registry().stop().unwrap();
    tell_days(&mut site, &mut operator, 5);
    site.flush();
    process.wait_for("the schema registry is out of reach", LONG);
    servers().registry().restart().unwrap();
    tell_days(&mut site, &mut operator, 5);
    site.wait_until_done(LONG);
    process.terminate();
    let verdict = site.check_well();
    let unknown = read_topic(site.names.output(OutputTopic::Rejects)).into_iter().flatten();
    let is_unknown = |value: &[u8]| value.windows(17).any(|bytes| bytes == b"unknown_schema_id");
    assert!(!unknown.filter_map(|record| record.value).any(|value| is_unknown(&value)), "{verdict:?}");
    assert!(verdict.inputs > 100, "{verdict:?}");
}
