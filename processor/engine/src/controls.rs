//! Controls that are about no account: what a person says to every partition, written to all or to none.
//!
//! What is said, and what a partition makes of it, is the business of who asks; who may say it the caller's.

use crate::log::{Committed, Log, LogError, Membership, NewRecord, TopicPartition};
use crate::settings::Clock;
use bytes::Bytes;
use decision::Event;
use decision::event::{Body, Control, Order};
use decision::time::Timestamp;
use schemas::{
    Decoder, EncodeError, Encoder, InputTopic, Registry, RegistryError, Schemas, TopicNames, WireError,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The account that such a control names: it is about none, and its key need only be some text.
const NO_ACCOUNT: &str = "*";

/// How often it is looked whether the partitions have taken a control.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Who says something to all partitions, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The same id is the same word: a partition that has it already does nothing more.
    pub event_id: String,
    /// Who says so.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: String,
    /// By which tool.
    pub source: String,
}

impl Said {
    /// The control that orders this.
    pub(crate) fn event(&self, order: Order, at: Timestamp) -> Result<Event, ControlError> {
        let said = [("who gave it", &self.by), ("in which role", &self.role), ("why", &self.why)];
        if let Some((what, _)) = said.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(ControlError::Unsaid(what));
        }
        let (by, role, why) = (self.by.clone(), self.role.clone(), Some(self.why.clone()));
        Ok(Event {
            event_id: self.event_id.as_str().into(),
            account_id: NO_ACCOUNT.into(),
            debtor_id: None,
            occurred_at: at,
            source: self.source.clone(),
            body: Body::Control(Control { by, role, why, order }),
        })
    }
}

/// A control that lies in every partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The topic.
    pub topic: Arc<str>,
    /// Where it lies: the offset in each partition.
    pub offsets: BTreeMap<u32, i64>,
}

/// Why a control is not written to every partition.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// It lacks what every control says.
    #[error("a control says {0}: that must not be empty")]
    Unsaid(&'static str),
    /// There is no such topic.
    #[error("there is no topic {0}")]
    NoTopic(Arc<str>),
    /// The registry does not give the schema's id.
    #[error("the schema of controls is not to be had")]
    Registry(#[from] RegistryError),
    /// It cannot be encoded.
    #[error("the control cannot be written")]
    Encode(#[from] EncodeError),
    /// The partitions would reject it.
    #[error("no partition would accept the control")]
    Unreadable(#[from] WireError),
    /// The log cannot be reached, or refuses. It lies in no partition.
    #[error("it is written to no partition")]
    Log(#[from] LogError),
    /// The log aborts it again and again. It lies in no partition.
    #[error("it is written to no partition: {0}")]
    Aborted(String),
    /// Whether it lies in all partitions or in none is not known.
    #[error(
        "whether it is written to all partitions or to none is not known: {reason}. To say the same \
         again under its id, «{event_id}», does no harm"
    )]
    Unknown {
        /// What happened.
        reason: String,
        /// The control's id.
        event_id: String,
    },
}

/// Writes controls to every partition.
pub(crate) struct Controls<'l, L> {
    pub(crate) log: &'l L,
    topic: Arc<str>,
    pub(crate) encoder: Encoder,
    decoder: Decoder,
}

impl<'l, L: Log> Controls<'l, L> {
    /// Writes controls by these schemas.
    pub(crate) fn new(log: &'l L, names: &TopicNames, registry: Arc<dyn Registry>, schemas: Schemas) -> Self {
        let (encoder, decoder) = (Encoder::new(schemas), Decoder::new(registry, &schemas));
        Self { log, topic: names.input(InputTopic::Controls).clone(), encoder, decoder }
    }

    /// The control as it lies in each partition.
    pub(crate) fn records(&mut self, event: &Event) -> Result<Vec<NewRecord>, ControlError> {
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(event, &mut value)?;
        // As every partition will: what it cannot read it would reject, and the person would not know.
        self.decoder.event(topic, Some(key), Some(&value))?;
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::from(value));
        let count = self.partitions()?;
        let record = |partition| NewRecord {
            target: TopicPartition { topic: self.topic.clone(), partition },
            key: key.clone(),
            value: Some(value.clone()),
            timestamp: event.occurred_at.0,
        };
        Ok((0..count).map(record).collect())
    }

    /// Where they lie, now that their transaction is committed.
    pub(crate) fn written(&self, committed: &Committed) -> Written {
        let own = committed.last_offsets.iter().filter(|(target, _)| target.topic == self.topic);
        let offsets = own.map(|(target, offset)| (target.partition, *offset)).collect();
        Written { topic: self.topic.clone(), offsets }
    }

    /// What lies in every partition by now: the control that was written before is among it.
    pub(crate) fn written_by_now(&self) -> Result<Written, ControlError> {
        let place = |partition| TopicPartition { topic: self.topic.clone(), partition };
        let places: Vec<TopicPartition> = (0..self.partitions()?).map(place).collect();
        let ends = self.log.end_offsets(&places)?;
        // A transaction's marker lies last, and nobody commits past that alone.
        let last = |(place, end): (TopicPartition, i64)| (place.partition, end.saturating_sub(2));
        let offsets = places.into_iter().zip(ends).map(last).collect();
        Ok(Written { topic: self.topic.clone(), offsets })
    }

    fn partitions(&self) -> Result<u32, ControlError> {
        let counts = self.log.partitions(std::slice::from_ref(&self.topic))?;
        let count = counts.first().copied().flatten().filter(|count| *count > 0);
        count.ok_or_else(|| ControlError::NoTopic(self.topic.clone()))
    }

    /// Waits until every partition has taken a control: until the group has committed an offset beyond
    /// it, which it does in one transaction with what it made of it. Answers the partitions that have
    /// not when the time is over.
    ///
    /// # Errors
    /// When the log refuses.
    pub(crate) fn wait_until_taken(
        &self,
        written: &Written,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Vec<u32>, LogError> {
        let onlooker = self.log.onlooker()?;
        let began = clock.ticks();
        loop {
            let missing = match missing(&onlooker, written) {
                Ok(missing) => missing,
                // It may answer yet, and until it does nothing is known of any partition.
                Err(LogError::Unavailable { .. }) => written.offsets.keys().copied().collect(),
                Err(error) => return Err(error),
            };
            if missing.is_empty() || clock.ticks().saturating_sub(began) >= wait {
                return Ok(missing);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// The partitions whose committed offset does not lie beyond the control.
fn missing(group: &impl Membership, written: &Written) -> Result<Vec<u32>, LogError> {
    let place = |partition| TopicPartition { topic: written.topic.clone(), partition };
    let places: Vec<TopicPartition> = written.offsets.keys().copied().map(place).collect();
    let committed = group.committed(&places)?;
    let offsets = written.offsets.iter().zip(committed);
    let missing = offsets.filter(|((_, offset), committed)| committed.is_none_or(|next| next <= **offset));
    Ok(missing.map(|((partition, _), _)| *partition).collect())
}
