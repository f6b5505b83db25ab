//! One partition: records and transaction markers, each with an offset of its own.
//!
//! Which transaction is whose is `transactions`' business; here a writer is a number.

use bytes::Bytes;
use engine::log::{Chunk, LogRecord, TopicPartition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A writer of transactions: one a transactional id.
pub(super) type Writer = u64;

/// A record to be appended.
#[derive(Debug)]
pub(super) struct NewEntry {
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
    pub(super) timestamp: i64,
    /// Whose open transaction it belongs to; none is outside any.
    pub(super) writer: Option<Writer>,
}

/// What lies at an offset.
#[derive(Debug)]
enum Entry {
    Committed(Payload),
    Open(Writer, Payload),
    /// A record of an aborted transaction: its payload is of no use to anyone.
    Aborted,
    /// A commit or abort marker.
    Marker,
}

#[derive(Debug)]
struct Payload {
    key: Option<Bytes>,
    value: Option<Bytes>,
    timestamp: i64,
}

impl Payload {
    fn record(&self, source: &TopicPartition, offset: i64) -> LogRecord {
        LogRecord {
            source: source.clone(),
            offset,
            timestamp: Some(self.timestamp),
            key: self.key.clone(),
            value: self.value.clone(),
        }
    }
}

/// The offset asked for is not in the partition.
#[derive(Debug)]
pub(super) struct OutOfRange {
    pub(super) start: i64,
    pub(super) end: i64,
}

/// A partition's entries, by offset. Compaction leaves holes.
#[derive(Debug, Default)]
pub(super) struct PartitionLog {
    entries: VecDeque<(i64, Entry)>,
    start: i64,
    end: i64,
    /// The first offset of each open transaction.
    open: BTreeMap<Writer, i64>,
}

impl PartitionLog {
    /// The first offset that is still held.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// The offset after the last entry.
    pub(super) fn high_watermark(&self) -> i64 {
        self.end
    }

    /// The offset up to which every transaction has ended.
    pub(super) fn last_stable(&self) -> i64 {
        self.open.values().copied().min().unwrap_or(self.end)
    }

    /// Appends a record, and returns its offset.
    pub(super) fn append(&mut self, new: NewEntry) -> i64 {
        let payload = Payload { key: new.key, value: new.value, timestamp: new.timestamp };
        let entry = match new.writer {
            None => Entry::Committed(payload),
            Some(writer) => {
                self.open.entry(writer).or_insert(self.end);
                Entry::Open(writer, payload)
            }
        };
        self.push(entry)
    }

    /// Ends what `writer` has open here, with a marker.
    pub(super) fn end_transaction(&mut self, writer: Writer, commits: bool) {
        let Some(first) = self.open.remove(&writer) else {
            return;
        };
        let from = self.index_of(first);
        for (_, entry) in self.entries.range_mut(from..) {
            if !matches!(entry, Entry::Open(of, _) if *of == writer) {
                continue;
            }
            let open = std::mem::replace(entry, Entry::Aborted);
            if let (true, Entry::Open(_, payload)) = (commits, open) {
                *entry = Entry::Committed(payload);
            }
        }
        self.push(Entry::Marker);
    }

    /// Committed records from `from` on, at most `at_most`, and the offset to go on from.
    pub(super) fn read(
        &self,
        source: &TopicPartition,
        from: i64,
        at_most: usize,
    ) -> Result<Chunk, OutOfRange> {
        if from < self.start || from > self.end {
            return Err(OutOfRange { start: self.start, end: self.end });
        }
        let stable = self.last_stable();
        let mut chunk = Chunk { records: Vec::new(), position: from.max(stable) };
        for (offset, entry) in self.entries.range(self.index_of(from)..) {
            if *offset >= stable {
                break;
            }
            if chunk.records.len() >= at_most {
                chunk.position = *offset;
                break;
            }
            match entry {
                Entry::Committed(payload) => chunk.records.push(payload.record(source, *offset)),
                // Nothing to show: an aborted record or a marker, and open ones lie beyond.
                Entry::Aborted | Entry::Marker | Entry::Open(..) => {}
            }
        }
        Ok(chunk)
    }

    /// Every committed record that is held, those beyond the last stable offset as well.
    pub(super) fn committed(&self, source: &TopicPartition) -> Vec<LogRecord> {
        self.entries
            .iter()
            .filter_map(|(offset, entry)| match entry {
                Entry::Committed(payload) => Some(payload.record(source, *offset)),
                Entry::Aborted | Entry::Marker | Entry::Open(..) => None,
            })
            .collect()
    }

    /// Forgets what lies before `offset`, at most up to the last stable offset.
    pub(super) fn truncate_before(&mut self, offset: i64) {
        let to = offset.min(self.last_stable());
        if to > self.start {
            self.entries.drain(..self.index_of(to));
            self.start = to;
        }
    }

    /// Keeps the newest record of each key, what is not decided yet, and nothing else; tombstones of
    /// before a moment go as well.
    pub(super) fn compact(&mut self, tombstones_before: i64) {
        let stable = self.last_stable();
        let mut seen = BTreeSet::new();
        let mut kept = VecDeque::with_capacity(self.entries.len());
        for (offset, entry) in std::mem::take(&mut self.entries).into_iter().rev() {
            let keep = offset >= stable
                || match &entry {
                    Entry::Committed(Payload { key: None, .. }) | Entry::Open(..) => true,
                    Entry::Committed(Payload { key: Some(key), value, timestamp }) => {
                        seen.insert(key.clone()) && (value.is_some() || *timestamp >= tombstones_before)
                    }
                    Entry::Aborted | Entry::Marker => false,
                };
            if keep {
                kept.push_front((offset, entry));
            }
        }
        self.entries = kept;
    }

    fn push(&mut self, entry: Entry) -> i64 {
        let offset = self.end;
        self.entries.push_back((offset, entry));
        self.end += 1;
        offset
    }

    /// Where the first entry at `offset` or after it stands.
    fn index_of(&self, offset: i64) -> usize {
        self.entries.partition_point(|(at, _)| *at < offset)
    }
}
