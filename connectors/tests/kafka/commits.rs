//! Commits on a real broker: how long they take, and what becomes of a stale member's.

use crate::cluster::Cluster;
use crate::contract::{self, Setting, at, commit, fenced, nothing, polls, record, send, takes};
use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::{KafkaLog, KafkaSettings};
use engine::log::{CommitError, Consumer, Log, LogError, Membership, Polled, Producer};
use loadtest::broker::{Kafka, KafkaOptions};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Commits batches of records to three topics with offsets, one after the other, and says how long
/// the median and the slowest in a hundred took.
fn measure(cluster: &Cluster, batch: u32, pause: Duration) -> (Duration, Duration) {
    let log = cluster.process(None);
    let suffix = format!("{batch}-{}", pause.as_millis());
    let input = cluster.topic(&format!("in-{suffix}"), 1);
    let outs = ["commands", "records", "state"].map(|name| cluster.topic(&format!("{name}-{suffix}"), 1));
    let mut consumer = log.join(std::slice::from_ref(&input)).unwrap();
    takes(&mut consumer, &[at(&input, 0)]);
    let member = consumer.membership();
    let mut producer = fenced(&log, &format!("{input}-p"));
    let mut took = Vec::new();
    for round in 0..220 {
        let begun = Instant::now();
        producer.begin().unwrap();
        for number in 0..batch {
            let out = &outs[number as usize % outs.len()];
            producer.send(&record(at(out, 0), "a record of a hundred bytes or so, as they are")).unwrap();
        }
        commit(&mut producer, vec![(at(&input, 0), round)], &member).unwrap();
        // The first ones find the coordinators and warm up the broker.
        if round >= 20 {
            took.push(begun.elapsed());
        }
        std::thread::sleep(pause);
    }
    took.sort();
    consumer.close();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

#[test]
fn a_commit_takes_milliseconds_and_not_a_hundred() {
    let cluster = Cluster::of_test("latency");
    for (batch, pause) in [(3, 10), (3, 0), (300, 10), (300, 0), (3_000, 0)] {
        let (median, slow) = measure(&cluster, batch, Duration::from_millis(pause));
        eprintln!("{batch} records, {pause} ms apart: median {median:.1?}, p99 {slow:.1?}");
        assert!(median < Duration::from_millis(80), "{batch} records took {median:?}");
    }
}

#[test]
fn the_commit_of_a_member_that_was_expelled_aborts_and_may_be_done_again() {
    let cluster = Cluster::of_test("expelled");
    // The broker takes no less for a session.
    let settings = KafkaSettings {
        session_timeout: Duration::from_secs(6),
        rebalance_timeout: Duration::from_secs(7),
        ..cluster.settings()
    };
    let log = KafkaLog::new(settings).unwrap();
    let (input, out) = (cluster.topic("in", 2), at(&cluster.topic("out", 1), 0));
    let all = [at(&input, 0), at(&input, 1)];
    let mut slow = log.join(std::slice::from_ref(&input)).unwrap();
    takes(&mut slow, &all);
    let mut producer = fenced(&log, &format!("{input}-p"));
    send(&mut producer, &out, &["late"]);
    let mut other = log.join(std::slice::from_ref(&input)).unwrap();
    assert_eq!(polls(&mut slow, nothing), Polled::Revoked(all.to_vec()));
    // It does not let go, and after a while the group no longer waits.
    takes(&mut other, &all);
    let ended = commit(&mut producer, vec![(at(&input, 0), 9)], &slow.membership());
    assert!(matches!(ended, Err(CommitError::Aborted(_))), "{ended:?}");

    // Once it has let go it joins again, and the same batch goes through.
    slow.unassign(&all).unwrap();
    let part = std::thread::scope(|scope| {
        // It has not polled for too long, and joins again with its next poll.
        let slow = scope.spawn(|| polls(&mut slow, nothing));
        assert_eq!(polls(&mut other, nothing), Polled::Revoked(all.to_vec()));
        other.unassign(&all).unwrap();
        slow.join().unwrap()
    });
    let Polled::Assigned(part) = part else { panic!("{part:?}") };
    slow.assign(&part).unwrap();
    send(&mut producer, &out, &["again"]);
    commit(&mut producer, vec![(at(&input, 0), 9)], &slow.membership()).unwrap();
    let end = contract::end(&log, &out);
    let (records, _) = contract::read(&log, &out, 0, end, Duration::from_secs(5));
    assert_eq!(contract::texts(&records), ["again"]);
}

/// A transaction that brings this offset to the cluster's group, and is left open.
fn left_open(cluster: &Cluster, topic: &str, offset: i64) -> BaseProducer {
    let settings = cluster.settings();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers).set("group.id", &settings.group_id);
    let group = config.create::<BaseConsumer>().unwrap().group_metadata().unwrap();
    config.remove("group.id");
    let producer: BaseProducer = config.set("transactional.id", format!("{topic}-open")).create().unwrap();
    producer.init_transactions(Duration::from_secs(30)).unwrap();
    producer.begin_transaction().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, 0, Offset::Offset(offset)).unwrap();
    producer.send_offsets_to_transaction(&offsets, &group, Duration::from_secs(30)).unwrap();
    producer
}

#[test]
fn offsets_that_a_transaction_brings_are_waited_for_by_members_and_by_no_onlooker() {
    let cluster = Cluster::of_test("pending");
    let settings = KafkaSettings { request_timeout: Duration::from_secs(3), ..cluster.settings() };
    let log = KafkaLog::new(settings).unwrap();
    let input = cluster.topic("in", 2);
    let both = [at(&input, 0), at(&input, 1)];
    let mut consumer = log.join(std::slice::from_ref(&input)).unwrap();
    takes(&mut consumer, &both);
    let member = consumer.membership();
    let mut producer = fenced(&log, &format!("{input}-p"));
    producer.begin().unwrap();
    commit(&mut producer, vec![(at(&input, 0), 3), (at(&input, 1), 7)], &member).unwrap();

    let open = left_open(&cluster, &input, 5);
    let onlooker = log.onlooker().unwrap();
    assert_eq!(onlooker.committed(&both).unwrap(), [Some(3), Some(7)]);
    let told = member.committed(&both);
    assert!(matches!(told, Err(LogError::Unavailable { .. })), "{told:?}");
    open.commit_transaction(Duration::from_secs(30)).unwrap();
    assert_eq!(member.committed(&both).unwrap(), [Some(5), Some(7)]);
    assert_eq!(onlooker.committed(&both).unwrap(), [Some(5), Some(7)]);
}

#[test]
fn a_broker_that_has_just_made_its_topic_of_offsets_is_asked_again() {
    let broker = Kafka::start(&KafkaOptions::default()).unwrap();
    let spec =
        NewTopicSpec { name: "first".to_owned(), partitions: 1, replication: None, config: BTreeMap::new() };
    KafkaAdmin::new(&KafkaSettings::new(broker.bootstrap(), "admin"))
        .unwrap()
        .create_topics(&[spec])
        .unwrap();
    // The first question for a group has it made: then each group's coordinator comes up in its own time.
    std::thread::scope(|scope| {
        for number in 0..24 {
            let settings = KafkaSettings::new(broker.bootstrap(), &format!("group-{number}"));
            scope.spawn(move || {
                let onlooker = KafkaLog::new(settings).unwrap().onlooker().unwrap();
                assert_eq!(onlooker.committed(&[at(&"first".into(), 0)]).unwrap(), [None]);
            });
        }
    });
}
