//! The in-memory log: partitions, true transactions and one group, behind the engine's traits.
//!
//! `weir demo`, the engine's tests and the simulator run on it. Everything happens in the caller's
//! thread and under one lock; it reads no clock (records bring their times), starts no thread, and
//! the same calls in the same order give the same log. What it leaves out: session time-outs and
//! transaction time-outs happen only when [`MemoryLog::expire_member`] and
//! [`MemoryLog::expire_transaction`] say so, and nothing survives the process.

mod broker;
mod consumer;
mod faults;
mod group;
mod partition;
mod producer;
mod reader;
mod transactions;

pub use consumer::{MemoryConsumer, MemoryMembership};
pub use faults::{Call, CommitFate, Faults};
pub use producer::MemoryProducer;
pub use reader::MemoryReader;

use broker::Shared;
use bytes::Bytes;
use engine::log::{Log, LogError, LogRecord, NewRecord, TopicPartition};
use partition::{NewEntry, PartitionLog};
use std::sync::Arc;
use std::time::Duration;

/// A log in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    instance: Option<Arc<str>>,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same log, whose consumers join as the static member `instance`.
    #[must_use]
    pub fn as_instance(&self, instance: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), instance: Some(instance.into()) }
    }

    /// Makes a topic. A topic that is there already keeps its partitions and its records.
    pub fn create_topic(&self, topic: &str, partitions: u32) {
        self.shared.change(|broker| {
            broker.topics.create(topic, partitions);
        });
    }

    /// Adds empty partitions to a topic, up to so many. The group does not notice before the next
    /// member joins.
    pub fn add_partitions(&self, topic: &str, partitions: u32) {
        self.shared.change(|broker| broker.topics.extend(topic, partitions));
    }

    /// Removes a topic, with its records and the offsets that the group has committed of it. No
    /// transaction may be open on it.
    pub fn delete_topic(&self, topic: &str) {
        self.shared.change(|broker| {
            broker.topics.delete(topic);
            broker.offsets.retain(|source, _| &*source.topic != topic);
        });
    }

    /// Appends a record outside any transaction, and returns its offset.
    ///
    /// # Errors
    /// When there is no such partition.
    pub fn append(
        &self,
        topic: &str,
        partition: u32,
        key: Option<Bytes>,
        value: Option<Bytes>,
        timestamp: i64,
    ) -> Result<i64, LogError> {
        let target = at(topic, partition);
        self.shared.change(|broker| {
            Ok(broker.topics.get_mut(&target, "append")?.append(NewEntry {
                key,
                value,
                timestamp,
                writer: None,
            }))
        })
    }

    /// The committed records that the partition holds; none where there is no such partition.
    #[must_use]
    pub fn committed_records(&self, topic: &str, partition: u32) -> Vec<LogRecord> {
        let source = at(topic, partition);
        self.shared.look(|broker| {
            broker.topics.get(&source, "dump").map(|log| log.committed(&source)).unwrap_or_default()
        })
    }

    /// The offset before which everything is decided: that of the first record of the oldest open
    /// transaction, or the high watermark. None where there is no such partition.
    #[must_use]
    pub fn last_stable_offset(&self, topic: &str, partition: u32) -> Option<i64> {
        let source = at(topic, partition);
        self.shared.look(|broker| broker.topics.get(&source, "read").ok()?.last_stable().into())
    }

    /// The offset that the group has committed.
    #[must_use]
    pub fn group_offset(&self, topic: &str, partition: u32) -> Option<i64> {
        let source = at(topic, partition);
        self.shared.look(|broker| broker.offsets.get(&source).copied())
    }

    /// Forgets the records before `offset`, as retention does; at most up to the last stable
    /// offset.
    pub fn truncate_before(&self, topic: &str, partition: u32, offset: i64) {
        let source = at(topic, partition);
        self.shared.change(|broker| {
            if let Ok(log) = broker.topics.get_mut(&source, "truncate") {
                log.truncate_before(offset);
            }
        });
    }

    /// Forgets, as compaction does, the records whose key has a newer one, those of aborted
    /// transactions and, where `tombstones` says so, the tombstones. Offsets stay.
    pub fn compact(&self, topic: &str, partition: u32, tombstones: bool) {
        self.compact_since(topic, partition, if tombstones { i64::MAX } else { i64::MIN });
    }

    /// As [`MemoryLog::compact`], with the tombstones of before a moment, in UTC microseconds: those
    /// that are older than the topic keeps them.
    pub fn compact_since(&self, topic: &str, partition: u32, tombstones_before: i64) {
        let source = at(topic, partition);
        self.shared.change(|broker| {
            if let Ok(log) = broker.topics.get_mut(&source, "compact") {
                log.compact(tombstones_before);
            }
        });
    }

    /// What the group's time-out does to a member that was not heard of for too long: it loses its
    /// partitions, and the others get them. Unknown members are ignored.
    pub fn expire_member(&self, member: &MemoryMembership) {
        self.shared.change(|broker| {
            let topics = &broker.topics;
            if let Some(id) = member.id() {
                broker.group.expire(id, topics);
            }
        });
    }

    /// Expires the static member `instance`, as [`MemoryLog::expire_member`] does.
    pub fn expire_instance(&self, instance: &str) {
        self.shared.change(|broker| {
            if let Some(id) = broker.group.member_of_instance(instance) {
                let topics = &broker.topics;
                broker.group.expire(id, topics);
            }
        });
    }

    /// What the transaction time-out does: aborts what the id has open, and fences its producer.
    pub fn expire_transaction(&self, transactional_id: &str) {
        self.shared.change(|broker| {
            let (transactions, mut places) = broker.transactions();
            transactions.expire(transactional_id, &mut places);
        });
    }

    /// From now on the markers of a transaction are written later than it ends for its writer, as a
    /// coordinator does: at [`MemoryLog::write_markers`], or when the same id goes on.
    pub fn hold_markers(&self) {
        self.shared.change(|broker| broker.transactions.hold_markers(true));
    }

    /// Writes the markers that are held.
    pub fn write_markers(&self) {
        self.shared.change(|broker| {
            let (transactions, mut places) = broker.transactions();
            transactions.write_markers(&mut places);
        });
    }

    /// Gives a partition of every topic to another member, as a group does that does not wait for the
    /// member that had it: that one stays in the group, and learns of it after
    /// [`MemoryLog::tell_of_take_overs`]. False where no two members are settled.
    pub fn take_over(&self, partition: u32) -> bool {
        self.shared.change(|broker| broker.group.take_over(partition))
    }

    /// The members that have lost a partition by [`MemoryLog::take_over`] learn of it with their next
    /// polls.
    pub fn tell_of_take_overs(&self) {
        self.shared.change(|broker| broker.group.tell_of_take_overs());
    }

    /// Sets the group's committed offset, as a person does with a tool.
    pub fn set_group_offset(&self, topic: &str, partition: u32, offset: i64) {
        self.shared.change(|broker| {
            broker.offsets.insert(at(topic, partition), offset);
        });
    }

    /// Puts `faults` in the way of every call from now on.
    pub fn set_faults(&self, faults: impl Faults + 'static) {
        self.shared.change(|broker| broker.faults = Box::new(faults));
    }
}

