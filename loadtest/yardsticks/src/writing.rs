//! Writes records in transactions, set up as Weir's producers are.

use crate::error::YardstickError;
use crate::native::{Member, Refusal, abort, commit, send_offsets};
use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::time::{Duration, Instant};

/// How long a transaction may stay open before the broker aborts it, and a call may take: as Weir has it.
const TRANSACTION_WITHIN: Duration = Duration::from_secs(30);
/// How long fencing may take: a transaction of the one before is aborted first.
const FENCE_WITHIN: Duration = Duration::from_secs(30);
/// How long is waited before a call that may be made again.
const BEFORE_NEXT: Duration = Duration::from_millis(10);
/// How long one call of an abort may take; in between the reports of what it drops are taken.
const ABORT_CALL: Duration = Duration::from_millis(50);
/// How long one call of a commit may take: it waits for the report of a record that failed, which is taken in between.
const COMMIT_CALL: Duration = Duration::from_secs(1);

/// What both kinds of clients have.
pub(crate) fn client_config(brokers: &str, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("client.id", client_id)
        .set("log_level", "4")
        // Small requests follow one another: without this each waits until the one before is acknowledged.
        .set("socket.nagle.disable", "true");
    config
}

/// How a commit ended, where it did not do it.
#[derive(Debug)]
pub(crate) enum NotCommitted {
    /// The transaction is aborted: another one may go well.
    Aborted(YardstickError),
    /// The producer is of no more use: fenced, or worse.
    Over(YardstickError),
}

/// A producer of one transactional id, which writes to one topic.
pub(crate) struct Writer {
    producer: BaseProducer,
    topic: String,
    value: Vec<u8>,
}

impl Writer {
    /// A producer of this id, of records of so many bytes. It takes the id's place: whoever had it is fenced.
    pub(crate) fn new(
        brokers: &str,
        id: &str,
        topic: &str,
        value_bytes: usize,
    ) -> Result<Self, YardstickError> {
        let mut config = client_config(brokers, id);
        let millis = TRANSACTION_WITHIN.as_millis().to_string();
        config
            .set("transactional.id", id)
            .set("transaction.timeout.ms", &millis)
            .set("socket.timeout.ms", &millis)
            .set("linger.ms", "1")
            // What a transaction waits while the markers of the last one are being written.
            .set("retry.backoff.ms", "5")
            // Nobody asks where a record went: its report would cost as much as sending it. A failure is the commit's.
            .set("delivery.report.only.error", "true");
        let producer: BaseProducer =
            config.create().map_err(YardstickError::kafka(format!("make the producer {id}")))?;
        producer
            .init_transactions(FENCE_WITHIN)
            .map_err(YardstickError::kafka(format!("take the place of {id}")))?;
        // Bytes that do not repeat, so that nothing on the way makes them fewer.
        let mut dice = fastrand::Rng::with_seed(7);
        let value = std::iter::repeat_with(|| dice.u8(..)).take(value_bytes).collect();
        Ok(Self { producer, topic: topic.to_owned(), value })
    }

    /// Opens a transaction.
    pub(crate) fn begin(&self) -> Result<(), YardstickError> {
        self.producer.begin_transaction().map_err(YardstickError::kafka("begin a transaction"))
    }

    /// Sends a record of this key, with this timestamp (in milliseconds) or that of now.
    pub(crate) fn send(
        &self,
        partition: i32,
        key: &[u8],
        timestamp: Option<i64>,
    ) -> Result<(), YardstickError> {
        let mut record = BaseRecord::to(&self.topic).partition(partition).key(key).payload(&self.value[..]);
        record.timestamp = timestamp;
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => {
                    std::thread::sleep(Duration::from_millis(1));
                    record = same;
                }
                // The transaction has failed already, and takes no more: the commit will say so.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::State), _)) => return Ok(()),
                Err((error, _)) => return Err(YardstickError::kafka("send a record")(error)),
            }
        }
    }

    /// Ends the transaction; offsets of a member go with it.
    pub(crate) fn commit(&self, offsets: Option<(&TopicPartitionList, &Member)>) -> Result<(), NotCommitted> {
        let deadline = Instant::now() + TRANSACTION_WITHIN;
        let left = || deadline.saturating_duration_since(Instant::now());
        let outcome = match offsets {
            // They go first: their two round trips pass while the records are in flight.
            Some((list, member)) => {
                self.again(deadline, || send_offsets(&self.producer, list, member, left()))
            }
            None => Ok(()),
        };
        let outcome =
            outcome.and_then(|()| self.again(deadline, || commit(&self.producer, left().min(COMMIT_CALL))));
        match outcome {
            Ok(()) => Ok(()),
            Err(refusal) if refusal.wants_abort => Err(self.abort(refusal.error)),
            Err(refusal) => Err(NotCommitted::Over(refusal.error)),
        }
    }

    /// Aborts the open transaction, for a reason.
    pub(crate) fn abort(&self, reason: YardstickError) -> NotCommitted {
        let deadline = Instant::now() + TRANSACTION_WITHIN;
        loop {
            match abort(&self.producer, ABORT_CALL) {
                Ok(()) => return NotCommitted::Aborted(reason),
                Err(refusal) if refusal.may_retry && Instant::now() < deadline => {
                    // librdkafka waits until the reports of what it drops are taken.
                    self.producer.poll(BEFORE_NEXT);
                }
                Err(refusal) => return NotCommitted::Over(refusal.error),
            }
        }
    }

    /// Makes a call until it is done, or may not be made again.
    fn again(&self, deadline: Instant, call: impl Fn() -> Result<(), Refusal>) -> Result<(), Refusal> {
        loop {
            match call() {
                Err(refusal) if refusal.may_retry && Instant::now() < deadline => {
                    self.producer.poll(BEFORE_NEXT);
                }
                ended => return ended,
            }
        }
    }
}
