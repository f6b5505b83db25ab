//! The newer group protocol (KIP-848), which gives and takes some partitions and not all.

use crate::cluster::Cluster;
use crate::contract::{Setting, at, is_silent, nothing, polls, takes};
use connectors::kafka::{GroupProtocol, KafkaLog, KafkaSettings};
use engine::log::{Consumer, Log, Polled};
use std::time::Duration;

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
    takes(&mut old, &all);
    let mut new = process().join(&topics).unwrap();
    let Polled::Revoked(taken) = polls(&mut old, nothing) else { panic!() };
    assert_eq!(taken.len(), 4, "{taken:?}");
    is_silent(&mut new, Duration::from_secs(1), |polled| *polled == Polled::Assigned(Vec::new()));
    old.unassign(&taken).unwrap();
    // An assignment of nothing may come first.
    takes(&mut new, &taken);
    let numbers = |partitions: &[engine::log::TopicPartition], topic: &str| -> Vec<u32> {
        let of_topic = partitions.iter().filter(|partition| &*partition.topic == topic);
        of_topic.map(|partition| partition.partition).collect()
    };
    assert_eq!(numbers(&taken, &topics[0]), numbers(&taken, &topics[1]), "co-partitioned");
    // What it kept works on, without having been touched.
    let kept = all.iter().find(|partition| !taken.contains(partition)).unwrap();
    old.start(kept, 0).unwrap();
    assert_eq!(polls(&mut old, nothing), Polled::End { source: kept.clone(), offset: 0 });
}
