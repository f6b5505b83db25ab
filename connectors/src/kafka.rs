//! Kafka behind the engine's traits, through librdkafka.
//!
//! Four kinds of clients: one member of the group, which only the poll thread polls; a producer
//! and a thread of its own for each transactional id; one that appends single records outside any
//! transaction, where somebody does; readers. A fifth asks for metadata and end offsets. For those who watch there is a [`KafkaTail`]. How they are set up is `settings`' business; nothing here knows what
//! a record means.

mod appender;
mod commit;
pub(crate) mod context;
mod cursors;
pub(crate) mod error;
mod event;
mod fetches;
mod member;
mod membership;
mod newcomer;
mod partitions;
mod producer;
mod reader;
mod rebalances;
mod settings;
mod stretches;
mod tail;
mod topic_ids;

pub use member::KafkaConsumer;
pub use membership::KafkaMembership;
pub use producer::KafkaProducer;
pub use reader::KafkaReader;
pub use settings::{GroupProtocol, KafkaSettings, Report, SettingsError, Statistics};
pub use tail::{KafkaTail, Tailed};

use appender::Appender;
use context::Diagnostics;
use engine::log::{Log, LogError, NewRecord, Stretch, Tell, TopicPartition};
use error::{failed, name, refused};
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A Kafka cluster, as one process uses it.
pub struct KafkaLog {
    settings: Arc<KafkaSettings>,
    /// Asks for metadata and end offsets; in no group, and read-uncommitted.
    queries: BaseConsumer<Diagnostics>,
    appender: Appender,
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl KafkaLog {
    /// The log at the settings' brokers. It is not reached before the first call.
    ///
    /// # Errors
    /// When a property is one that Weir sets itself, or librdkafka refuses one.
    pub fn new(settings: KafkaSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let name = format!("{} queries", settings.client_id);
        let context = Diagnostics::new(&name, settings.statistics.as_ref());
        let queries = settings
            .query_config()
            .create_with_context(context)
            .map_err(|error| SettingsError::Refused { reason: error.to_string() })?;
        let settings = Arc::new(settings);
        let appender = Appender::new(&settings);
        Ok(Self { settings, queries, appender })
    }

    /// How many partitions the topic has; none where there is no such topic.
    fn count(&self, topic: &str, wait: Duration) -> Result<Option<u32>, LogError> {
        let operation = || format!("ask for the partitions of {topic}");
        let metadata =
            self.queries.fetch_metadata(Some(topic), wait).map_err(|error| failed(&operation(), &error))?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Ok(None);
        };
        match found.error().map(RDKafkaErrorCode::from) {
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Ok(None),
            Some(code) => Err(error::of_code(&operation(), code, code.to_string())),
            None => Ok(u32::try_from(found.partitions().len()).ok()),
        }
    }

    /// Hands on what the client has to say meanwhile.
    fn serve_queries(&self) {
        let _ = self.queries.poll(Duration::ZERO);
    }
}

impl Log for KafkaLog {
    type Consumer = KafkaConsumer;
    type Producer = KafkaProducer;
    type Reader = KafkaReader;
    type Membership = KafkaMembership;

    fn join(&self, topics: &[Arc<str>]) -> Result<KafkaConsumer, LogError> {
        KafkaConsumer::join(&self.settings, topics)
    }

    fn onlooker(&self) -> Result<KafkaMembership, LogError> {
        KafkaMembership::onlooker(&self.settings)
    }

    fn producer(&self, transactional_id: &str) -> Result<KafkaProducer, LogError> {
        KafkaProducer::new(&self.settings, transactional_id)
    }

    fn reader(&self) -> Result<KafkaReader, LogError> {
        KafkaReader::new(&self.settings, self.settings.reader_config())
    }

    fn follower(&self) -> Result<KafkaReader, LogError> {
        KafkaReader::new(&self.settings, self.settings.follower_config())
    }

