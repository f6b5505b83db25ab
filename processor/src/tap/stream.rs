//! From records, as they come from many partitions, to the items that are shown, in order and with their causes.
//!
//! Where records come from and where items are printed is not known here.

use super::causes::Causes;
use super::item::{Read, Reading, What};
use super::order::{Order, Told};
use super::wanted::Wanted;
use connectors::kafka::Tailed;
use engine::log::{LogRecord, TopicPartition};
use schemas::{Registry, TopicNames};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Where nothing comes for so long, what has not been read to its end cannot be reached, and is not waited for.
const IDLE: Duration = Duration::from_secs(5);

/// One partition that is followed.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub(super) source: TopicPartition,
    /// From where it is read, and where it ended when that began.
    pub(super) start: i64,
    pub(super) end: i64,
}

/// What a tap knows while it runs.
pub(super) struct Stream {
    reading: Reading,
    wanted: Wanted,
    causes: Causes,
    order: Order,
    /// Partitions that have not been read to where they ended at the beginning.
    behind: HashMap<TopicPartition, i64>,
    heard_at: Duration,
    /// How many records were read, and how many of them could not be decoded.
    pub(super) read: u64,
    pub(super) unreadable: u64,
}

impl Stream {
    pub(super) fn new(
        wanted: Wanted,
        registry: Arc<dyn Registry>,
        names: TopicNames,
        partitions: NonZeroU32,
        followed: &[Followed],
    ) -> Self {
        let starts = followed.iter().map(|part| (part.source.clone(), part.start)).collect();
        let behind = followed.iter().filter(|part| part.start < part.end);
        let of: BTreeSet<String> = wanted.accounts.clone();
        Self {
            reading: Reading::new(registry, names),
            causes: Causes::new(partitions, of, starts),
            wanted,
            order: Order::new(),
            behind: behind.map(|part| (part.source.clone(), part.end)).collect(),
            heard_at: Duration::ZERO,
            read: 0,
            unreadable: 0,
        }
    }

    /// Takes what came now. Answers trouble, which is to be told at once.
    pub(super) fn take(&mut self, tailed: Tailed, now: Duration) -> Option<String> {
        match tailed {
            Tailed::Record(record) => {
                self.heard_of(&record.source, now);
                self.take_record(&record, now);
            }
            Tailed::End { source, offset } => {
                self.heard_of(&source, now);
                self.causes.read_to(&source, offset);
                self.behind.remove(&source);
            }
            Tailed::Trouble(what) => return Some(what),
        }
        None
    }

    /// Something came of a partition. What goes on elsewhere does not keep those waiting that wait for what lay in
    /// the log at the beginning.
    fn heard_of(&mut self, source: &TopicPartition, now: Duration) {
        if self.behind.contains_key(source) {
            self.heard_at = now;
        }
    }

    fn take_record(&mut self, record: &LogRecord, now: Duration) {
        self.read += 1;
        let read = self.reading.read(record);
        if let Read::Item(item) = &read {
            self.causes.learn_of(item);
            match &item.what {
                What::Event(_, event) => self.causes.see_event(&item.place, event),
                What::Unreadable(_) => self.unreadable += 1,
                What::Decision(_) | What::Command(..) | What::Reject(_) => {}
            }
        }
        let next = record.offset.saturating_add(1);
        self.causes.read_to(&record.source, next);
        if self.behind.get(&record.source).is_some_and(|end| next >= *end) {
            self.behind.remove(&record.source);
        }
        match read {
            Read::Journal(journal) => self.causes.see_batch(journal),
            Read::Item(item) if self.wanted.shows(&item) => self.order.take(item, now),
            // Not wanted, or of no topic that is followed.
            Read::Item(_) | Read::Nothing => {}
        }
    }

    /// Whether what lay in the log at the beginning is still being read, and sorted before it is told.
    pub(super) fn is_catching_up(&self, now: Duration) -> bool {
        !self.behind.is_empty() && now.saturating_sub(self.heard_at) <= IDLE
    }

    /// What can be told by now, in order.
    pub(super) fn release(&mut self, now: Duration) -> Vec<Told> {
        if !self.is_catching_up(now) {
            self.order.is_caught_up();
        }
        self.order.release(&mut self.causes, now)
    }

    /// All that is left, at the end.
    pub(super) fn release_all(&mut self) -> Vec<Told> {
        self.order.release_all(&mut self.causes)
    }
}

#[cfg(test)]
mod tests;
