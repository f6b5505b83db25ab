//! A short load test of the binary on a real Kafka: that it measures, and that what comes out is what should.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use connectors::registry::{RegistrySettings, SchemaRegistry};
use loadtest::broker::{Kafka, KafkaOptions, Registry};
use loadtest::load::{Profile, Size, Work};
use loadtest::work::Fault;
use loadtest_runner::Choice;
use loadtest_runner::report::page;
use loadtest_runner::run::{Answers, Plan, run};
use loadtest_runner::verify::{Order, verify, yardstick};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use schemas::{Decoder, InputTopic, Schemas, TopicNames};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Each measures: one at a time.
static MACHINE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn plan(rates: &[u32], step: Duration) -> Plan {
    Plan {
        name: "mixed".to_owned(),
        profile: Profile::parse("mixed", Profile::shipped("mixed").unwrap()).unwrap(),
        shared_work: false,
        size: Size { accounts: count(3_000), seed: 4 },
        rates: rates.iter().map(|rate| count(*rate)).collect(),
        step,
        preload_rate: count(3_000),
        choice: Choice::Weir(env!("CARGO_BIN_EXE_weir").into()),
        brokers: None,
        broker_process: None,
        registry: None,
        prefix: "weir".to_owned(),
        partitions: 3,
        linger: Duration::from_millis(5),
        store_memory: 64 << 20,
        answers: Answers::Commands,
        folder: None,
        verify: Some(1 << 30),
    }
}

#[test]
fn a_load_is_answered_as_expected_and_measured() {
    let _alone = alone();
    let plan = plan(&[300, 600], Duration::from_secs(6));
    let report = run(&plan, &AtomicBool::new(false), &|_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    let found = report.verification.as_ref().unwrap();
    assert!(found.is_right(), "{:?}", found.findings());
    let (work, replay) = (found.work.as_ref().unwrap(), found.replay.as_ref().unwrap());
    assert!(work.right == work.commands && work.commands >= report.commands.tally.matched, "{work:?}");
    assert!(replay.commands == work.commands && replay.inputs > work.events, "{replay:?} {work:?}");
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
    let page = page(&report);
    assert!(page.contains("all as expected") && page.contains("Verified."));
}

/// Without a processor the inputs themselves are what comes out: each says when it was to be sent.
#[test]
fn records_that_say_what_they_answer_are_measured_each() {
    let _alone = alone();
    let (kafka, registry) = (Kafka::start(&KafkaOptions::default()).unwrap(), Registry::start().unwrap());
    let (brokers, url) = (kafka.bootstrap().to_owned(), registry.url().to_owned());
    let here = plan(&[400], Duration::from_secs(5));
    let here = Plan {
        choice: Choice::Nobody,
        answers: Answers::Echoes("balances".to_owned()),
        brokers: Some(brokers.clone()),
        registry: Some(url.clone()),
        verify: None,
        ..here
    };
    let report = run(&here, &AtomicBool::new(false), &|_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    let events = &report.steps[0].events;
    // Most of the profile's events are of balances.
    assert!(events.count > 1_000 && events.count <= 2_000, "{events:?}");
    // From the moment that was meant over the sender's linger to the reader, and not from another clock.
    assert!(events.p50 > 1.0 && events.p50 < 1_000.0, "{events:?}");
    assert_eq!((report.commands.missing, report.commands.tally.unexpected), (0, 0));
    assert!(have_the_moment_they_tell(&brokers, &url, "weir.balances") > 1_000);
}

/// Checks that each record of events in a topic has the moment at which its event was to happen, by which
/// it was to be sent: one stamped when it is sent is later by a few milliseconds. Answers how many there are.
#[track_caller]
fn have_the_moment_they_tell(brokers: &str, url: &str, topic: &str) -> usize {
    let registry = Arc::new(SchemaRegistry::connect(&RegistrySettings::new(url)).unwrap());
    let schemas = Schemas::for_topics(&*registry, &TopicNames::default()).unwrap();
    let mut decoder = Decoder::new(registry, &schemas);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "stamps")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..3 {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut ended, mut count) = (0, 0);
    while ended < 3 {
        match consumer.poll(Duration::from_secs(10)).expect("the topic can be read") {
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
            Ok(message) => {
                let event = decoder.event(InputTopic::Balances, message.key(), message.payload()).unwrap();
                let stamp = message.timestamp().to_millis().unwrap();
                assert_eq!(stamp, event.occurred_at.0.div_euclid(1_000), "{}", event.event_id);
                count += 1;
            }
        }
    }
    count
}

/// Copies a record of a topic: what a processor that is not exactly once would do.
fn copy_one(brokers: &str, topic: &str) {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", brokers)
        .set("group.id", "copies")
        .set("isolation.level", "read_committed");
    let consumer: BaseConsumer = client.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let read = || consumer.poll(Duration::from_secs(10)).map(|message| message.unwrap().detach());
    let message = read().unwrap();
    let producer: BaseProducer = client.create().unwrap();
    let record = BaseRecord::to(topic).partition(0).key(message.key().unwrap());
    producer.send(record.payload(message.payload().unwrap())).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_command_that_lies_twice_in_the_topics_of_a_run_that_is_over_is_found() {
    let _alone = alone();
    let kafka = Kafka::start(&KafkaOptions::default()).unwrap();
    let registry = Registry::start().unwrap();
    let (brokers, url) = (kafka.bootstrap().to_owned(), registry.url().to_owned());
    let here = plan(&[500], Duration::from_secs(5));
    let here = Plan { brokers: Some(brokers.clone()), registry: Some(url.clone()), verify: None, ..here };
    let report = run(&here, &AtomicBool::new(false), &|_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.verification.is_none() && page(&report).contains("not verified"));
    let (prefix, policies) = ("weir".to_owned(), Some(yardstick().unwrap()));
    let order = Order {
        brokers: brokers.clone(),
        registry: url,
        prefix,
        work: Some(Work::Whole),
        policies,
        replay_memory: 1 << 30,
    };
    let found = verify(&order, &|_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(found.is_right() && found.replay.is_some(), "{:?}", found.findings());
    // Too little memory is said, and is no finding.
    let little = verify(&Order { replay_memory: 4_096, ..order.clone() }, &|_| {}).unwrap();
    assert!(little.is_right() && little.replay.is_none(), "{little:?}");
    assert!(little.not_replayed.as_ref().unwrap().contains("partition 0"), "{little:?}");

    copy_one(&brokers, "weir.messages");
    let found = verify(&order, &|_| {}).unwrap();
    let faults: Vec<Fault> = found.work.as_ref().unwrap().findings.iter().map(|found| found.fault).collect();
    assert_eq!(faults, [Fault::SameId], "{:?}", found.findings());
    assert!(!found.is_right() && found.replay.unwrap().deviations.len() == 1);
}
