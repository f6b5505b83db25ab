//! Reads the topics of a run that is over, one partition of one topic at a time, to its end.

use crate::client;
use crate::error::RunError;
use connectors::registry::{RegistrySettings, SchemaRegistry};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use schemas::{InputTopic, Registry, Schemas, TopicNames};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the broker may send nothing before a topic's end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one poll waits.
const POLL: Duration = Duration::from_millis(500);

/// The topics of a run.
pub(super) struct Topics {
    /// One for all: to make one and to let it go takes a second.
    consumer: BaseConsumer,
    pub(super) names: TopicNames,
    pub(super) registry: Arc<dyn Registry>,
    pub(super) schemas: Schemas,
    pub(super) partitions: u32,
}

/// A record, as long as the next is not read.
pub(super) struct Record<'r> {
    pub(super) offset: i64,
    pub(super) key: Option<&'r [u8]>,
    pub(super) value: Option<&'r [u8]>,
}

impl Topics {
    /// Finds them.
    pub(super) fn open(brokers: &str, registry: &str, names: TopicNames) -> Result<Self, RunError> {
        let registry = SchemaRegistry::connect(&RegistrySettings::new(registry))
            .map_err(RunError::failed(format!("reach the registry {registry}")))?;
        let schemas = Schemas::for_topics(&registry, &names)
            .and_then(|schemas| schemas.and_inputs(&registry, &names))
            .map_err(RunError::failed("find the schemas of the topics"))?;
        let first = names.input(InputTopic::Accounts).clone();
        let operation = || format!("ask for the partitions of {first}");
        let consumer = client::reader_to_end(brokers)?;
        let metadata =
            consumer.fetch_metadata(Some(&first), PATIENCE).map_err(RunError::kafka(operation()))?;
        let found = metadata.topics().iter().find(|topic| topic.name() == &*first);
        let partitions = found.map_or(0, |topic| topic.partitions().len());
        if partitions == 0 {
            return Err(RunError::failed(operation())("there is no such topic"));
        }
        let partitions = u32::try_from(partitions).unwrap_or(u32::MAX);
        Ok(Self { consumer, names, registry: Arc::new(registry), schemas, partitions })
    }

    /// Hands over every committed record of a partition, in order.
    pub(super) fn read(
        &self,
        topic: &str,
        partition: u32,
        mut take: impl FnMut(Record<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let operation = || format!("read partition {partition} of {topic}");
        client::assign_beginning(&self.consumer, topic, partition).map_err(RunError::kafka(operation()))?;
        let mut heard = Instant::now();
        loop {
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let (offset, key, value) = (message.offset(), message.key(), message.payload());
                    take(Record { offset, key, value })?;
                    heard = Instant::now();
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                // A connection that is lost is made again; what is final says so until patience ends.
                Some(Err(error)) if heard.elapsed() > PATIENCE => {
                    return Err(RunError::kafka(operation())(error));
                }
                Some(Err(_)) => {}
                None if heard.elapsed() > PATIENCE => {
                    return Err(RunError::failed(operation())(format!("nothing came for {PATIENCE:?}")));
                }
                None => {}
            }
        }
    }
}
