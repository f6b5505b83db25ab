//! The limit: what a processor costs that keeps nothing and decides nothing.
//!
//! It reads the inputs, writes one record for each key that changed, and commits both with Weir's cadence. What a
//! processor with state costs above this is its own; below it nobody gets who is exactly once. Each record has the
//! timestamp of the earliest input that it answers: whoever reads it knows how long that took.
//!
//! Good rdkafka code, and no more: records are taken by batches, one thread reads, and one for each partition
//! commits, since a commit waits for the broker most of its time.

mod desk;
mod pending;
mod tally;
mod workers;

use crate::error::YardstickError;
use crate::native::{Member, Rebalance, Record, Way};
use crate::writing::client_config;
use connectors::admin::{KafkaAdmin, NewTopicSpec};
use connectors::kafka::KafkaSettings;
use desk::{Cadence, Seat};
use pending::Input;
use rdkafka::config::ClientConfig;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
pub use tally::Done;
use tally::Tally;
use workers::{Common, Workers};

/// The topics of the work that all processors share (`loadtest/peers/README.md`), without the prefix.
pub const INPUTS: [&str; 4] = ["accounts", "balances", "invoices", "payments"];
/// The topic that is written, without the prefix.
pub const OUTPUT: &str = "pass-through";

/// How long a read waits where nothing comes.
const POLL: Duration = Duration::from_millis(100);

/// How long the group may take to say that a partition is another's.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

/// Twice as long as a transaction may be open.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// How it is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The brokers.
    pub brokers: String,
    /// What the topics' names begin with, without the point.
    pub prefix: String,
    /// The group, and what transactional ids begin with.
    pub application_id: String,
    /// The member's own name: it takes its place again at once after a kill.
    pub instance: Option<String>,
    /// How long the member may be silent.
    pub session: Duration,
    /// How many inputs make a batch full.
    pub batch_inputs: usize,
    /// How long after a commit the next one begins.
    pub commit_interval: Duration,
    /// How long a record's value is.
    pub value_bytes: usize,
    /// How many threads commit at the most; none is one for each partition.
    pub threads: Option<usize>,
}

/// Runs until `is_over`; `say` is told once it is ready. Answers what was done.
///
/// # Errors
/// When the topics are not there, or a client is of no more use.
pub fn run(options: &Options, is_over: &AtomicBool, say: &dyn Fn(&str)) -> Result<Done, YardstickError> {
    let topics: Vec<String> = INPUTS.iter().map(|name| format!("{}.{name}", options.prefix)).collect();
    let output = format!("{}.{OUTPUT}", options.prefix);
    make_output(options, &topics, &output)?;
    let tally = Arc::new(Tally::new().map_err(YardstickError::failed("count"))?);
    let member = Arc::new(Member::new(&member_config(options))?);
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    member.subscribe(&names)?;
    let common = Arc::new(Common {
        member,
        brokers: options.brokers.clone(),
        topics,
        output,
        transactional_prefix: options.application_id.clone(),
        value_bytes: options.value_bytes,
        cadence: Cadence {
            batch_inputs: options.batch_inputs,
            interval: options.commit_interval,
            stuck_after: STUCK_AFTER,
        },
        tally: tally.clone(),
        failure: Mutex::default(),
    });
    let mut run = Run {
        common,
        threads: options.threads.unwrap_or(usize::MAX),
        workers: None,
        is_ready: false,
        lost: None,
    };
    while !is_over.load(Ordering::Relaxed) {
        run.step(say)?;
    }
    run.end()?;
    Ok(tally.done())
}

struct Run {
    common: Arc<Common>,
    threads: usize,
    workers: Option<Workers>,
    is_ready: bool,
    /// What was ours and is another's: since when, and by what that was seen.
    lost: Option<(Instant, YardstickError)>,
}

impl Run {
    fn step(&mut self, say: &dyn Fn(&str)) -> Result<(), YardstickError> {
        if let Some(error) = self.failure() {
            if !error.is_of_the_group() {
                return Err(error);
            }
            // Another has taken what was ours: no fault, where the group says so in a moment.
            self.lost.get_or_insert((Instant::now(), error));
        }
        if self.lost.as_ref().is_some_and(|(since, _)| since.elapsed() > TOLD_WITHIN) {
            return self.lost.take().map_or(Ok(()), |(_, error)| Err(error));
        }
        if self.workers.as_ref().is_some_and(Workers::are_stuck) {
            return self.workers.take().map_or(Ok(()), Workers::end);
        }
        let common = self.common.clone();
        let mut route = Route { topics: &common.topics, workers: self.workers.as_ref(), at: None };
        // A batch is waited for until it is full: so what is there is taken, and only the first of nothing waited for.
        let read = match common.member.read(Way::Batch, Duration::ZERO, |record| route.take(&record)) {
            Ok(0) => common.member.read(Way::Poll, POLL, |record| route.take(&record)),
            read => read,
        };
        route.rise();
        match read {
            Err(error) if error.is_fatal() => return Err(error),
            // The client tries again by itself.
            Err(error) => eprintln!("{error}"),
            Ok(_) => {}
        }
        while let Some(rebalance) = common.member.next_rebalance() {
            self.answer(&rebalance)?;
            if rebalance.gives && !self.is_ready {
                self.is_ready = true;
                say("ready");
            }
        }
        Ok(())
    }

