//! Verdicts: what a person says of all that the breaker holds, written to every partition or to none.
//!
//! What a partition makes of it is the gate's business; who may say so is the caller's.

use crate::log::{CommitError, Committed, Log, LogError, Membership, NewRecord, TopicPartition};
use crate::settings::Clock;
use crate::writing::{self, Failure};
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

/// How often the same verdict is written before it is given up. What is aborted, or of unknown outcome,
/// was a coordinator that moved or a broker that went: the next try meets another.
const TRIES: u32 = 3;

/// How often it is looked whether the partitions have taken a verdict.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a person says of what the breaker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The same id is the same verdict: a partition that has it already does nothing more.
    pub event_id: String,
    /// Whether what is held is dropped; else it is released.
    pub drops: bool,
    /// Who says so.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why.
    pub why: String,
    /// By which tool.
    pub source: String,
}

/// A verdict that lies in every partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The topic.
    pub topic: Arc<str>,
    /// Where it lies: the offset in each partition.
    pub offsets: BTreeMap<u32, i64>,
}

/// Why a verdict is not written to every partition.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
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
        /// The verdict's id.
        event_id: String,
    },
}

/// Writes verdicts.
pub struct Verdicts<'l, L> {
    log: &'l L,
    topic: Arc<str>,
    group: String,
    encoder: Encoder,
    decoder: Decoder,
}

impl<'l, L: Log> Verdicts<'l, L> {
    /// Writes verdicts for the instances of this group.
    ///
    /// # Errors
    /// When the registry does not know the schema of controls.
    pub fn new(
        log: &'l L,
        group: &str,
        names: &TopicNames,
        registry: Arc<dyn Registry>,
    ) -> Result<Self, VerdictError> {
        let schemas = Schemas::of_input(&*registry, names, InputTopic::Controls)?;
        Ok(Self {
            log,
            topic: names.input(InputTopic::Controls).clone(),
            group: group.to_owned(),
            encoder: Encoder::new(schemas),
            decoder: Decoder::new(registry, &schemas),
        })
    }

    /// Writes a verdict to every partition of the controls, in one transaction.
    ///
    /// # Errors
    /// When it lies in no partition; or, as [`VerdictError::Unknown`], when nobody can say.
    pub fn write(&mut self, verdict: &Verdict, at: Timestamp) -> Result<Written, VerdictError> {
        let records = self.records(verdict, at)?;
        let onlooker = self.log.onlooker()?;
        // One id for each verdict: to write it again ends what an earlier try has left open, and disturbs
        // nobody else. It begins as those of the tasks do, so that the same right covers it.
        let transactional_id = format!("{}-verdict-{}", self.group, verdict.event_id);
        let mut aborted = String::new();
        let mut unknown = None;
        for _ in 0..TRIES {
            match writing::attempt(self.log, &transactional_id, &records, &onlooker) {
                Ok(committed) => return Ok(self.written(&committed)),
                Err(Failure::Commit(CommitError::Aborted(reason))) => aborted = reason,
                Err(Failure::Commit(
                    error @ (CommitError::Unknown(_) | CommitError::Fenced(_) | CommitError::Fatal(_)),
                )) => unknown = Some(error.to_string()),
                Err(Failure::Before(error)) => match unknown {
                    None => return Err(VerdictError::Log(error)),
                    Some(_) => break,
                },
            }
        }
        Err(match unknown {
            Some(reason) => VerdictError::Unknown { reason, event_id: verdict.event_id.clone() },
            None => VerdictError::Aborted(aborted),
        })
    }

    /// Waits until every partition has taken a verdict: until the group has committed an offset beyond
    /// it, which it does in one transaction with what it made of it. Answers the partitions that have
    /// not when the time is over.
    ///
    /// # Errors
    /// When the log refuses.
    pub fn wait_until_taken(
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

    /// The control as it lies in each partition.
    fn records(&mut self, verdict: &Verdict, at: Timestamp) -> Result<Vec<NewRecord>, VerdictError> {
        let event = event_of(verdict, at)?;
        let mut value = Vec::new();
        let (topic, key) = self.encoder.event(&event, &mut value)?;
        // As every partition will: what it cannot read it would reject, and the person would not know.
        self.decoder.event(topic, Some(key), Some(&value))?;
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::from(value));
        let counts = self.log.partitions(std::slice::from_ref(&self.topic))?;
        let count = counts.first().copied().flatten().filter(|count| *count > 0);
        let count = count.ok_or_else(|| VerdictError::NoTopic(self.topic.clone()))?;
        let record = |partition| NewRecord {
            target: TopicPartition { topic: self.topic.clone(), partition },
            key: key.clone(),
            value: Some(value.clone()),
            timestamp: at.0,
        };
        Ok((0..count).map(record).collect())
    }

    fn written(&self, committed: &Committed) -> Written {
        let offsets = committed.last_offsets.iter().map(|(target, offset)| (target.partition, *offset));
        Written { topic: self.topic.clone(), offsets: offsets.collect() }
    }
}

fn event_of(verdict: &Verdict, at: Timestamp) -> Result<Event, VerdictError> {
    let said = [("who gave it", &verdict.by), ("in which role", &verdict.role), ("why", &verdict.why)];
    if let Some((what, _)) = said.into_iter().find(|(_, text)| text.trim().is_empty()) {
        return Err(VerdictError::Unsaid(what));
    }
    let order = if verdict.drops { Order::DropHeld } else { Order::ReleaseHeld };
    let (by, role, why) = (verdict.by.clone(), verdict.role.clone(), Some(verdict.why.clone()));
    Ok(Event {
        event_id: verdict.event_id.as_str().into(),
        account_id: NO_ACCOUNT.into(),
        debtor_id: None,
        occurred_at: at,
        source: verdict.source.clone(),
        body: Body::Control(Control { by, role, why, order }),
    })
}

/// The partitions whose committed offset does not lie beyond the verdict.
fn missing(group: &impl Membership, written: &Written) -> Result<Vec<u32>, LogError> {
    let place = |partition| TopicPartition { topic: written.topic.clone(), partition };
    let places: Vec<TopicPartition> = written.offsets.keys().copied().map(place).collect();
    let committed = group.committed(&places)?;
    let offsets = written.offsets.iter().zip(committed);
    let missing = offsets.filter(|((_, offset), committed)| committed.is_none_or(|next| next <= **offset));
    Ok(missing.map(|((partition, _), _)| *partition).collect())
}
