//! Reading one partition of a topic to where it ends when the reading begins: for whoever is in no group.

use crate::log::{Log, LogError, LogRecord, Reader, TopicPartition};
use std::time::Duration;

/// How long one read waits.
const READ_WAIT: Duration = Duration::from_millis(200);

/// So many reads in a row that bring nothing are the end: what lies beyond is of an open transaction.
const EMPTY_READS: u32 = 10;

/// A partition that is read to its end.
pub(crate) struct ToEnd<R> {
    /// None where nothing is to be read.
    reader: Option<R>,
    position: i64,
    end: i64,
    empty_reads: u32,
}

impl<R: Reader> ToEnd<R> {
    /// Begins at an offset, or at the first that the partition holds.
    pub(crate) fn begin<L: Log<Reader = R>>(
        log: &L,
        source: &TopicPartition,
        from: Option<i64>,
    ) -> Result<Self, LogError> {
        let end = log.end_offsets(std::slice::from_ref(source))?.first().copied().unwrap_or(0);
        let mut reader = log.reader()?;
        let start = reader.start_offset(source)?;
        let position = from.unwrap_or(start).max(start);
        let is_empty = position >= end;
        if !is_empty {
            reader.seek(source, position)?;
        }
        Ok(Self { reader: Some(reader).filter(|_| !is_empty), position, end, empty_reads: 0 })
    }

    /// The next records, perhaps none; nothing at the end.
    pub(crate) fn next_records(&mut self) -> Result<Option<Vec<LogRecord>>, LogError> {
        let Some(reader) = self.reader.as_mut().filter(|_| self.position < self.end) else { return Ok(None) };
        if self.empty_reads >= EMPTY_READS {
            return Ok(None);
        }
        let chunk = reader.read(READ_WAIT)?;
        self.empty_reads =
            if chunk.position > self.position { 0 } else { self.empty_reads.saturating_add(1) };
        self.position = self.position.max(chunk.position);
        Ok(Some(chunk.records))
    }

    /// The offset of the next record to read.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// Whether everything was read that lay there at the beginning, and nothing of it was of an open
    /// transaction.
    pub(crate) fn is_whole(&self) -> bool {
        self.position >= self.end
    }
}
