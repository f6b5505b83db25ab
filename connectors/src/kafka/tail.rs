//! A reader of many partitions at once, outside the group: it follows topics as they grow.
//!
//! It assigns partitions to itself, from offsets that it is told, and commits none: whoever works on the
//! topics does not notice. Partitions that are added later are not followed. What a record means, and what
//! belongs together in several topics, is not known here.

use super::context::Diagnostics;
use super::error::{beyond_use, failed, refused};
use super::event::{EventQueue, GroupClient, Told};
use super::member::record;
use super::partitions;
use super::rebalances::GroupContext;
use super::settings::KafkaSettings;
use bytes::Bytes;
use engine::log::{LogError, LogRecord, TopicPartition};
use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a tail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tailed {
    /// A committed record. Within a partition they come in order, across partitions as they arrive.
    Record(LogRecord),
    /// A partition was read to its end: the next record that it will hold lies at this offset or beyond.
    End {
        /// The partition.
        source: TopicPartition,
        /// The offset.
        offset: i64,
    },
    /// Something cannot be reached or read at the moment. The client goes on trying by itself.
    Trouble(String),
}

/// Reads many partitions' committed records as they come.
pub struct KafkaTail {
    events: EventQueue,
    client: Arc<GroupClient>,
    /// The names of the topics, which records share.
    topics: HashSet<Arc<str>>,
}

impl fmt::Debug for KafkaTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaTail").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl KafkaTail {
    pub(super) fn new(settings: &KafkaSettings, starts: &[(TopicPartition, i64)]) -> Result<Self, LogError> {
        let operation = "follow the topics";
        let diagnostics =
            Diagnostics::new(&format!("{} tail", settings.client_id), settings.statistics.as_ref());
        let client: GroupClient = settings
            .tail_config()
            .create_with_context(GroupContext { diagnostics, protocol: settings.group_protocol })
            .map_err(|error| failed(operation, &error))?;
        let client = Arc::new(client);
        let events = EventQueue::of_consumer(&client)
            .ok_or_else(|| refused(operation, "the client has no event queue"))?;
        let list = partitions::at(starts.iter().map(|(source, offset)| (source, Offset::Offset(*offset))))?;
        client.assign(&list).map_err(|error| failed(operation, &error))?;
        let topics = starts.iter().map(|(source, _)| Arc::clone(&source.topic)).collect();
        Ok(Self { events, client, topics })
    }

    /// Waits up to `wait` for something, and brings what there is by then, at most `at_most`.
    ///
    /// # Errors
    /// [`LogError::Fatal`] when the client is beyond use. All else is told as [`Tailed::Trouble`].
    pub fn poll(&mut self, at_most: usize, wait: Duration) -> Result<Vec<Tailed>, LogError> {
        let begun = Instant::now();
        let mut told = Vec::new();
        while told.len() < at_most {
            let left = if told.is_empty() { wait.saturating_sub(begun.elapsed()) } else { Duration::ZERO };
            let Some(mut event) = self.events.poll(left) else { break };
            match event.tell() {
                Told::Record(fetched) => {
                    let source = self.source(fetched.topic, fetched.partition);
                    let copied = source.map(|source| record(&source, &fetched, Bytes::copy_from_slice));
                    told.extend(copied.map(Tailed::Record));
                }
                Told::End { topic, partition, offset } => {
                    let source = self.source(&topic, partition);
                    told.extend(source.map(|source| Tailed::End { source, offset }));
                }
                Told::Failed { code, is_fatal: true, reason, .. } => {
                    return Err(beyond_use("follow the topics", code, reason));
                }
                Told::Failed { reason, of, is_fatal: false, .. } => {
                    let of =
                        of.map(|(topic, partition)| format!("{topic}-{partition}: ")).unwrap_or_default();
                    told.push(Tailed::Trouble(format!("{of}{reason}")));
                }
                Told::Log { level, facility, message } => {
                    self.client.context().diagnostics.line(level, &facility, &message);
                }
                Told::Statistics(json) => self.client.context().diagnostics.report(json),
                // It is a member of nothing.
                Told::Rebalance { .. } | Told::Delivered(_) | Told::Nothing => {}
            }
        }
        Ok(told)
    }

    /// The partition, where it is one that is followed.
    fn source(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        let topic = Arc::clone(self.topics.get(topic)?);
        Some(TopicPartition { topic, partition: u32::try_from(partition).ok()? })
    }
}
