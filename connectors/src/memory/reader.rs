//! A reader of one partition at a time, outside the group.

use super::broker::{Shared, misused};
use super::faults::Call;
use super::partition::OutOfRange;
use engine::log::{Chunk, LogError, Reader, TopicPartition};
use std::sync::Arc;
use std::time::Duration;

/// The most records that one read brings: enough to amortise the call, little enough to hold.
const CHUNK_RECORDS: usize = 1_000;

/// Reads one partition's committed records.
#[derive(Debug)]
pub struct MemoryReader {
    shared: Arc<Shared>,
    place: Option<(TopicPartition, i64)>,
}

impl MemoryReader {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), place: None }
    }
}

impl Reader for MemoryReader {
    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        self.shared.change(|broker| {
            broker.reach(Call::Seek, "seek")?;
            broker.topics.get(partition, "seek in").map(|_| ())
        })?;
        self.place = Some((partition.clone(), offset));
        Ok(())
    }

    fn start_offset(&mut self, partition: &TopicPartition) -> Result<i64, LogError> {
        self.shared.change(|broker| {
            broker.reach(Call::Seek, "ask for the start")?;
            Ok(broker.topics.get(partition, "ask for the start of")?.start())
        })
    }

    fn read(&mut self, wait: Duration) -> Result<Chunk, LogError> {
        let Some((partition, position)) = &mut self.place else {
            return Err(misused("read", "no partition was sought"));
        };
        let from = *position;
        let read = self.shared.attempt(wait, |broker| {
            let chunk = broker.reach(Call::Read, "read").and_then(|()| {
                let log = broker.topics.get(partition, "read")?;
                log.read(partition, from, CHUNK_RECORDS).map_err(|range| range.refuse(partition, from))
            });
            match chunk {
                Ok(chunk) if chunk.position == from => None,
                other @ (Ok(_) | Err(_)) => Some(other),
            }
        });
        match read {
            Some(chunk) => {
                let chunk = chunk?;
                *position = chunk.position;
                Ok(chunk)
            }
            None => Ok(Chunk { records: Vec::new(), position: from }),
        }
    }
}

impl OutOfRange {
    /// Says that `offset` of the partition is not there, and what is.
    pub(super) fn refuse(&self, partition: &TopicPartition, offset: i64) -> LogError {
        let operation = format!("read {}-{} at {offset}", partition.topic, partition.partition);
        let reason = format!("it holds {} to {}", self.start, self.end);
        misused(&operation, &reason)
    }
}
