//! What the page says, against the report that it is made of.

use super::page;
use crate::matching::Tally;
use crate::report::{Commands, Machine, Percentiles, Report, Second, Settings, Step, Versions};

fn percentiles(p99: f64) -> Percentiles {
    Percentiles { count: 9, p50: 1.5, p99, p999: 33.0, max: 71.0 }
}

fn report() -> Report {
    let second = |number: u64| Second {
        second: number,
        sent: 4_000.0,
        taken: 3_990.0,
        lag: 12,
        latest_send_ms: 0.5,
        processor_cores: Some(0.4),
        broker_cores: Some(0.3),
        loadtest_cores: 0.1,
        processor_bytes: Some(100 << 20),
        broker_bytes: Some(900 << 20),
        commit_mean_ms: Some(4.0),
        commit_p99_ms: Some(10.0),
        events: percentiles(17.26),
        timers: Percentiles::default(),
    };
    Report {
        began: "2026-03-01T00:00:00Z".to_owned(),
        machine: Machine {
            cpu: "Z80 <fast>".to_owned(),
            cores: 2,
            memory_bytes: 8 << 30,
            kernel: "6.1".to_owned(),
        },
        versions: Versions {
            processor: "weir 0.1.0".to_owned(),
            broker: "Apache Kafka 4.3.1".to_owned(),
            librdkafka: "2.12.1".to_owned(),
            commit: "0123456789ab+".to_owned(),
        },
        settings: Settings {
            processor: "weir".to_owned(),
            profile: "mixed".to_owned(),
            about: "an ordinary day".to_owned(),
            shared_work: false,
            accounts: 100_000,
            seed: 77,
            partitions: 6,
            linger_ms: 5,
            step_seconds: 30.0,
            store_memory_bytes: 512 << 20,
            environment: vec!["WEIR__ENGINE__BATCH_INPUTS=500".to_owned()],
        },
        steps: vec![Step {
            rate: 4_000,
            from_second: 0,
            to_second: 2,
            sent: 8_000,
            taken_per_second: 3_987.0,
            lag_growth_per_second: 0.0,
            lag_at_end: 12,
            sustained: true,
            latest_send_ms: 0.5,
            processor_us_per_event: Some(8.75),
            broker_us_per_event: Some(6.5),
            loadtest_us_per_event: 1.6,
            events: percentiles(17.26),
            timers: Percentiles::default(),
            commit_mean_ms: Some(4.0),
            commit_p99_ms: Some(10.0),
            processor_bytes: Some(100 << 20),
        }],
        commands: Commands {
            tally: Tally { expected: 321, matched: 321, ..Tally::default() },
            ..Commands::default()
        },
        verification: None,
        seconds: vec![second(0), second(1)],
    }
}

#[test]
fn the_page_holds_the_figures_and_the_conditions_they_hold_under() {
    let page = page(&report());
    for wanted in [
        "Kept up with 4000 events a second.",
        "321 commands for events",
        "all as expected",
        "17.3",
        "8.75 / 6.5 / 1.6",
        "3987",
        "Z80 &lt;fast&gt;, 2 cores",
        "Apache Kafka 4.3.1",
        "0123456789ab+",
        "100,000, 77",
        "WEIR__ENGINE__BATCH_INPUTS=500",
        "\"lag_at_end\":12",
    ] {
        assert!(page.contains(wanted), "{wanted} is not on the page");
    }
    assert_eq!(page.matches("<svg").count(), 6);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page(&report());
    for unwanted in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(unwanted), "{unwanted} is on the page");
    }
}

#[test]
fn a_run_that_was_fast_and_wrong_says_so_first() {
    let mut report = report();
    report.commands.missing = 3;
    report.commands.tally.unexpected = 2;
    report.commands.examples = vec!["A-00000001: Thanks </script>".to_owned()];
    let page = page(&report);
    assert!(page.contains("3 are missing") && page.contains("nothing had asked for 2"));
    assert!(page.contains("class=bad") && !page.contains("all as expected"));
    assert_eq!(page.matches("</script>").count(), 1, "what a command said ends the script");
}
