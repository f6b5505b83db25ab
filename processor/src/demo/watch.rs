//! Reads what Weir writes, as the systems behind it would: committed records only.

use super::{PARTITIONS, Stage};
use connectors::memory::MemoryReader;
use decision::command::Command;
use engine::log::{Log, Reader, TopicPartition};
use miette::IntoDiagnostic;
use schemas::{Decoder, HistoryLine, OutputTopic};
use std::time::Duration;

/// What was seen since the last look.
#[derive(Default)]
pub(crate) struct Seen {
    /// Commands, in no order across partitions.
    pub(crate) commands: Vec<Command>,
    /// Lines of history.
    pub(crate) lines: Vec<HistoryLine>,
    /// How many events were rejected.
    pub(crate) rejects: usize,
}

/// Readers of every output topic that people care for.
pub(crate) struct Watch {
    decoder: Decoder,
    readers: Vec<(OutputTopic, TopicPartition, MemoryReader, i64)>,
}

/// What is watched: the journal and the changelog are Weir's own.
const WATCHED: [OutputTopic; 7] = [
    OutputTopic::Messages,
    OutputTopic::Provisioning,
    OutputTopic::Tasks,
    OutputTopic::Fees,
    OutputTopic::Handovers,
    OutputTopic::Records,
    OutputTopic::Rejects,
];

/// How many offsets of each partition of the rejects are kept.
const KEPT_REJECTS: i64 = 500;

impl Watch {
    pub(crate) fn new(stage: &Stage) -> miette::Result<Self> {
        let mut readers = Vec::new();
        for topic in WATCHED {
            for partition in 0..PARTITIONS {
                let source = TopicPartition { topic: stage.names.output(topic).clone(), partition };
                let mut reader = stage.log.reader().into_diagnostic()?;
                reader.seek(&source, 0).into_diagnostic()?;
                readers.push((topic, source, reader, 0));
            }
        }
        Ok(Self { decoder: Decoder::new(stage.registry.clone(), &stage.schemas), readers })
    }

    /// What came since the last time.
    pub(crate) fn read(&mut self, stage: &Stage) -> miette::Result<Seen> {
        let mut seen = Seen::default();
        for (topic, source, reader, position) in &mut self.readers {
            // An empty partition is not waited for: the others have more.
            if stage.log.last_stable_offset(&source.topic, source.partition) <= Some(*position) {
                continue;
            }
            let chunk = reader.read(Duration::ZERO).into_diagnostic()?;
            *position = chunk.position;
            for record in &chunk.records {
                let value = record.value.as_deref().unwrap_or_default();
                match topic {
                    OutputTopic::Records => seen.lines.push(self.decoder.record(value).into_diagnostic()?),
                    OutputTopic::Rejects => seen.rejects += 1,
                    OutputTopic::Messages
                    | OutputTopic::Provisioning
                    | OutputTopic::Tasks
                    | OutputTopic::Fees
                    | OutputTopic::Handovers => {
                        seen.commands.extend(self.decoder.command(*topic, value).into_diagnostic()?);
                    }
                    // Not watched.
                    OutputTopic::Journal | OutputTopic::Debtors => {}
                }
            }
        }
        Ok(seen)
    }

    /// Keeps the log from growing, as retention and compaction do on a broker.
    pub(crate) fn forget_what_is_read(&self, stage: &Stage) {
        for (topic, source, _, position) in &self.readers {
            // Whoever looks at rejects finds the newest.
            let kept = if *topic == OutputTopic::Rejects { KEPT_REJECTS } else { 0 };
            let before = position.saturating_sub(kept).max(0);
            stage.log.truncate_before(&source.topic, source.partition, before);
        }
        for partition in 0..PARTITIONS {
            for topic in stage.names.inputs() {
                if let Some(committed) = stage.log.group_offset(topic, partition) {
                    stage.log.truncate_before(topic, partition, committed);
                }
            }
            let journal = stage.names.output(OutputTopic::Journal);
            let end = stage.log.last_stable_offset(journal, partition).unwrap_or(0);
            stage.log.truncate_before(journal, partition, end);
            stage.log.compact(stage.names.output(OutputTopic::Debtors), partition, true);
        }
    }
}
