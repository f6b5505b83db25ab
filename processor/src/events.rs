//! Events for those who explain and simulate: out of files, or out of the input topics, which are only read.
//!
//! Whoever works on the topics is not disturbed: nothing joins a group, and nothing is committed.

use crate::config::Config;
use connectors::kafka::KafkaLog;
use connectors::registry::SchemaRegistry;
use decision::time::Timestamp;
use engine::log::{Log, LogError, LogRecord, Reader, TopicPartition};
use engine::to_end::ToEnd;
use miette::{Context, IntoDiagnostic, miette};
use schemas::files::Arrival;
use schemas::{Decoder, InputTopic, Registry, Schemas, TopicNames};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use whatif::source::{Batch, EventFiles, Source, SourceError};

/// Where events come from, and how many there are to be expected.
pub(crate) struct Events {
    /// The source.
    pub(crate) source: Box<dyn Source>,
    /// How much there is, where that is known.
    pub(crate) total: Option<u64>,
    /// Whether it is counted in bytes, and not in records.
    pub(crate) are_bytes: bool,
}

impl Events {
    /// Those of these files, or of the topics of a configuration.
    pub(crate) fn of(files: &[PathBuf], config: Option<&Path>) -> miette::Result<Self> {
        let Some(config) = config else {
            let sizes = files.iter().map(|path| path.metadata().map(|file| file.len()).ok());
            let source = Box::new(EventFiles::new(files.to_vec()));
            return Ok(Self { source, total: sizes.sum(), are_bytes: true });
        };
        let config = Config::load(config).map_err(|problem| *problem)?;
        let at = || format!("the input topics at {} cannot be read", config.kafka.brokers);
        let registry: Arc<dyn Registry> =
            Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
        let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
        let topics = TopicEvents::new(&log, &config.topics, registry).wrap_err_with(at)?;
        let total = Some(topics.total);
        Ok(Self { source: Box::new(topics), total, are_bytes: false })
    }
}

/// One partition of an input topic, from its first record to where it ended when the reading began.
struct Part {
    topic: InputTopic,
    partition: TopicPartition,
    /// Its place among the parts: of one moment events come in their order.
    number: u32,
    /// Its name in the places of its records: `weir.payments/3`.
    name: Arc<str>,
    to_end: ToEnd,
}

/// The events of the input topics, one partition after the other.
struct TopicEvents<R> {
    reader: R,
    decoder: Decoder,
    parts: VecDeque<Part>,
    is_sought: bool,
    total: u64,
    done: Arc<AtomicU64>,
}

impl<R: Reader> TopicEvents<R> {
    fn new<L: Log<Reader = R>>(
        log: &L,
        names: &TopicNames,
        registry: Arc<dyn Registry>,
    ) -> miette::Result<Self> {
        let counts = log.partitions(names.inputs()).into_diagnostic()?;
        let mut parts = VecDeque::new();
        for ((topic, name), count) in InputTopic::ALL.iter().zip(names.inputs()).zip(counts) {
            let count = count.ok_or_else(|| miette!("there is no topic {name}"))?;
            let of_topic: Vec<_> =
                (0..count).map(|partition| TopicPartition { topic: Arc::clone(name), partition }).collect();
            let starts = log.start_offsets(&of_topic).into_diagnostic()?;
            let ends = log.end_offsets(&of_topic).into_diagnostic()?;
            for ((partition, next), end) in of_topic.into_iter().zip(starts).zip(ends) {
                let number = u32::try_from(parts.len()).unwrap_or(u32::MAX);
                let name = format!("{name}/{}", partition.partition).into();
                let to_end = ToEnd::new(next, end);
                parts.push_back(Part { topic: *topic, partition, number, name, to_end });
            }
        }
        let length = |part: &Part| part.to_end.end() - part.to_end.position();
        let total = parts.iter().map(|part| u64::try_from(length(part)).unwrap_or(0)).sum();
        let decoder = Decoder::new(registry, &Schemas::none());
        let reader = log.reader().into_diagnostic()?;
        Ok(Self { reader, decoder, parts, is_sought: false, total, done: Arc::default() })
    }

    /// Reads on in the first of the parts that are left.
    fn read(&mut self) -> Result<Option<Batch>, LogError> {
        let Some(part) = self.parts.front_mut() else { return Ok(None) };
        if !self.is_sought {
            self.reader.seek(&part.partition, part.to_end.position())?;
            self.is_sought = true;
        }
        let before = part.to_end.position();
        let Some(records) = part.to_end.next_records(&mut self.reader)? else { return Ok(None) };
        let read = part.to_end.position() - before;
        self.done.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        let (topic, end) = (part.topic, part.to_end.end());
        let records = records.iter().filter(|record| record.offset < end);
        let events = records.map(|record| {
            (u64::try_from(record.offset).unwrap_or(0), arrival(&mut self.decoder, topic, record))
        });
        Ok(Some(Batch::read(part.number, &part.name, events.collect())))
    }
}

/// The event of a record, with when it came.
fn arrival(decoder: &mut Decoder, topic: InputTopic, record: &LogRecord) -> Result<Arrival, String> {
    let event = decoder.event(topic, record.key.as_deref(), record.value.as_deref());
    let event = event.map_err(|error| error.to_string())?;
    Ok(Arrival { at: record.timestamp.map_or(event.occurred_at, Timestamp), event })
}

impl<R: Reader> Source for TopicEvents<R> {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        while let Some(part) = self.parts.front() {
            if !part.to_end.is_over() {
                let name = part.name.to_string();
                return self.read().map_err(|error| SourceError::Elsewhere(name, Box::new(error)));
            }
            self.parts.pop_front();
            self.is_sought = false;
        }
        Ok(None)
    }

    fn done(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done)
    }
}
