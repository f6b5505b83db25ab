//! A member that pauses partitions while their tasks have enough to do.

use crate::cluster::Cluster;
use crate::contract::{Setting, at, commit, fenced, record, takes};
use connectors::kafka::{KafkaLog, KafkaSettings, Statistics};
use engine::log::{Consumer, Log, Polled, Producer, TopicPartition};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const RECORDS: u64 = 100_000;
/// Some ten megabytes, so that far more is fetched than is polled between two pauses.
const BYTES: usize = 100;

#[test]
fn what_is_fetched_of_a_paused_partition_is_not_fetched_again() {
    let cluster = Cluster::of_test("pauses");
    let fetched = Arc::new(AtomicU64::new(0));
    let input = at(&cluster.topic("in", 1), 0);
    let mut consumer = process(&cluster, &fetched).join(std::slice::from_ref(&input.topic)).unwrap();
    takes(&mut consumer, std::slice::from_ref(&input));
    fill(&cluster, &input);

    consumer.start(&input, 0).unwrap();
    let (begun, mut read) = (Instant::now(), 0);
    while read < RECORDS {
        assert!(begun.elapsed() < Duration::from_secs(60), "{read} records came");
        let before = read;
        while read < RECORDS.min(before + 2_000) {
            read += polled(&mut consumer, read);
        }
        // Long enough for further fetches to come in.
        consumer.pause(std::slice::from_ref(&input)).unwrap();
        let paused = Instant::now();
        while paused.elapsed() < Duration::from_millis(20) {
            read += polled(&mut consumer, read);
        }
        consumer.resume(std::slice::from_ref(&input)).unwrap();
    }
    // The client tells ten times a second what it has fetched.
    std::thread::sleep(Duration::from_millis(300));
    while polled(&mut consumer, read) > 0 {}
    let fetched = fetched.load(Ordering::Relaxed);
    assert!(fetched >= RECORDS, "the client tells of {fetched} records");
    assert!(fetched < RECORDS + RECORDS / 10, "{fetched} records were fetched for {RECORDS}");
}

/// A process whose clients tell how many records they have fetched.
fn process(cluster: &Cluster, fetched: &Arc<AtomicU64>) -> KafkaLog {
    let fetched = Arc::clone(fetched);
    let report = Arc::new(move |_: &str, json: &[u8]| {
        let told: serde_json::Value = serde_json::from_slice(json).unwrap();
        fetched.fetch_max(told["rxmsgs"].as_u64().unwrap(), Ordering::Relaxed);
    });
    let statistics = Some(Statistics { every: Duration::from_millis(100), report });
    KafkaLog::new(KafkaSettings { statistics, ..cluster.settings() }).unwrap()
}

fn fill(cluster: &Cluster, input: &TopicPartition) {
    let log = cluster.process(None);
    let mut producer = fenced(&log, &format!("{}-p", input.topic));
    let text = "x".repeat(BYTES);
    for _ in 0..RECORDS / 5_000 {
        producer.begin().unwrap();
        for _ in 0..5_000 {
            producer.send(&record(input.clone(), &text)).unwrap();
        }
        commit(&mut producer, vec![], &log.onlooker().unwrap()).unwrap();
    }
}

/// How many records a poll brings. Their offsets rise: none comes twice.
fn polled(consumer: &mut impl Consumer, read: u64) -> u64 {
    match consumer.poll(1_000, Duration::from_millis(5)).unwrap() {
        Polled::Records(records) => {
            assert!(records.iter().is_sorted_by(|one, other| one.offset < other.offset));
            assert!(records.first().is_none_or(|first| first.offset >= i64::try_from(read).unwrap()));
            records.len() as u64
        }
        Polled::End { .. } => 0,
        other @ (Polled::Stuck { .. } | Polled::Assigned(_) | Polled::Revoked(_) | Polled::Lost(_)) => {
            panic!("{other:?}")
        }
    }
}
