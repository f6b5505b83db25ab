//! The clients of the load test: who sends, who reads what came out, who asks how far the processor is.

use crate::error::RunError;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{ProducerContext, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a question to the cluster may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked again: leaders move, coordinators are found, topics that were just made are not known yet,
/// and a machine that is measured is busy.
const TRIES: u32 = 60;
/// How long is waited before that.
const BEFORE_NEXT: Duration = Duration::from_millis(500);

/// Counts records that the cluster did not take.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(Arc<AtomicU64>);

impl Losses {
    /// How many so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl ClientContext for Losses {}

impl ProducerContext for Losses {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The producer of all events.
pub(crate) type Sender = ThreadedProducer<Losses>;

fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Warning);
    config
        .set("bootstrap.servers", brokers)
        .set("client.id", "loadtest")
        // Without this, small requests wait for one another.
        .set("socket.nagle.disable", "true");
    config
}

/// A producer as upstream systems have it. So many KiB may wait in it.
pub(crate) fn sender(
    brokers: &str,
    linger: Duration,
    waiting_kib: u32,
    losses: Losses,
) -> Result<Sender, RunError> {
    let mut config = config(brokers);
    config
        .set("partitioner", "murmur2_random")
        .set("linger.ms", linger.as_millis().to_string())
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("queue.buffering.max.messages", "5000000")
        .set("queue.buffering.max.kbytes", waiting_kib.to_string())
        // A report for each of some million records would cost more than sending them.
        .set("delivery.report.only.error", "true");
    config.create_with_context(losses).map_err(RunError::kafka("make a producer"))
}

/// A reader of committed records, from the beginning of these topics on.
pub(crate) fn reader(brokers: &str, topics: &[&str], partitions: u32) -> Result<BaseConsumer, RunError> {
    let mut config = config(brokers);
    config
        // Whoever assigns partitions to itself needs a group's name all the same; it commits nothing.
        .set("group.id", "loadtest-reader")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        // What was committed is to be seen at once.
        .set("fetch.wait.max.ms", "10")
        .set("fetch.queue.backoff.ms", "5");
    let consumer: BaseConsumer = config.create().map_err(RunError::kafka("make a consumer"))?;
    let list = every_partition(topics, partitions, Offset::Beginning)?;
    consumer.assign(&list).map_err(RunError::kafka(format!("read {}", topics.join(", "))))?;
    Ok(consumer)
}

/// A reader of committed records that is told where a partition ends; it reads nothing yet.
pub(crate) fn reader_to_end(brokers: &str) -> Result<BaseConsumer, RunError> {
    let mut config = config(brokers);
    config
        .set("group.id", "loadtest-verify")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        // The end of a partition is told by an answer that holds nothing.
        .set("fetch.wait.max.ms", "10")
        .set("enable.partition.eof", "true");
    config.create().map_err(RunError::kafka("make a consumer"))
}

/// Has it read one partition from its beginning.
pub(crate) fn assign_beginning(consumer: &BaseConsumer, topic: &str, partition: u32) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, i32::try_from(partition).unwrap_or(i32::MAX), Offset::Beginning)?;
    consumer.assign(&list)
}

/// Asks how far a group is.
pub(crate) struct Distance {
    client: BaseConsumer,
    topics: Vec<String>,
    partitions: u32,
}

/// How far a group is, in records over all partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stand {
    /// How many lie in the topics.
    pub(crate) end: i64,
    /// How many of them the group has committed.
    pub(crate) committed: i64,
}

impl Stand {
    /// How many it has not.
    pub(crate) fn lag(self) -> i64 {
        self.end - self.committed
    }
}

impl Distance {
    /// Of this group in these topics.
    pub(crate) fn new(
        brokers: &str,
        group: &str,
        topics: &[&str],
        partitions: u32,
    ) -> Result<Self, RunError> {
        let mut config = config(brokers);
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            // Read committed, the answer would wait until no transaction has offsets pending: under load, for seconds.
            .set("isolation.level", "read_uncommitted");
        let client = config.create().map_err(RunError::kafka("make a client"))?;
        Ok(Self { client, topics: topics.iter().map(|topic| (*topic).to_owned()).collect(), partitions })
    }

    /// How far it is now.
    pub(crate) fn ask(&self) -> Result<Stand, RunError> {
        let mut tried = 1;
        loop {
            match self.ask_once() {
                Err(_) if tried < TRIES => tried += 1,
                answer => return answer,
            }
            std::thread::sleep(BEFORE_NEXT);
        }
    }

    fn ask_once(&self) -> Result<Stand, RunError> {
        let topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        let list = every_partition(&topics, self.partitions, Offset::End)?;
        // In this order: what is committed meanwhile makes the lag too large by a little, never below 0.
        let committed = self.client.committed_offsets(list.clone(), PATIENCE);
        let committed = committed.map_err(RunError::kafka("ask for the group's offsets"))?;
        let ends = self.client.offsets_for_times(list, PATIENCE);
        let ends = ends.map_err(RunError::kafka("ask for the ends"))?;
        Ok(Stand { end: sum(&ends)?, committed: sum(&committed)? })
    }
}

/// All offsets added up. What has none yet is at its beginning, and nothing is ever removed here.
fn sum(list: &TopicPartitionList) -> Result<i64, RunError> {
    let mut sum = 0;
    for element in list.elements() {
        let place = || format!("ask for partition {} of {}", element.partition(), element.topic());
        element.error().map_err(RunError::kafka(place()))?;
        if let Offset::Offset(offset) = element.offset() {
            sum += offset;
        }
    }
    Ok(sum)
}

fn every_partition(topics: &[&str], partitions: u32, offset: Offset) -> Result<TopicPartitionList, RunError> {
    let mut list = TopicPartitionList::new();
    for topic in topics {
        for partition in 0..i32::try_from(partitions).unwrap_or(i32::MAX) {
            list.add_partition_offset(topic, partition, offset)
                .map_err(RunError::kafka(format!("name partition {partition} of {topic}")))?;
        }
    }
    Ok(list)
}
