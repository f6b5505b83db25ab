//! The newer group protocol (KIP-848), which gives and takes some partitions and not all.

use crate::cluster::Cluster;
use crate::contract::{Setting, at, commit, fenced, nothing, polls, record};
use connectors::kafka::{GroupProtocol, KafkaLog, KafkaSettings};
use engine::log::{Consumer, Log, Polled, Producer, TopicPartition};
use std::time::{Duration, Instant};

#[test]
fn under_the_newer_protocol_a_newcomer_gets_some_partitions_of_all_topics() {
    let cluster = Cluster::of_test("kip848");
    let process = || {
        let settings = KafkaSettings { group_protocol: GroupProtocol::Consumer, ..cluster.settings() };
        KafkaLog::new(settings).unwrap()
    };
    let topics = [cluster.topic("a", 4), cluster.topic("b", 4)];
    let mut old = process().join(&topics).unwrap();
    let all: Vec<_> = topics.iter().flat_map(|topic| (0..4).map(move |number| at(topic, number))).collect();
    takes_in_steps(&mut old, &all);
    // Each is read to its end before: what is written next lies where the end was.
    for partition in &all {
        old.start(partition, 0).unwrap();
    }
    for _ in &all {
        assert!(matches!(polls(&mut old, nothing), Polled::End { offset: 0, .. }));
    }
    let mut new = process().join(&topics).unwrap();
    let Polled::Revoked(taken) = polls(&mut old, is_end) else { panic!() };
    assert_eq!(taken.len(), 4, "{taken:?}");
    old.unassign(&taken).unwrap();
    let (begun, mut partitions) = (Instant::now(), Vec::new());
    let given = loop {
        // Nothing is given at first, and to the old one after it has let go: that is to be answered
        // too, and only then are the partitions free.
        for consumer in [&mut old, &mut new] {
            if let Ok(Polled::Assigned(given)) = consumer.poll(1, Duration::from_millis(50)) {
                consumer.assign(&given).unwrap();
                partitions.extend(given);
            }
        }
        if !partitions.is_empty() {
            break std::mem::take(&mut partitions);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is given");
    };
    assert_eq!(given, taken);
    let numbers = |partitions: &[TopicPartition], topic: &str| -> Vec<u32> {
        let of_topic = partitions.iter().filter(|partition| &*partition.topic == topic);
        of_topic.map(|partition| partition.partition).collect()
    };
    assert_eq!(numbers(&taken, &topics[0]), numbers(&taken, &topics[1]), "co-partitioned");
    // What it kept works on, without having been touched, and not a record too far.
    let kept: Vec<_> = all.iter().filter(|partition| !taken.contains(partition)).cloned().collect();
    let writer = process();
    let mut producer = fenced(&writer, &format!("{}-writer", cluster.settings().group_id));
    producer.begin().unwrap();
    for partition in &kept {
        producer.send(&record(partition.clone(), "next")).unwrap();
    }
    commit(&mut producer, vec![], &writer.onlooker().unwrap()).unwrap();
    let mut came = Vec::new();
    while came.len() < kept.len() {
        let Polled::Records(records) = polls(&mut old, is_end) else { panic!() };
        came.extend(records.into_iter().map(|record| (record.source, record.offset)));
    }
    came.sort();
    assert_eq!(came, kept.into_iter().map(|partition| (partition, 0)).collect::<Vec<_>>());
}

fn is_end(polled: &Polled) -> bool {
    matches!(polled, Polled::End { .. })
}

/// Takes what is given until it is all of `expected`. The broker assigns by what its coordinator has
/// heard of: of a topic that was just made, perhaps only in a further step.
#[track_caller]
fn takes_in_steps(consumer: &mut impl Consumer, expected: &[TopicPartition]) {
    let mut taken = Vec::new();
    while taken.len() < expected.len() {
        let Polled::Assigned(given) = polls(consumer, is_end) else {
            panic!("something else came after {taken:?}");
        };
        consumer.assign(&given).unwrap();
        taken.extend(given);
        taken.sort();
    }
    assert_eq!(taken, expected);
}
