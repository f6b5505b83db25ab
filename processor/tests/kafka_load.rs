//! A short load test of the binary on a real Kafka: that it measures, and that what comes out is what should.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use loadtest::load::{Profile, Size};
use loadtest_runner::Choice;
use loadtest_runner::report::page;
use loadtest_runner::run::{Plan, run};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[test]
fn a_load_is_answered_as_expected_and_measured() {
    let count = |number| NonZeroU32::new(number).unwrap();
    let plan = Plan {
        name: "mixed".to_owned(),
        profile: Profile::parse("mixed", Profile::shipped("mixed").unwrap()).unwrap(),
        shared_work: false,
        size: Size { accounts: count(3_000), seed: 4 },
        rates: vec![count(300), count(600)],
        step: Duration::from_secs(6),
        preload_rate: count(3_000),
        choice: Choice::Weir(env!("CARGO_BIN_EXE_weir").into()),
        brokers: None,
        broker_process: None,
        registry: None,
        prefix: "weir".to_owned(),
        partitions: 3,
        linger: Duration::from_millis(5),
        store_memory: 64 << 20,
        expects_commands: true,
        folder: None,
    };
    let report = run(&plan, &AtomicBool::new(false), &|_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.commands.are_as_expected(), "{:?}", report.commands);
    assert!(report.commands.tally.matched > 200 && report.commands.reports > 200, "{:?}", report.commands);
    let rates: Vec<u32> = report.steps.iter().map(|step| step.rate).collect();
    assert_eq!(rates, [300, 600]);
    for step in &report.steps {
        let wanted = f64::from(step.rate);
        assert!((step.taken_per_second / wanted - 1.0).abs() < 0.25, "{step:?}");
        assert!(
            step.events.count > 20 && step.events.p50 > 0.0 && step.events.p50 <= step.events.p99,
            "{step:?}"
        );
        assert!(
            step.processor_us_per_event.unwrap() > 0.0 && step.broker_us_per_event.unwrap() > 0.0,
            "{step:?}"
        );
        assert!(step.commit_mean_ms.unwrap() > 0.0 && step.processor_bytes.unwrap() > 1 << 20, "{step:?}");
    }
    assert!(report.seconds.len() >= 12, "{}", report.seconds.len());
    assert!(page(&report).contains("all as expected"));
}
