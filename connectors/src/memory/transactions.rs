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
    /// What was decided, and has no markers yet.
    unmarked: Option<Unmarked>,
}

/// A transaction that has ended for its writer, and for readers only once its markers are written.
#[derive(Debug)]
struct Unmarked {
    open: Open,
    commits: bool,
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
    /// Whether markers wait for [`Transactions::write_markers`].
    are_markers_late: bool,
}

/// What the markers of a transaction are written to.
pub(super) struct Places<'a> {
    pub(super) topics: &'a mut Topics,
    pub(super) group_offsets: &'a mut BTreeMap<TopicPartition, i64>,
}

impl Transactions {
    /// From now on the markers of a transaction are written when it is said, as a coordinator writes
    /// them after it has answered; or at once.
    pub(super) fn hold_markers(&mut self, are_late: bool) {
        self.are_markers_late = are_late;
    }

    /// Writes the markers that are still to be written.
    pub(super) fn write_markers(&mut self, places: &mut Places<'_>) {
        for id in self.ids.values_mut() {
            id.write_markers(places);
        }
    }

    /// Begins a new epoch of the id, and aborts what the old one has open.
    pub(super) fn fence(&mut self, transactional_id: &str, places: &mut Places<'_>) -> Claim {
        self.expire(transactional_id, places);
        let writer = self.ids.len() as Writer;
        let new = Id { writer, epoch: 0, open: None, unmarked: None };
        let id = self.ids.entry(transactional_id.to_owned()).or_insert(new);
        Claim { transactional_id: transactional_id.to_owned(), epoch: id.epoch }
    }

    /// Aborts what the id has open, and makes its producer a zombie.
    pub(super) fn expire(&mut self, transactional_id: &str, places: &mut Places<'_>) {
        let are_late = self.are_markers_late;
        if let Some(id) = self.ids.get_mut(transactional_id) {
            id.epoch += 1;
            id.end(false, are_late, places);
        }
    }

    /// Begins a transaction: the coordinator lets none begin before the markers of the last.
    pub(super) fn begin(&mut self, claim: &Claim, places: &mut Places<'_>) -> Result<(), LogError> {
        let id = self.check(claim, "begin a transaction")?;
        id.write_markers(places);
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

    /// Commits the open transaction: its records and offsets are there for all once its markers are,
    /// and what it wrote last to each partition is told.
    pub(super) fn commit(
        &mut self,
        claim: &Claim,
        places: &mut Places<'_>,
    ) -> Result<BTreeMap<TopicPartition, i64>, LogError> {
        let are_late = self.are_markers_late;
        let id = self.check(claim, "commit")?;
        let Some(open) = &id.open else {
            return Err(misused("commit", "no transaction is open"));
        };
        let last_offsets = open.last_offsets.clone();
        id.end(true, are_late, places);
        Ok(last_offsets)
    }

    /// Aborts the open transaction; there may be none.
    pub(super) fn abort(&mut self, claim: &Claim, places: &mut Places<'_>) -> Result<(), LogError> {
        let are_late = self.are_markers_late;
        self.check(claim, "abort")?.end(false, are_late, places);
        Ok(())
    }

    /// Whether a transaction that has not ended for readers brings an offset of this partition.
    pub(super) fn has_pending_offset(&self, partition: &TopicPartition) -> bool {
        let unmarked = |id: &Id| {
            let unmarked = id.unmarked.as_ref().filter(|unmarked| unmarked.commits);
            unmarked.is_some_and(|unmarked| unmarked.open.group_offsets.contains_key(partition))
        };
        let open = |id: &Id| id.open.as_ref().is_some_and(|open| open.group_offsets.contains_key(partition));
        self.ids.values().any(|id| open(id) || unmarked(id))
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

impl Id {
    /// Ends what is open; its markers follow, or come later.
    fn end(&mut self, commits: bool, are_markers_late: bool, places: &mut Places<'_>) {
        let Some(open) = self.open.take() else { return };
        self.write_markers(places);
        self.unmarked = Some(Unmarked { open, commits });
        if !are_markers_late {
            self.write_markers(places);
        }
    }

    fn write_markers(&mut self, places: &mut Places<'_>) {
        let Some(Unmarked { mut open, commits }) = self.unmarked.take() else { return };
        if commits {
            places.group_offsets.append(&mut open.group_offsets);
        }
        for partition in open.last_offsets.keys() {
            if let Ok(log) = places.topics.get_mut(partition, "end a transaction on") {
                log.end_transaction(self.writer, commits);
            }
        }
    }
}
