//! Transactional ids: their epochs, and what each has open.
//!
//! Group offsets of a transaction are kept here until it commits; whether the member that brings
//! them may do so is `group`'s business.

use super::broker::{Topics, misused};
use super::partition::{NewEntry, Writer};
use engine::log::{LogError, NewRecord, TopicPartition};
use std::collections::BTreeMap;

/// What a producer shows with each call: who it is, and since which fencing.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) transactional_id: String,
    pub(super) epoch: u32,
}

#[derive(Debug)]
struct Id {
    writer: Writer,
    epoch: u32,
    open: Option<Open>,
}

/// An open transaction.
#[derive(Debug, Default)]
struct Open {
    last_offsets: BTreeMap<TopicPartition, i64>,
    group_offsets: BTreeMap<TopicPartition, i64>,
}

/// All transactional ids that were ever fenced.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    ids: BTreeMap<String, Id>,
}

impl Transactions {
    /// Begins a new epoch of the id, and aborts what the old one has open.
    pub(super) fn fence(&mut self, transactional_id: &str, topics: &mut Topics) -> Claim {
        self.expire(transactional_id, topics);
        let writer = self.ids.len() as Writer;
        let id = self.ids.entry(transactional_id.to_owned()).or_insert(Id { writer, epoch: 0, open: None });
        Claim { transactional_id: transactional_id.to_owned(), epoch: id.epoch }
    }

    /// Aborts what the id has open, and makes its producer a zombie.
    pub(super) fn expire(&mut self, transactional_id: &str, topics: &mut Topics) {
        if let Some(id) = self.ids.get_mut(transactional_id) {
            id.epoch += 1;
            if let Some(open) = id.open.take() {
                open.end(id.writer, false, topics);
            }
        }
    }

    /// Begins a transaction.
    pub(super) fn begin(&mut self, claim: &Claim) -> Result<(), LogError> {
        let id = self.check(claim, "begin a transaction")?;
        if id.open.is_some() {
            return Err(misused("begin a transaction", "one is open already"));
        }
        id.open = Some(Open::default());
        Ok(())
    }

    /// Appends a record to the open transaction.
    pub(super) fn send(
        &mut self,
        claim: &Claim,
        record: NewRecord,
        topics: &mut Topics,
    ) -> Result<(), LogError> {
        let id = self.check(claim, "send a record")?;
        let Some(open) = &mut id.open else {
            return Err(misused("send a record", "no transaction is open"));
        };
        let log = topics.get_mut(&record.target, "send a record to")?;
        let offset = log.append(NewEntry {
            key: Some(record.key),
            value: record.value,
            timestamp: record.timestamp,
            writer: Some(id.writer),
        });
        open.last_offsets.insert(record.target, offset);
        Ok(())
    }

    /// Adds the group's offsets to the open transaction.
    pub(super) fn add_offsets(
        &mut self,
        claim: &Claim,
        offsets: Vec<(TopicPartition, i64)>,
    ) -> Result<(), LogError> {
        match &mut self.check(claim, "commit")?.open {
            Some(open) => {
                open.group_offsets.extend(offsets);
                Ok(())
            }
            None => Err(misused("commit", "no transaction is open")),
        }
    }

    /// Commits the open transaction: its records and offsets are there for all, and what it wrote
    /// last to each partition is told.
    pub(super) fn commit(
        &mut self,
        claim: &Claim,
        topics: &mut Topics,
        group_offsets: &mut BTreeMap<TopicPartition, i64>,
    ) -> Result<BTreeMap<TopicPartition, i64>, LogError> {
        let id = self.check(claim, "commit")?;
        let Some(mut open) = id.open.take() else {
            return Err(misused("commit", "no transaction is open"));
        };
        group_offsets.append(&mut open.group_offsets);
        open.end(id.writer, true, topics);
        Ok(open.last_offsets)
    }

    /// Aborts the open transaction; there may be none.
    pub(super) fn abort(&mut self, claim: &Claim, topics: &mut Topics) -> Result<(), LogError> {
        let id = self.check(claim, "abort")?;
        if let Some(open) = id.open.take() {
            open.end(id.writer, false, topics);
        }
        Ok(())
    }

    /// Whether an open transaction brings an offset of this partition.
    pub(super) fn has_pending_offset(&self, partition: &TopicPartition) -> bool {
        self.ids
            .values()
            .filter_map(|id| id.open.as_ref())
            .any(|open| open.group_offsets.contains_key(partition))
    }

    fn check(&mut self, claim: &Claim, operation: &str) -> Result<&mut Id, LogError> {
        match self.ids.get_mut(&claim.transactional_id) {
            Some(id) if id.epoch == claim.epoch => Ok(id),
            Some(_) | None => Err(LogError::Fenced {
                operation: format!("{operation} as {}", claim.transactional_id),
                reason: "a newer producer of this id lives".to_owned(),
            }),
        }
    }
}

impl Open {
    fn end(&self, writer: Writer, commits: bool, topics: &mut Topics) {
        for partition in self.last_offsets.keys() {
            if let Ok(log) = topics.get_mut(partition, "end a transaction on") {
                log.end_transaction(writer, commits);
            }
        }
    }
}
