//! A producer of one transactional id.
//!
//! librdkafka's transactional calls block, so the commit is done by a thread of the producer's own
//! (`commit`), which the engine's thread asks now and then.

use super::commit::{Commits, abort};
use super::context::Diagnostics;
use super::error::{failed, fatal, name, of_code, refused, unavailable};
use super::event::{Delivered, EventQueue, Told};
use super::membership::KafkaMembership;
use super::partitions;
use super::settings::KafkaSettings;
use engine::log::{CommitError, Committed, LogError, NewRecord, Producer, TopicPartition};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a send may wait for room in librdkafka's queue. It holds 100,000 records and 1 GiB:
/// when it is full, the brokers have not taken a record for long.
const ROOM_WITHIN: Duration = Duration::from_secs(5);

/// The native producer, which both threads use, and its events.
pub(super) struct Native {
    producer: Arc<BaseProducer<Deliveries>>,
    events: EventQueue,
}

impl Deref for Native {
    type Target = BaseProducer<Deliveries>;

    fn deref(&self) -> &BaseProducer<Deliveries> {
        &self.producer
    }
}

impl Native {
    pub(super) fn new(producer: BaseProducer<Deliveries>) -> Option<Self> {
        let producer = Arc::new(producer);
        let events = EventQueue::of_producer(&producer)?;
        Some(Self { producer, events })
    }

    /// Waits up to `wait` for something that the client has to say, and takes it.
    pub(super) fn serve(&self, wait: Duration) {
        let Some(mut event) = self.events.poll(wait) else { return };
        let context = self.producer.context();
        match event.tell() {
            Told::Delivered(delivered) => context.reports().take(delivered),
            Told::Failed { code, reason, .. } => context.error(KafkaError::Global(code), &reason),
            Told::Log { level, facility, message } => context.diagnostics.line(level, &facility, &message),
            Told::Statistics(json) => context.diagnostics.report(json),
            // A producer is told of none of these.
            Told::Record(_) | Told::End { .. } | Told::Rebalance { .. } | Told::Nothing => {}
        }
    }
}

/// Writes in transactions.
pub struct KafkaProducer {
    native: Arc<Native>,
    commits: Commits,
    settings: Arc<KafkaSettings>,
    transactional_id: String,
    /// Numbers the partitions that were ever written to, for the delivery reports.
    targets: Vec<TopicPartition>,
}

impl KafkaProducer {
    pub(super) fn new(settings: &Arc<KafkaSettings>, transactional_id: &str) -> Result<Self, LogError> {
        let operation = format!("make the producer {transactional_id}");
        let client = format!("{} producer {transactional_id}", settings.client_id);
        let context = Deliveries::new(Diagnostics::new(&client, settings.statistics.as_ref()));
        let native = settings
            .producer_config(transactional_id)
            .create_with_context(context)
            .map_err(|error| failed(&operation, &error))?;
        let native =
            Native::new(native).ok_or_else(|| refused(&operation, "the client has no event queue"))?;
        let native = Arc::new(native);
        let commits = Commits::start(&native, transactional_id, settings.transaction_timeout)
            .map_err(|error| unavailable(&operation, &error.to_string()))?;
        Ok(Self {
            native,
            commits,
            settings: Arc::clone(settings),
            transactional_id: transactional_id.to_owned(),
            targets: Vec::new(),
        })
    }

    fn failed(&self, operation: &str, error: &KafkaError) -> LogError {
        let operation = format!("{operation} as {}", self.transactional_id);
        fatal(&operation, self.native.client()).unwrap_or_else(|| failed(&operation, error))
    }

    /// The number of a partition that is written to.
    fn target(&mut self, target: &TopicPartition) -> usize {
        // A handful, whose names are shared with those of the records.
        let is_same = |known: &TopicPartition| {
            known.partition == target.partition
                && (Arc::ptr_eq(&known.topic, &target.topic) || known.topic == target.topic)
        };
        if let Some(index) = self.targets.iter().position(is_same) {
            return index;
        }
        let index = self.targets.len();
        self.targets.push(target.clone());
        self.native.context().reports().partitions.push(target.clone());
        index
    }
}

impl Producer for KafkaProducer {
    type Membership = KafkaMembership;