    /// Answers a rebalance: what was ours is committed before it is let go, and what is ours is begun where the
    /// one before has committed last, once that one can commit no more.
    fn answer(&mut self, rebalance: &Rebalance) -> Result<(), YardstickError> {
        if let Some(workers) = self.workers.take() {
            workers.end()?;
        }
        // Whatever could not be committed is read again by whoever has the partition next.
        self.lost = None;
        if let Some(error) = self.failure() {
            eprintln!("not committed before a rebalance: {error}");
        }
        if !rebalance.gives {
            return self.common.member.unassign();
        }
        let numbers: BTreeSet<i32> = rebalance.partitions.iter().map(|(_, number)| *number).collect();
        let numbers: Vec<i32> = numbers.into_iter().collect();
        self.workers = Some(Workers::start(&self.common, &numbers, self.threads)?);
        let mut list = TopicPartitionList::new();
        for (topic, number) in &rebalance.partitions {
            // The group's own offset, or the beginning where it has none.
            list.add_partition_offset(topic, *number, Offset::Invalid)
                .map_err(YardstickError::kafka("take partitions"))?;
        }
        self.common.member.assign(&list)
    }

    /// Commits what is pending, and leaves.
    fn end(mut self) -> Result<(), YardstickError> {
        if let Some(workers) = self.workers.take() {
            workers.end()?;
        }
        self.common.member.close();
        self.failure().map_or(Ok(()), Err)
    }

    fn failure(&self) -> Option<YardstickError> {
        self.common.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The way of records to the desks. They come in runs of one partition: the desk is kept while it is the same.
struct Route<'r> {
    topics: &'r [String],
    workers: Option<&'r Workers>,
    at: Option<(usize, Seat<'r>)>,
}

impl Route<'_> {
    fn take(&mut self, record: &Record<'_>) {
        let Some(workers) = self.workers else { return };
        let Some((thread, place)) = workers.place(record.partition) else { return };
        let Some(topic) = self.topics.iter().position(|topic| topic == record.topic) else { return };
        let input = Input { offset: record.offset, key: record.key, timestamp: record.timestamp };
        let seat = match self.at.take() {
            Some((at, seat)) if at == thread => Some(seat),
            Some((_, seat)) => {
                seat.rise();
                workers.sit(thread)
            }
            None => workers.sit(thread),
        };
        self.at = seat.map(|seat| (thread, seat.put(place, topic, input)));
    }

    fn rise(self) {
        if let Some((_, seat)) = self.at {
            seat.rise();
        }
    }
}

fn member_config(options: &Options) -> ClientConfig {
    let mut config = client_config(&options.brokers, &options.application_id);
    config
        .set("group.id", &options.application_id)
        .set("partition.assignment.strategy", "range")
        .set("session.timeout.ms", options.session.as_millis().to_string())
        .set("heartbeat.interval.ms", "1000")
        // The senders are not transactional: read committed would cost the same and bring the same.
        .set("isolation.level", "read_uncommitted")
        .set("auto.offset.reset", "earliest")
        // Offsets are committed with the transaction that they belong to, and only so.
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // After a full queue the next fetch waits a whole second by default.
        .set("fetch.queue.backoff.ms", "20");
    if let Some(instance) = &options.instance {
        config.set("group.instance.id", instance);
    }
    config
}

/// Makes the topic that is written, with as many partitions as the inputs have.
fn make_output(options: &Options, topics: &[String], output: &str) -> Result<(), YardstickError> {
    let admin = KafkaAdmin::new(&KafkaSettings::new(&options.brokers, &options.application_id))
        .map_err(YardstickError::failed("administer the cluster"))?;
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    let found = admin.describe_topics(&names).map_err(YardstickError::failed("describe the topics"))?;
    let mut counts = BTreeSet::new();
    for (name, found) in names.iter().zip(&found) {
        let Some(found) = found else {
            return Err(YardstickError::Topics(format!("there is no topic {name}")));
        };
        counts.insert(found.partitions);
    }
    let (Some(partitions), 1) = (counts.first().copied(), counts.len()) else {
        return Err(YardstickError::Topics(format!(
            "the topics {}.* have different numbers of partitions: {counts:?}",
            options.prefix
        )));
    };
    let config = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    let topic = NewTopicSpec { name: output.to_owned(), partitions, replication: None, config };
    admin.create_topics(&[topic]).map_err(YardstickError::failed(format!("make {output}")))?;
    Ok(())
}
