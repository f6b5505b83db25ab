//! A member of the group that reads: where it stands in each of its partitions.

use super::broker::{Broker, Shared, misused};
use super::faults::Call;
use super::group::MemberId;
use engine::log::{Consumer, LogError, Membership, Polled, TopicPartition};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Reads the input topics as a member of the group.
///
/// To drop it is to crash: the group waits for the member until it expires. To leave, close it.
#[derive(Debug)]
pub struct MemoryConsumer {
    shared: Arc<Shared>,
    member: MemberId,
    cursors: BTreeMap<TopicPartition, Cursor>,
    /// The partition whose turn it is; none is the first.
    turn: Option<TopicPartition>,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Cursor {
    /// The offset of the next record; none before [`Consumer::start`].
    position: Option<i64>,
    is_paused: bool,
    /// The end that was told last.
    told_end: Option<i64>,
}

impl MemoryConsumer {
    pub(super) fn join(
        shared: &Arc<Shared>,
        topics: &[Arc<str>],
        instance: Option<Arc<str>>,
    ) -> Result<Self, LogError> {
        let member = shared.change(|broker| {
            broker.reach(Call::Join, "join the group")?;
            if let Some(unknown) = topics.iter().find(|topic| broker.topics.count(topic).is_none()) {
                let operation = format!("join the group for {unknown}");
                return Err(misused(&operation, "there is no such topic"));
            }
            Ok(broker.group.join(topics, instance, &broker.topics))
        })?;
        Ok(Self {
            shared: Arc::clone(shared),
            member,
            cursors: BTreeMap::new(),
            turn: None,
            is_closed: false,
        })
    }

    fn cursor(&mut self, partition: &TopicPartition, operation: &str) -> Result<&mut Cursor, LogError> {
        self.cursors.get_mut(partition).ok_or_else(|| {
            let operation = format!("{operation} {}-{}", partition.topic, partition.partition);
            misused(&operation, "it is not assigned")
        })
    }
}

impl Consumer for MemoryConsumer {
    type Membership = MemoryMembership;

    fn poll(&mut self, at_most: usize, wait: Duration) -> Result<Polled, LogError> {
        let Self { shared, member, cursors, turn, .. } = self;
        let polled = shared
            .attempt(wait, |broker| poll_once(broker, *member, cursors, turn, at_most).transpose())
            .unwrap_or(Ok(Polled::Records(Vec::new())))?;
        if let Polled::Revoked(partitions) | Polled::Lost(partitions) = &polled {
            // Nothing more is read of them, although they are not let go yet.
            for partition in partitions {
                self.cursors.remove(partition);
            }
        }
        // The event may have changed the group for others.
        self.shared.change(|_| ());
        Ok(polled)
    }

    fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.cursors.entry(partition.clone()).or_default();
        }
        Ok(())
    }

    fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.cursors.remove(partition);
        }
        self.shared.change(|broker| {
            broker.group.let_go(self.member, partitions, &broker.topics);
        });
        Ok(())
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        *self.cursor(partition, "start")? = Cursor { position: Some(offset), ..Cursor::default() };
        Ok(())
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.cursor(partition, "pause")?.is_paused = true;
        }
        Ok(())
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.cursor(partition, "resume")?.is_paused = false;
        }
        Ok(())
    }

    fn membership(&self) -> MemoryMembership {
        MemoryMembership { shared: Arc::clone(&self.shared), member: Some(self.member) }
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.is_closed, true) {
            self.cursors.clear();
            self.shared.change(|broker| broker.group.leave(self.member, &broker.topics));
        }
    }
}

/// An event of the group, or else records or a partition that cannot be read, or else an end that was reached; none when there is nothing.
fn poll_once(
    broker: &mut Broker,
    member: MemberId,
    cursors: &mut BTreeMap<TopicPartition, Cursor>,
    turn: &mut Option<TopicPartition>,
    at_most: usize,
) -> Result<Option<Polled>, LogError> {
    broker.reach(Call::Poll, "poll")?;
    if let Some(event) = broker.group.poll(member, &broker.topics)? {
        return Ok(Some(event));
    }
    let polled = records(broker, cursors, turn, at_most)?;
    if polled == Polled::Records(Vec::new()) {
        return end(broker, cursors);
    }
    Ok(Some(polled))
}

/// The first end that was reached and not told yet.
fn end(broker: &Broker, cursors: &mut BTreeMap<TopicPartition, Cursor>) -> Result<Option<Polled>, LogError> {
    for (source, cursor) in cursors {
        let Cursor { position: Some(position), is_paused: false, told_end } = cursor else { continue };
        if *told_end == Some(*position) || broker.topics.get(source, "read")?.last_stable() > *position {
            continue;
        }
        *told_end = Some(*position);
        return Ok(Some(Polled::End { source: source.clone(), offset: *position }));
    }
    Ok(None)
}

/// Records of the partitions by turns: the next call begins after the last that gave any. Where one stands
/// at a place that is not there, that is told once.
fn records(
    broker: &Broker,
    cursors: &mut BTreeMap<TopicPartition, Cursor>,
    turn: &mut Option<TopicPartition>,
    at_most: usize,
) -> Result<Polled, LogError> {
    let mut order: Vec<TopicPartition> = cursors.keys().cloned().collect();
    if let Some(last) = turn {
        let first = order.partition_point(|partition| *partition <= *last);
        order.rotate_left(first);
    }
    let mut records = Vec::new();
    for partition in order {
        let Some(cursor) = cursors.get_mut(&partition) else { continue };
        let Cursor { position: Some(position), is_paused: false, .. } = cursor else { continue };
        if records.len() >= at_most {
            break;
        }
        let log = match broker.topics.get(&partition, "read") {
            Ok(log) => log,
            Err(error) if records.is_empty() => return Err(error),
            // What was read before it is handed over; the next poll tells of it.
            Err(_) => break,
        };
        let chunk = match log.read(&partition, *position, at_most - records.len()) {
            Ok(chunk) => chunk,
            Err(range) if records.is_empty() => {
                let reason = range.refuse(&partition, *position).to_string();
                cursor.position = None;
                return Ok(Polled::Stuck { source: partition, reason });
            }
            // The next poll tells of it.
            Err(_) => break,
        };
        *position = chunk.position;
        if !chunk.records.is_empty() {
            records.extend(chunk.records);
            *turn = Some(partition);
        }
    }
    Ok(Polled::Records(records))
}

/// The member that a consumer is, or an onlooker.
#[derive(Clone, Debug)]
pub struct MemoryMembership {
    shared: Arc<Shared>,
    /// None of an onlooker.
    member: Option<MemberId>,
}

impl MemoryMembership {
    pub(super) fn onlooker(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), member: None }
    }

    pub(super) fn id(&self) -> Option<MemberId> {
        self.member
    }

    /// The generation of the group that the member is settled in; none while it is not.
    #[must_use]
    pub fn generation(&self) -> Option<i32> {
        self.shared.look(|broker| broker.group.check(self.member?).ok())
    }
}

impl Membership for MemoryMembership {
    /// An open transaction that brings offsets is not waited for: there is nobody to wait for
    /// while the caller's thread is here. To a member it counts as a log that did not answer in time.
    fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, LogError> {
        let stable = self.member.is_some();
        self.shared.change(|broker| broker.committed(partitions, stable))
    }
}
