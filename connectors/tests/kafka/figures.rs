//! What a record costs on its way in and out. Measured, not tested: `./x bench` runs it, in release.

use crate::cluster::Cluster;
use crate::contract::{Setting, at, commit, fenced, record, takes};
use bytes::Bytes;
use engine::log::{Consumer, Log, NewRecord, Polled, Producer, Reader};
use engine::rejects::{Filter, Rejects};
use schemas::{Encoder, OutputTopic, Schemas, StaticRegistry, TopicNames};
use std::sync::Arc;
use std::time::{Duration, Instant};

const RECORDS: u32 = 300_000;
const BATCH: u32 = 3_000;

#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_record() {
    let cluster = Cluster::of_test("figures");
    let log = cluster.process(None);
    let input = at(&cluster.topic("in", 1), 0);
    let mut consumer = log.join(std::slice::from_ref(&input.topic)).unwrap();
    takes(&mut consumer, std::slice::from_ref(&input));
    let mut producer = fenced(&log, &format!("{}-p", input.topic));
    let text = "x".repeat(100);
    let (mut sending, begun) = (Duration::ZERO, Instant::now());
    for _ in 0..RECORDS / BATCH {
        producer.begin().unwrap();
        let sent = Instant::now();
        for _ in 0..BATCH {
            producer.send(&record(input.clone(), &text)).unwrap();
        }
        sending += sent.elapsed();
        commit(&mut producer, vec![], &consumer.membership()).unwrap();
    }
    tell("send (the call alone)", sending);
    tell("send and commit, 3,000 a transaction", begun.elapsed());

    let begun = Instant::now();
    let mut reader = log.reader().unwrap();
    reader.seek(&input, 0).unwrap();
    let mut count = 0;
    while count < RECORDS as usize {
        count += reader.read(Duration::from_secs(1)).unwrap().records.len();
    }
    tell("read", begun.elapsed());

    consumer.start(&input, 0).unwrap();
    let begun = Instant::now();
    let mut count = 0;
    while count < RECORDS as usize {
        if let Polled::Records(records) = consumer.poll(1_000, Duration::from_secs(1)).unwrap() {
            count += records.len();
        }
    }
    tell("poll", begun.elapsed());
    // The fetched records wait in the client's queue: what is left is the call's own cost.
    consumer.start(&input, 0).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let begun = Instant::now();
    let mut count: u32 = 0;
    while count < RECORDS / 3 {
        if let Polled::Records(records) = consumer.poll(1_000, Duration::from_secs(1)).unwrap() {
            count += u32::try_from(records.len()).unwrap();
        }
    }
    tell("poll of what was fetched already", begun.elapsed() * 3);
}

fn tell(what: &str, took: Duration) {
    eprintln!("{what}: {:.2} µs a record", took.as_secs_f64() * 1e6 / f64::from(RECORDS));
}

const PARTITIONS: u32 = 200;

/// What whoever looks at the rejects waits, where the topic has many partitions: all hold some, or one of them.
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_list_of_rejects() {
    let cluster = Cluster::of_test("rejects");
    let log = cluster.process(None);
    let topic = cluster.topic("rejects", PARTITIONS);
    let all: Vec<_> = (0..PARTITIONS).map(|partition| at(&topic, partition)).collect();
    // Of partitions that were just made, a broker may not know yet that it leads them.
    while log.end_offsets(&all).is_err() {
        std::thread::sleep(Duration::from_millis(100));
    }
    let names = TopicNames::default().with_output(OutputTopic::Rejects, &topic);
    let registry = Arc::new(StaticRegistry::new());
    let schemas = Schemas::for_topics(&*registry, &names).unwrap();
    let mut form = Vec::new();
    Encoder::new(schemas).reject(&schemas::sample::reject(), &mut form).unwrap();
    let form = Bytes::from(form);
    let write = |partitions: std::ops::Range<u32>, count: u32| {
        for partition in partitions {
            let (key, value) = (Bytes::from_static(b"A-1"), Some(form.clone()));
            let record = NewRecord { target: at(&topic, partition), key, value, timestamp: 1 };
            for _ in 0..count {
                log.append(&record, Duration::from_secs(10)).unwrap();
            }
        }
    };
    let look = |what: &str| {
        for _ in 0..3 {
            let mut rejects =
                Rejects::new(&log, "figures", &names, registry.clone()).bounded(10_000, &|| false);
            let begun = Instant::now();
            let listed = rejects.list(&Filter::default(), 20).unwrap();
            let found = listed.rejects.len() as u64 + listed.older;
            let took = begun.elapsed().as_millis();
            eprintln!("{PARTITIONS} partitions, {what}: {found} rejects in {took} ms");
        }
    };
    look("all empty");
    write(7..8, 20);
    look("one with 20");
    write(0..PARTITIONS, 20);
    look("each with 20");
}