impl Log for MemoryLog {
    type Consumer = MemoryConsumer;
    type Producer = MemoryProducer;
    type Reader = MemoryReader;
    type Membership = MemoryMembership;

    fn join(&self, topics: &[Arc<str>]) -> Result<MemoryConsumer, LogError> {
        MemoryConsumer::join(&self.shared, topics, self.instance.clone())
    }

    fn onlooker(&self) -> Result<MemoryMembership, LogError> {
        Ok(MemoryMembership::onlooker(&self.shared))
    }

    fn producer(&self, transactional_id: &str) -> Result<MemoryProducer, LogError> {
        Ok(MemoryProducer::new(&self.shared, transactional_id))
    }

    fn reader(&self) -> Result<MemoryReader, LogError> {
        Ok(MemoryReader::new(&self.shared))
    }

    fn append(&self, record: &NewRecord, _: Duration) -> Result<(), LogError> {
        let NewRecord { target, key, value, timestamp } = record.clone();
        self.shared.change(|broker| {
            broker.reach(Call::Append, "append a record")?;
            let entry = NewEntry { key: Some(key), value, timestamp, writer: None };
            broker.topics.get_mut(&target, "append a record to")?.append(entry);
            Ok(())
        })
    }

    fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<Option<u32>>, LogError> {
        self.shared.change(|broker| {
            broker.reach(Call::Partitions, "ask for the partitions")?;
            Ok(topics.iter().map(|topic| broker.topics.count(topic)).collect())
        })
    }

    fn topic_ids(&self, topics: &[Arc<str>]) -> Result<Vec<Option<Arc<str>>>, LogError> {
        self.shared.change(|broker| {
            broker.reach(Call::Partitions, "ask for the ids of topics")?;
            let id = |topic: &Arc<str>| broker.topics.id(topic).map(|id| format!("topic-{id}").into());
            Ok(topics.iter().map(id).collect())
        })
    }

    fn end_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.bounds(Call::EndOffsets, partitions, PartitionLog::high_watermark)
    }

    fn start_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.bounds(Call::StartOffsets, partitions, PartitionLog::start)
    }
}

impl MemoryLog {
    fn bounds(
        &self,
        call: Call<'_>,
        partitions: &[TopicPartition],
        bound: fn(&PartitionLog) -> i64,
    ) -> Result<Vec<i64>, LogError> {
        self.shared.change(|broker| {
            broker.reach(call, "ask for the bounds of partitions")?;
            partitions
                .iter()
                .map(|source| Ok(bound(broker.topics.get(source, "ask for a bound of")?)))
                .collect()
        })
    }
}

/// Names a partition.
fn at(topic: &str, partition: u32) -> TopicPartition {
    TopicPartition { topic: topic.into(), partition }
}
