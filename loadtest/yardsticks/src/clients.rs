//! What librdkafka alone costs a record: on its way out in a transaction, and on its way in by each of its ways.

use crate::error::YardstickError;
use crate::figures::{Round, Row, Stopwatch, Table};
use crate::native::{Member, Way};
use crate::writing::{NotCommitted, Writer, client_config};
use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a topic that was just made may take to be known, and records to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a read waits where nothing comes.
const POLL: Duration = Duration::from_millis(100);
/// A small transaction costs a round trip whatever is in it: so many are enough for a figure.
const TRANSACTIONS: u64 = 500;
/// How long a key is: a debtor's id.
const KEY_BYTES: usize = 10;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// The brokers.
    pub brokers: String,
    /// How often each.
    pub rounds: usize,
    /// How many records a round.
    pub records: u64,
    /// How long a record's value is.
    pub value_bytes: usize,
    /// How many records a transaction holds, one after the other.
    pub transactions: Vec<u64>,
}

/// Measures, in a topic of its own that is removed in the end.
///
/// # Errors
/// When a client cannot do it.
pub fn measure(options: &Options, say: &dyn Fn(&str)) -> Result<Table, YardstickError> {
    let topic = format!("yardsticks-{}", std::process::id());
    let admin = KafkaAdmin::new(&KafkaSettings::new(&options.brokers, "yardsticks"))
        .map_err(YardstickError::failed("administer the cluster"))?;
    let spec =
        NewTopicSpec { name: topic.clone(), partitions: 1, replication: None, config: BTreeMap::new() };
    admin.create_topics(&[spec]).map_err(YardstickError::failed("make a topic"))?;
    let rows = rows(options, &topic, say);
    let removed = admin.delete_topics(&[&topic]).map_err(YardstickError::failed("remove the topic"));
    let rows = rows?;
    removed?;
    Ok(Table {
        title: "librdkafka alone, one partition".to_owned(),
        settings: vec![
            ("version".to_owned(), rdkafka::util::get_rdkafka_version().1),
            ("rounds".to_owned(), options.rounds.to_string()),
            ("records".to_owned(), options.records.to_string()),
            ("value bytes".to_owned(), options.value_bytes.to_string()),
        ],
        rows,
    })
}

fn rows(options: &Options, topic: &str, say: &dyn Fn(&str)) -> Result<Vec<Row>, YardstickError> {
    let writer = Writer::new(&options.brokers, topic, topic, options.value_bytes)?;
    let mut rows = Vec::new();
    for each in &options.transactions {
        let what = format!("send, {each} in a transaction");
        say(&what);
        rows.extend(rounds(options, &what, || write(&writer, options.records, *each))?);
    }
    // What follows reads from the topic: as many records as a round has are there for certain.
    write(&writer, options.records, 2_000)?;
    let ways = [
        ("consumer_poll, one by one", Way::Poll),
        ("consume_batch_queue, 2,000 at the most", Way::Batch),
        ("queue_poll, events of one record", Way::Event),
        ("consume_callback_queue, as Weir reads", Way::Callback),
    ];
    for (what, way) in ways {
        say(what);
        rows.extend(rounds(options, what, || read(options, topic, way, "read_uncommitted"))?);
    }
    let what = "consume_batch_queue, read committed";
    say(what);
    rows.extend(rounds(options, what, || read(options, topic, Way::Batch, "read_committed"))?);
    let what = "rust-rdkafka's poll";
    say(what);
    rows.extend(rounds(options, what, || read_by_crate(options, topic))?);
    Ok(rows)
}

/// One round more than is counted: the first one makes everything warm.
fn rounds(
    options: &Options,
    what: &str,
    mut round: impl FnMut() -> Result<Round, YardstickError>,
) -> Result<Option<Row>, YardstickError> {
    round()?;
    let rounds: Result<Vec<Round>, YardstickError> = (0..options.rounds).map(|_| round()).collect();
    Ok(Row::of(what, &rounds?))
}

fn write(writer: &Writer, records: u64, each: u64) -> Result<Round, YardstickError> {
    let transactions = (records / each.max(1)).clamp(1, TRANSACTIONS.max(records / 2_000));
    let mut key = [b'0'; KEY_BYTES];
    let mut dice = fastrand::Rng::with_seed(3);
    let watch = Stopwatch::start();
    for _ in 0..transactions {
        writer.begin()?;
        for _ in 0..each {
            key.fill_with(|| dice.digit(10).try_into().unwrap_or(b'0'));
            writer.send(0, &key, None)?;
        }
        writer.commit(None).map_err(|error| match error {
            NotCommitted::Aborted(error) | NotCommitted::Over(error) => error,
        })?;
    }
    Ok(watch.stop(transactions * each))
}

fn whole(topic: &str) -> Result<TopicPartitionList, YardstickError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning)
        .map_err(YardstickError::kafka("name a partition"))?;
    Ok(list)
}

/// From the making of the client on: nothing is fetched before it counts.
fn read(options: &Options, topic: &str, way: Way, isolation: &str) -> Result<Round, YardstickError> {
    let mut config = client_config(&options.brokers, "yardsticks");
    config.set("group.id", "yardsticks").set("enable.auto.commit", "false");
    config.set("isolation.level", isolation).set("fetch.queue.backoff.ms", "20");
    let deadline = Instant::now() + PATIENCE;
    let watch = Stopwatch::start();
    let member = Member::new(&config)?;
    member.assign(&whole(topic)?)?;
    let (mut count, mut bytes) = (0_u64, 0_usize);
    while count < options.records {
        count += member.read(way, POLL, |record| bytes += record.length)? as u64;
        in_time(deadline)?;
    }
    std::hint::black_box(bytes);
    let round = watch.stop(count);
    member.unassign()?;
    Ok(round)
}

fn read_by_crate(options: &Options, topic: &str) -> Result<Round, YardstickError> {
    let mut config = client_config(&options.brokers, "yardsticks");
    config.set("group.id", "yardsticks").set("enable.auto.commit", "false");
    config.set("isolation.level", "read_uncommitted").set("fetch.queue.backoff.ms", "20");
    let deadline = Instant::now() + PATIENCE;
    let watch = Stopwatch::start();
    let consumer: BaseConsumer = config.create().map_err(YardstickError::kafka("make a consumer"))?;
    consumer.assign(&whole(topic)?).map_err(YardstickError::kafka("take a partition"))?;
    let mut count = 0;
    while count < options.records {
        if let Some(message) = consumer.poll(POLL) {
            std::hint::black_box(message.map_err(YardstickError::kafka("read records"))?);
            count += 1;
        }
        in_time(deadline)?;
    }
    Ok(watch.stop(count))
}

fn in_time(deadline: Instant) -> Result<(), YardstickError> {
    if Instant::now() < deadline {
        return Ok(());
    }
    Err(YardstickError::Topics(format!("the records were not read within {PATIENCE:?}")))
}