    fn read_stretches(&self, stretches: &[Stretch], tell: &mut Tell<'_>) -> Result<(), LogError> {
        stretches::read(&self.settings, stretches, tell)
    }

    fn append(&self, record: &NewRecord, wait: Duration) -> Result<(), LogError> {
        let begun = Instant::now();
        // A producer waits in vain for a topic that is not there, or makes it where the broker lets it.
        let target = &record.target;
        let count = self.count(&target.topic, wait.min(self.settings.request_timeout))?;
        self.serve_queries();
        if count.is_none_or(|count| target.partition >= count) {
            let operation = format!("append a record to {}", name(target));
            return Err(refused(&operation, "there is no such partition"));
        }
        self.appender.append(record, wait.saturating_sub(begun.elapsed()))
    }

    fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<Option<u32>>, LogError> {
        let counts = topics.iter().map(|topic| self.count(topic, self.settings.request_timeout)).collect();
        self.serve_queries();
        counts
    }

    fn topic_ids(&self, topics: &[Arc<str>]) -> Result<Vec<Option<Arc<str>>>, LogError> {
        topic_ids::ask(&self.queries, topics, self.settings.request_timeout)
    }

    fn end_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.bounds("end", partitions, Offset::End)
    }

    fn start_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.bounds("start", partitions, Offset::Beginning)
    }
}

impl KafkaLog {
    /// Follows these partitions, each from its offset, outside any group.
    ///
    /// # Errors
    /// When the client cannot be made, or refuses.
    pub fn tail(&self, starts: &[(TopicPartition, i64)]) -> Result<KafkaTail, LogError> {
        KafkaTail::new(&self.settings, starts)
    }

    /// The offset of the first record of each that has this time, in milliseconds since 1970, or a later one;
    /// the end where there is none.
    ///
    /// # Errors
    /// When the log cannot be reached, or has no such partition.
    pub fn offsets_at(&self, partitions: &[TopicPartition], millis: i64) -> Result<Vec<i64>, LogError> {
        // In this order: what comes between the two is found by its time.
        let ends = self.end_offsets(partitions)?;
        let found = self.offsets("moment", partitions, Offset::Offset(millis))?;
        Ok(found.into_iter().zip(ends).map(|(found, end)| found.unwrap_or(end)).collect())
    }

    /// The offsets of one bound of these partitions. The bounds have a "time" of their own (-1, -2): one
    /// request a broker, where asking for the watermarks would take two a partition.
    fn bounds(&self, bound: &str, partitions: &[TopicPartition], time: Offset) -> Result<Vec<i64>, LogError> {
        let found = self.offsets(bound, partitions, time)?;
        let offset = |(found, source): (Option<i64>, &TopicPartition)| {
            let operation = || format!("ask for the {bound} of {}", name(source));
            found.ok_or_else(|| refused(&operation(), "the answer was no offset"))
        };
        found.into_iter().zip(partitions).map(offset).collect()
    }

    /// The offsets of one time in these partitions; none where nothing is as late.
    fn offsets(
        &self,
        bound: &str,
        partitions: &[TopicPartition],
        time: Offset,
    ) -> Result<Vec<Option<i64>>, LogError> {
        let asked = partitions::list(partitions, time)?;
        let answered = self.queries.offsets_for_times(asked, self.settings.request_timeout);
        self.serve_queries();
        let answered = answered.map_err(|error| failed(&format!("ask for the {bound} offsets"), &error))?;
        partitions
            .iter()
            .map(|source| {
                let operation = || format!("ask for the {bound} of {}", name(source));
                let Some(found) = partitions::find(&answered, source) else {
                    return Err(refused(&operation(), "it was not answered"));
                };
                found.error().map_err(|error| failed(&operation(), &error))?;
                match found.offset() {
                    Offset::Offset(offset) => Ok(Some(offset)),
                    Offset::End => Ok(None),
                    other
                    @ (Offset::Beginning | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_)) => {
                        Err(refused(&operation(), &format!("the answer was {other:?}")))
                    }
                }
            })
            .collect()
    }
}
