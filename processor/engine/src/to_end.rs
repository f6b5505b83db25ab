//! Reading one partition of a topic to where it ended when the reading began: for whoever is in no group.

use crate::log::{Log, LogError, LogRecord, Reader, Stretch, Tell, TopicPartition};
use std::ops::ControlFlow;
use std::time::Duration;

/// How long one read waits.
const READ_WAIT: Duration = Duration::from_millis(200);

/// So many reads in a row that bring nothing are the end: what lies beyond is of an open transaction.
const EMPTY_READS: u32 = 10;

/// How far a partition is read, and how far it is to be. The reader is the caller's, who may read one partition
/// after the other with it.
#[derive(Clone, Copy, Debug)]
pub struct ToEnd {
    position: i64,
    end: i64,
    empty_reads: u32,
}

impl ToEnd {
    /// From an offset to the end. The reader is to be sought to the offset before the first reading.
    #[must_use]
    pub fn new(from: i64, end: i64) -> Self {
        Self { position: from, end, empty_reads: 0 }
    }

    /// From an offset, or the first that the partition holds, to where it ends now. The reader is sought there.
    ///
    /// # Errors
    /// When the log cannot be reached, or has no such partition.
    pub fn begin<L: Log>(
        log: &L,
        reader: &mut L::Reader,
        source: &TopicPartition,
        from: Option<i64>,
    ) -> Result<Self, LogError> {
        let end = log.end_offsets(std::slice::from_ref(source))?.first().copied().unwrap_or(0);
        let start = reader.start_offset(source)?;
        let to_end = Self::new(from.unwrap_or(start).max(start), end);
        if !to_end.is_whole() {
            reader.seek(source, to_end.position)?;
        }
        Ok(to_end)
    }

    /// The next records, perhaps none; nothing at the end.
    ///
    /// # Errors
    /// When the log cannot be reached, or the offset is no longer there.
    pub fn next_records(&mut self, reader: &mut impl Reader) -> Result<Option<Vec<LogRecord>>, LogError> {
        if self.is_over() {
            return Ok(None);
        }
        let chunk = reader.read(READ_WAIT)?;
        self.empty_reads =
            if chunk.position > self.position { 0 } else { self.empty_reads.saturating_add(1) };
        self.position = self.position.max(chunk.position);
        Ok(Some(chunk.records))
    }

    /// The offset of the next record to read.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Where the partition ended when the reading began.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Whether nothing more is read: all of it was, or the rest is of an open transaction.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_whole() || self.empty_reads >= EMPTY_READS
    }

    /// Whether everything was read that lay there at the beginning, and nothing of it was of an open
    /// transaction.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.position >= self.end
    }
}

/// Reads stretches one after the other, for a log that has no better way. See [`Log::read_stretches`].
pub(crate) fn one_after_the_other<L: Log>(
    log: &L,
    stretches: &[Stretch],
    tell: &mut Tell<'_>,
) -> Result<(), LogError> {
    let mut reader = log.reader()?;
    for Stretch { source, from, to } in stretches {
        reader.seek(source, *from)?;
        let mut to_end = ToEnd::new(*from, *to);
        while let Some(records) = to_end.next_records(&mut reader)? {
            let records = records.into_iter().filter(|record| record.offset < *to);
            // Once without a record: nothing may have come.
            for record in std::iter::once(None).chain(records.map(Some)) {
                if tell(record) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