    fn fence(&mut self) -> Result<(), LogError> {
        let begun = Instant::now();
        loop {
            let left = self.settings.request_timeout.saturating_sub(begun.elapsed());
            match self.native.init_transactions(left) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = self.failed("fence", &error);
                    // A call that was cut short is resumed by the same call.
                    let may_pass = matches!(error, LogError::Unavailable { .. });
                    if !may_pass || begun.elapsed() >= self.settings.request_timeout {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn begin(&mut self) -> Result<(), LogError> {
        self.native.begin_transaction().map_err(|error| self.failed("begin a transaction", &error))?;
        self.native.context().reports().begin();
        Ok(())
    }

    fn send(&mut self, record: &NewRecord) -> Result<(), LogError> {
        let partition = partitions::number(&record.target)?;
        let target = self.target(&record.target);
        let mut new = BaseRecord::with_opaque_to(&record.target.topic, target)
            .partition(partition)
            .key(&record.key[..])
            .timestamp(record.timestamp.div_euclid(1_000));
        if let Some(value) = &record.value {
            new = new.payload(&value[..]);
        }
        // The clock is asked only where there is something to wait for: this is done for each record.
        let mut full_since: Option<Instant> = None;
        loop {
            let (error, same) = match self.native.send(new) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            let operation = format!("send a record to {}", name(&record.target));
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull)
                    if full_since.get_or_insert_with(Instant::now).elapsed() < ROOM_WITHIN =>
                {
                    // Reports that were not taken hold their records in the queue.
                    self.native.serve(Duration::from_millis(5));
                    new = same;
                }
                // The transaction has failed already, and takes no more: the commit will say so.
                Some(RDKafkaErrorCode::State) if self.native.context().reports().is_open => return Ok(()),
                Some(code) => {
                    return Err(fatal(&operation, self.native.client())
                        .unwrap_or_else(|| of_code(&operation, code, error.to_string())));
                }
                None => return Err(self.failed("send a record", &error)),
            }
        }
    }

    fn commit(&mut self, offsets: Vec<(TopicPartition, i64)>, member: &KafkaMembership) {
        self.commits.begin(offsets, member.clone());
    }

    fn wait(&mut self, wait: Duration) -> Option<Result<Committed, CommitError>> {
        self.commits.wait(wait)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        abort(&self.native, self.settings.transaction_timeout)
            .map_err(|error| self.failed("abort the transaction", &error))
    }
}

/// Takes the delivery reports of a transaction.
pub(super) struct Deliveries {
    diagnostics: Diagnostics,
    reports: Mutex<Reports>,
}

/// Why a record was not delivered.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) code: RDKafkaErrorCode,
    /// Where it was to go, and what the code says.
    pub(super) told: String,
}

/// What was reported of the records of one transaction, or of one that is of none.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// By the number that a record carries.
    partitions: Vec<TopicPartition>,
    last_offsets: Vec<Option<i64>>,
    /// Whether a record was delivered without our getting to know where.
    pub(super) is_offset_unknown: bool,
    /// Why a record was not delivered.
    pub(super) failure: Option<Undelivered>,
    is_open: bool,
}

impl Reports {
    pub(super) fn begin(&mut self) {
        self.last_offsets.clear();
        self.is_offset_unknown = false;
        self.failure = None;
        self.is_open = true;
    }

    /// What was delivered last to each partition.
    pub(super) fn end(&mut self) -> BTreeMap<TopicPartition, i64> {
        self.is_open = false;
        let offsets = self.partitions.iter().zip(&self.last_offsets);
        offsets.filter_map(|(partition, offset)| Some((partition.clone(), (*offset)?))).collect()
    }

    /// Whether a record was delivered.
    pub(super) fn has_delivered(&self) -> bool {
        self.is_offset_unknown || self.last_offsets.iter().any(Option::is_some)
    }

    fn take(&mut self, delivered: Delivered<'_>) {
        for delivery in delivered {
            match delivery.failure {
                None => self.delivered(delivery.number, delivery.offset),
                Some((topic, code)) => {
                    let told = || format!("{topic}-{}: {code}", delivery.partition);
                    self.failure.get_or_insert_with(|| Undelivered { code, told: told() });
                }
            }
        }
    }

    fn delivered(&mut self, target: usize, offset: i64) {
        if offset < 0 {
            self.is_offset_unknown = true;
            return;
        }
        if self.last_offsets.len() <= target {
            self.last_offsets.resize(target + 1, None);
        }
        if let Some(last) = self.last_offsets.get_mut(target) {
            *last = (*last).max(Some(offset));
        }
    }
}

impl Deliveries {
    pub(super) fn new(diagnostics: Diagnostics) -> Self {
        Self { diagnostics, reports: Mutex::default() }
    }

    pub(super) fn reports(&self) -> MutexGuard<'_, Reports> {
        // Whatever panicked under the lock left counters, not a broken promise.
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.diagnostics.log(level, facility, message);
    }

    fn stats_raw(&self, json: &[u8]) {
        self.diagnostics.report(json);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.diagnostics.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    /// The number of the record's partition: an allocation a record less than a box.
    type DeliveryOpaque = usize;

    /// Reports are taken from the client's queue, by [`Native::serve`].
    fn delivery(&self, _: &DeliveryResult<'_>, _: usize) {}
}
