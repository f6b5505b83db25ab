//! What lies behind the lock: topics, transactions, the group and its offsets.

use super::faults::{Call, Faults, NoFaults};
use super::group::Group;
use super::partition::PartitionLog;
use super::transactions::{Places, Transactions};
use engine::log::{LogError, TopicPartition};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The log that all handles share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    broker: Mutex<Broker>,
    changed: Condvar,
}

impl Shared {
    /// Looks without changing anything that another could wait for.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Broker) -> T) -> T {
        look(&self.lock())
    }

    /// Changes something, and wakes whoever waits.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Broker) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Tries until `attempt` brings something or `wait` has passed; at least once.
    pub(super) fn attempt<T>(
        &self,
        wait: Duration,
        mut attempt: impl FnMut(&mut Broker) -> Option<T>,
    ) -> Option<T> {
        let mut broker = self.lock();
        let first = attempt(&mut broker);
        if first.is_some() || wait.is_zero() {
            return first;
        }
        let begun = Instant::now();
        while let Some(left) = wait.checked_sub(begun.elapsed()) {
            let (guard, _) = self.changed.wait_timeout(broker, left).unwrap_or_else(PoisonError::into_inner);
            broker = guard;
            let result = attempt(&mut broker);
            if result.is_some() {
                return result;
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Broker> {
        // A panic under the lock is a failed test; the others may still look at what is there.
        self.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The log's state.
pub(super) struct Broker {
    pub(super) topics: Topics,
    pub(super) transactions: Transactions,
    pub(super) group: Group,
    /// The group's committed offsets.
    pub(super) offsets: BTreeMap<TopicPartition, i64>,
    pub(super) faults: Box<dyn Faults>,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            topics: Topics::default(),
            transactions: Transactions::default(),
            group: Group::default(),
            offsets: BTreeMap::new(),
            faults: Box::new(NoFaults),
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("topics", &self.topics)
            .field("transactions", &self.transactions)
            .field("group", &self.group)
            .field("offsets", &self.offsets)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// The transactions, and where their markers are written.
    pub(super) fn transactions(&mut self) -> (&mut Transactions, Places<'_>) {
        let Self { transactions, topics, offsets, .. } = self;
        (transactions, Places { topics, group_offsets: offsets })
    }

    /// Whether the log can be reached for this call.
    pub(super) fn reach(&mut self, call: Call<'_>, operation: &str) -> Result<(), LogError> {
        if self.faults.unreachable(call) {
            return Err(LogError::Unavailable {
                operation: operation.to_owned(),
                reason: "the log is out of reach".to_owned(),
            });
        }
        Ok(())
    }

    /// The group's committed offsets; asked for as stable ones, only if none of them is about to change.
    pub(super) fn committed(
        &mut self,
        partitions: &[TopicPartition],
        stable: bool,
    ) -> Result<Vec<Option<i64>>, LogError> {
        let operation = "ask for the committed offsets";
        self.reach(Call::Committed, operation)?;
        partitions
            .iter()
            .map(|partition| {
                if stable && self.transactions.has_pending_offset(partition) {
                    return Err(LogError::Unavailable {
                        operation: operation.to_owned(),
                        reason: "an open transaction brings offsets".to_owned(),
                    });
                }
                Ok(self.offsets.get(partition).copied())
            })
            .collect()
    }
}

/// All topics, by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<Arc<str>, Vec<PartitionLog>>,
    /// Which one of all that were ever made each is.
    ids: BTreeMap<Arc<str>, u64>,
    made: u64,
}

impl Topics {
    /// Makes a topic, unless it is there.
    pub(super) fn create(&mut self, topic: &str, partitions: u32) {
        if self.by_name.contains_key(topic) {
            return;
        }
        let topic: Arc<str> = topic.into();
        self.made += 1;
        self.ids.insert(topic.clone(), self.made);
        self.by_name.insert(topic, (0..partitions).map(|_| PartitionLog::default()).collect());
    }

    /// Adds partitions to a topic, up to so many.
    pub(super) fn extend(&mut self, topic: &str, partitions: u32) {
        if let Some(logs) = self.by_name.get_mut(topic) {
            let wanted = logs.len().max(partitions as usize);
            logs.resize_with(wanted, PartitionLog::default);
        }
    }

    /// Removes a topic, with all its records.
    pub(super) fn delete(&mut self, topic: &str) {
        self.by_name.remove(topic);
        self.ids.remove(topic);
    }

    /// Which one of all topics that were ever made this is.
    pub(super) fn id(&self, topic: &str) -> Option<u64> {
        self.ids.get(topic).copied()
    }

    /// How many partitions a topic has.
    pub(super) fn count(&self, topic: &str) -> Option<u32> {
        let partitions = self.by_name.get(topic)?;
        u32::try_from(partitions.len()).ok()
    }

    /// A partition, to do `operation`.
    pub(super) fn get(&self, partition: &TopicPartition, operation: &str) -> Result<&PartitionLog, LogError> {
        self.by_name
            .get(&partition.topic)
            .and_then(|logs| logs.get(partition.partition as usize))
            .ok_or_else(|| unknown(partition, operation))
    }

    /// A partition, to change it by `operation`.
    pub(super) fn get_mut(
        &mut self,
        partition: &TopicPartition,
        operation: &str,
    ) -> Result<&mut PartitionLog, LogError> {
        self.by_name
            .get_mut(&partition.topic)
            .and_then(|logs| logs.get_mut(partition.partition as usize))
            .ok_or_else(|| unknown(partition, operation))
    }
}

fn unknown(partition: &TopicPartition, operation: &str) -> LogError {
    misused(&format!("{operation} {}-{}", partition.topic, partition.partition), "there is no such partition")
}

/// The call is out of order, or asks for what is not there.
pub(super) fn misused(operation: &str, reason: &str) -> LogError {
    LogError::Refused { operation: operation.to_owned(), reason: reason.to_owned() }
}
