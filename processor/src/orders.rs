//! Orders that people give over HTTP, written to the topic of controls.
//!
//! What may be ordered, and by whom, is `api`'s business and the core's.

use api::controls::{NotGiven, Orders};
use api::held::Judgement;
use bytes::Bytes;
use decision::Event;
use decision::time::Timestamp;
use engine::Clock;
use engine::controls::Said;
use engine::log::{Log, LogError, NewRecord, TopicPartition};
use engine::partition::partition_of;
use engine::verdicts::{Verdict, Verdicts};
use schemas::{
    Decoder, EncodeError, Encoder, InputTopic, Registry, RegistryError, Schemas, TopicNames, WireError,
};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long the log may take to say that it has an order: whoever gives one waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// By which way a verdict came.
const SOURCE: &str = "weir-api";

/// Writes orders.
pub(crate) struct Writer<L> {
    log: Arc<L>,
    group: String,
    names: TopicNames,
    partitions: NonZeroU32,
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    /// Made with the first order: nothing waits for a schema that nobody needs.
    codec: Mutex<Option<(Encoder, Decoder)>>,
}

/// Why an order was not written.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("the schema of controls is not to be had")]
    Registry(#[from] RegistryError),
    #[error("the control cannot be written")]
    Encode(#[from] EncodeError),
    #[error("no partition would accept the control")]
    Unreadable(#[from] WireError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl<L: Log> Writer<L> {
    pub(crate) fn new(
        (log, group): (Arc<L>, String),
        names: TopicNames,
        partitions: NonZeroU32,
        registry: Arc<dyn Registry>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, group, names, partitions, registry, clock, codec: Mutex::default() }
    }

    fn write(&self, control: &Event) -> Result<(), OrderError> {
        let record = self.record(control)?;
        Ok(self.log.append(&record, PATIENCE)?)
    }

    fn record(&self, control: &Event) -> Result<NewRecord, OrderError> {
        let mut codec = self.codec.lock().unwrap_or_else(PoisonError::into_inner);
        let (encoder, decoder) = match &mut *codec {
            Some(codec) => codec,
            none @ None => {
                let schemas = Schemas::of_input(&*self.registry, &self.names, InputTopic::Controls)?;
                none.insert((Encoder::new(schemas), Decoder::new(self.registry.clone(), &schemas)))
            }
        };
        let mut value = Vec::new();
        let (topic, key) = encoder.event(control, &mut value)?;
        // As the partition will: what it cannot read it would reject, and the person would not know.
        decoder.event(topic, Some(key), Some(&value))?;
        let partition = partition_of(key, self.partitions);
        Ok(NewRecord {
            target: TopicPartition { topic: self.names.input(topic).clone(), partition },
            key: Bytes::copy_from_slice(key),
            value: Some(value.into()),
            timestamp: control.occurred_at.0,
        })
    }
}

impl<L: Log> Orders for Writer<L> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn give(&self, control: &Event) -> Result<(), NotGiven> {
        self.write(control).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an order was not written");
            NotGiven
        })
    }

    fn judge(&self, judgement: &Judgement) -> Result<(), NotGiven> {
        let Judgement { event_id, drops, by, role, why } = judgement.clone();
        let said = Said { event_id, by, role, why, source: SOURCE.to_owned() };
        let verdicts = Verdicts::new(&*self.log, &self.group, &self.names, self.registry.clone());
        let written =
            verdicts.and_then(|mut verdicts| verdicts.write(&Verdict { said, drops }, self.clock.now()));
        written.map(|_| ()).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a verdict was not written");
            NotGiven
        })
    }
}
