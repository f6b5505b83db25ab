//! A reader of one partition at a time, outside the group.

use super::context::Diagnostics;
use super::error::{beyond_use, failed, name, of_code, refused};
use super::event::{EventQueue, GroupClient, Told};
use super::member::record;
use super::partitions;
use super::rebalances::GroupContext;
use super::settings::KafkaSettings;
use bytes::Bytes;
use engine::log::{Chunk, LogError, Reader, TopicPartition};
use rdkafka::Offset;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::Consumer as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most records that one read brings: enough to amortise the call, little enough to hold.
const CHUNK_RECORDS: usize = 1_000;

/// Reads one partition's committed records.
pub struct KafkaReader {
    events: EventQueue,
    client: Arc<GroupClient>,
    settings: Arc<KafkaSettings>,
    place: Option<Place>,
}

struct Place {
    source: TopicPartition,
    number: i32,
    position: i64,
}

impl KafkaReader {
    pub(super) fn new(settings: &Arc<KafkaSettings>, config: ClientConfig) -> Result<Self, LogError> {
        let operation = "make a reader";
        let diagnostics =
            Diagnostics::new(&format!("{} reader", settings.client_id), settings.statistics.as_ref());
        let client: GroupClient = config
            .create_with_context(GroupContext { diagnostics, protocol: settings.group_protocol })
            .map_err(|error| failed(operation, &error))?;
        let client = Arc::new(client);
        let events = EventQueue::of_consumer(&client)
            .ok_or_else(|| refused(operation, "the client has no event queue"))?;
        Ok(Self { events, client, settings: Arc::clone(settings), place: None })
    }

    /// Where the partition begins and ends, as a read-committed client sees it.
    fn bounds(&self, partition: &TopicPartition, operation: &str) -> Result<(i64, i64), LogError> {
        self.client
            .fetch_watermarks(&partition.topic, partitions::number(partition)?, self.settings.request_timeout)
            .map_err(|error| failed(&format!("{operation} {}", name(partition)), &error))
    }
}

impl Reader for KafkaReader {
    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        let operation = || format!("read {} at {offset}", name(partition));
        // An assignment of what is not there would be taken, and nothing would ever come.
        self.bounds(partition, "seek in")?;
        let list = partitions::at([(partition, Offset::Offset(offset))])?;
        self.client.assign(&list).map_err(|error| failed(&operation(), &error))?;
        let number = partitions::number(partition)?;
        self.place = Some(Place { source: partition.clone(), number, position: offset });
        Ok(())
    }

    fn start_offset(&mut self, partition: &TopicPartition) -> Result<i64, LogError> {
        Ok(self.bounds(partition, "ask for the start of")?.0)
    }

    fn read(&mut self, wait: Duration) -> Result<Chunk, LogError> {
        let Some(place) = &mut self.place else {
            return Err(refused("read", "no partition was sought"));
        };
        let from = place.position;
        let begun = Instant::now();
        let mut records = Vec::new();
        while records.len() < CHUNK_RECORDS {
            let has_moved = place.position > from;
            let left = if has_moved { Duration::ZERO } else { wait.saturating_sub(begun.elapsed()) };
            let Some(mut event) = self.events.poll(left) else { break };
            match event.tell() {
                Told::Record(fetched) => {
                    if place.is_next(fetched.topic, fetched.partition, fetched.offset) {
                        place.position = fetched.offset + 1;
                        records.push(record(&place.source, &fetched, Bytes::copy_from_slice));
                    }
                }
                Told::End { topic, partition, offset } => {
                    if place.is_next(&topic, partition, offset) {
                        place.position = offset;
                    }
                }
                Told::Failed { code, is_fatal, reason, .. } => {
                    let operation = format!("read {} at {}", name(&place.source), place.position);
                    if is_fatal {
                        return Err(beyond_use(&operation, code, reason));
                    }
                    let error = of_code(&operation, code, reason);
                    // What was read is not to be lost for a hiccup; what lasts will be told again.
                    if records.is_empty() {
                        return Err(error);
                    }
                    tracing::warn!(%error, "reading goes on");
                }
                Told::Log { level, facility, message } => {
                    self.client.context().diagnostics.line(level, &facility, &message);
                }
                Told::Statistics(json) => self.client.context().diagnostics.report(json),
                // It is a member of nothing.
                Told::Rebalance { .. } | Told::Delivered(_) | Told::Nothing => {}
            }
        }
        Ok(Chunk { records, position: place.position })
    }
}

impl Place {
    /// Whether this is of the partition that is read, and not of before the last seek.
    fn is_next(&self, topic: &str, partition: i32, offset: i64) -> bool {
        offset >= self.position && partition == self.number && topic == &*self.source.topic
    }
}
