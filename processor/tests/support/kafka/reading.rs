//! Reads topics with a consumer that has nothing to do with the engine: whole, or as they grow.

use super::servers::servers;
use loadtest::oracle::Seen;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a producer needs to reach the broker.
pub fn producer_config() -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &servers().bootstrap);
    client
}

pub(super) fn client(group: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &servers().bootstrap)
        .set("group.id", group)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true");
    client
}

/// How many partitions a topic has.
fn partitions_of(consumer: &BaseConsumer, topic: &str) -> u32 {
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(30)).unwrap();
    u32::try_from(metadata.topics()[0].partitions().len()).unwrap()
}

/// Every committed record of a topic, by partition.
pub fn read_topic(topic: &str) -> Vec<Vec<Seen>> {
    let consumer: BaseConsumer = client("reader").create().unwrap();
    let (mut list, partitions) = (TopicPartitionList::new(), partitions_of(&consumer, topic));
    for partition in 0..partitions {
        list.add_partition_offset(topic, i32::try_from(partition).unwrap(), Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut records = vec![Vec::new(); usize::try_from(partitions).unwrap()];
    let mut ended = 0;
    let deadline = Instant::now() + Duration::from_secs(60);
    while ended < partitions {
        assert!(Instant::now() < deadline, "{topic} could not be read to its end");
        match consumer.poll(Duration::from_millis(500)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("{topic}: {error}"),
            Some(Ok(message)) => {
                let seen = Seen {
                    offset: message.offset(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().map(<[u8]>::to_vec),
                };
                records[usize::try_from(message.partition()).unwrap()].push(seen);
            }
        }
    }
    records
}

/// How many offsets the partitions of a topic hold, markers of transactions among them.
pub fn topic_records(topic: &str) -> i64 {
    let consumer: BaseConsumer = client("counter").create().unwrap();
    let held = |partition: u32| {
        let partition = i32::try_from(partition).unwrap();
        let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(30)).unwrap();
        high - low
    };
    (0..partitions_of(&consumer, topic)).map(held).sum()
}

/// A record as it was heard of.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: decision::time::Timestamp,
    pub partition: i32,
    pub value: Vec<u8>,
}

/// Reads a topic as it grows, and notes when each record was there.
pub struct Follower {
    is_stopped: Arc<AtomicBool>,
    heard: Arc<Mutex<Vec<Heard>>>,
    thread: std::thread::JoinHandle<()>,
}

/// Follows a topic from its end on.
pub fn follow_topic(topic: &str) -> Follower {
    let consumer: BaseConsumer = client("follower").create().unwrap();
    let (mut list, partitions) = (TopicPartitionList::new(), partitions_of(&consumer, topic));
    for partition in 0..partitions {
        list.add_partition_offset(topic, i32::try_from(partition).unwrap(), Offset::End).unwrap();
    }
    consumer.assign(&list).unwrap();
    let is_stopped = Arc::new(AtomicBool::new(false));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (flag, notes) = (is_stopped.clone(), heard.clone());
    let thread = std::thread::spawn(move || {
        while !flag.load(Ordering::Relaxed) {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(5)) else { continue };
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let at = decision::time::Timestamp(i64::try_from(since.as_micros()).unwrap());
            let value = message.payload().unwrap_or_default().to_vec();
            notes.lock().unwrap().push(Heard { at, partition: message.partition(), value });
        }
    });
    // Until the consumer stands at the ends, what comes would not be seen.
    std::thread::sleep(Duration::from_secs(2));
    Follower { is_stopped, heard, thread }
}

impl Follower {
    /// What was heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Everything that was heard.
    pub fn stop(self) -> Vec<Heard> {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}
