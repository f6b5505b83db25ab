//! Appends single records outside any transaction, one at a time.
//!
//! Its client is made at the first record: most processes append none. A transaction would be in the way
//! here: one that a dead process leaves open hides what all others append, until it times out.

use super::context::Diagnostics;
use super::error::{failed, fatal, name, of_code, refused, unavailable};
use super::partitions;
use super::producer::{Deliveries, Native};
use super::settings::KafkaSettings;
use engine::log::{LogError, NewRecord};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the client may take to say that it has forgotten a record.
const FORGOTTEN_WITHIN: Duration = Duration::from_millis(100);

/// The number that the record carries: there is only one under way.
const ONLY: usize = 0;

/// Appends records.
pub(super) struct Appender {
    settings: Arc<KafkaSettings>,
    /// None before the first record, and after a failure of the client.
    native: Mutex<Option<Native>>,
}

impl Appender {
    pub(super) fn new(settings: &Arc<KafkaSettings>) -> Self {
        Self { settings: Arc::clone(settings), native: Mutex::default() }
    }

    /// Appends a record to a partition that is there, and waits for its acknowledgement.
    pub(super) fn append(&self, record: &NewRecord, wait: Duration) -> Result<(), LogError> {
        let deadline = Instant::now() + wait;
        let operation = format!("append a record to {}", name(&record.target));
        // Whoever panicked under the lock left a client whose record is forgotten below.
        let mut place = self.native.lock().unwrap_or_else(PoisonError::into_inner);
        let native = match place.take() {
            Some(native) => native,
            None => self.client(&operation)?,
        };
        native.context().reports().begin();
        let outcome = send(&native, record, &operation)
            .and_then(|()| acknowledged(&native, &operation, deadline))
            .map_err(|error| fatal(&operation, native.client()).unwrap_or(error));
        // A client that is beyond use, or has not forgotten the record, is made anew for the next one: the report
        // of this record would pass for that one's.
        if outcome.is_ok() || (native.client().fatal_error().is_none() && forgets(&native)) {
            *place = Some(native);
        }
        outcome
    }

    fn client(&self, operation: &str) -> Result<Native, LogError> {
        let client = format!("{} appender", self.settings.client_id);
        let context = Deliveries::new(Diagnostics::new(&client, self.settings.statistics.as_ref()));
        let native = self
            .settings
            .appender_config()
            .create_with_context(context)
            .map_err(|error| failed(operation, &error))?;
        Native::new(native).ok_or_else(|| refused(operation, "the client has no event queue"))
    }
}

fn send(native: &Native, record: &NewRecord, operation: &str) -> Result<(), LogError> {
    let mut new = BaseRecord::with_opaque_to(&record.target.topic, ONLY)
        .partition(partitions::number(&record.target)?)
        .key(&record.key[..])
        .timestamp(record.timestamp.div_euclid(1_000));
    if let Some(value) = &record.value {
        new = new.payload(&value[..]);
    }
    native.send(new).map_err(|(error, _)| failed(operation, &error))
}

/// Waits for the report on the record: only that says that the log has it.
fn acknowledged(native: &Native, operation: &str, deadline: Instant) -> Result<(), LogError> {
    loop {
        {
            let mut reports = native.context().reports();
            if let Some(undelivered) = reports.failure.take() {
                return Err(of_code(operation, undelivered.code, undelivered.told));
            }
            if reports.has_delivered() {
                return Ok(());
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(unavailable(operation, "no acknowledgement came in time"));
        }
        native.serve(left);
    }
}

/// Has the client forget the record, and says whether it did. Connections, and what is known of the brokers,
/// stay: where the next record has as little time, it begins further on.
fn forgets(native: &Native) -> bool {
    native.purge(PurgeConfig::default().queue().inflight());
    let deadline = Instant::now() + FORGOTTEN_WITHIN;
    while native.in_flight_count() > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        native.serve(left);
    }
    true
}
