//! The partitions that a member is assigned to, and where it stands in each.

use super::error::{name, refused};
use super::event::{EventQueue, Fetched, GroupClient};
use super::partitions;
use engine::log::{LogError, TopicPartition};
use std::ffi::CString;
use std::sync::Arc;

/// The assigned partitions.
#[derive(Default)]
pub(super) struct Cursors {
    all: Vec<Cursor>,
    /// Which one was found last: records come in runs of one partition.
    last: usize,
}

/// An assigned partition.
pub(super) struct Cursor {
    pub(super) source: TopicPartition,
    number: i32,
    /// The offset of the next record; none before it is started.
    pub(super) next: Option<i64>,
    /// Whether librdkafka reads it no more, since what comes next is not there.
    pub(super) is_stuck: bool,
    /// Whether the client is told to fetch nothing of it: so it is between assignment and start.
    pub(super) is_parked: bool,
    /// Where what is fetched of it comes first.
    queue: EventQueue,
}

impl Cursor {
    /// What is fetched stays in a queue of its own, and once that is full no more is fetched.
    pub(super) fn hold(&self) {
        self.queue.forward(None);
    }

    /// What was held back, and what is fetched from now on, goes on to this queue.
    pub(super) fn release(&self, fetches: &EventQueue) {
        self.queue.forward(Some(fetches));
    }
}

impl Cursors {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    /// A partition that was just assigned, parked.
    pub(super) fn add(&mut self, source: &TopicPartition, client: &Arc<GroupClient>) -> Result<(), LogError> {
        let refused = || refused(&format!("take {}", name(source)), "the client has no queue of it");
        let number = partitions::number(source)?;
        let topic = CString::new(&*source.topic).map_err(|_| refused())?;
        let queue = EventQueue::of_partition(client, &topic, number).ok_or_else(refused)?;
        let (source, next) = (source.clone(), None);
        self.all.push(Cursor { source, number, next, is_stuck: false, is_parked: true, queue });
        Ok(())
    }

    /// Forgets where these stand. What was held back of them goes on to this queue, where the client
    /// drops it: it would stay in memory for as long as the client knows the topic.
    pub(super) fn forget(&mut self, partitions: &[TopicPartition], fetches: &EventQueue) {
        for gone in self.all.extract_if(.., |cursor| partitions.contains(&cursor.source)) {
            gone.release(fetches);
        }
    }

    /// The assigned partition that something is to be done with.
    ///
    /// # Errors
    /// When it is not assigned.
    pub(super) fn of(
        &mut self,
        partition: &TopicPartition,
        operation: &str,
    ) -> Result<&mut Cursor, LogError> {
        self.all
            .iter_mut()
            .find(|cursor| cursor.source == *partition)
            .ok_or_else(|| refused(&format!("{operation} {}", name(partition)), "it is not assigned"))
    }

    /// The one of this topic and number, if it is assigned.
    pub(super) fn find(&mut self, topic: &str, number: i32) -> Option<&mut Cursor> {
        let is_it = |cursor: &Cursor| cursor.number == number && &*cursor.source.topic == topic;
        if !self.all.get(self.last).is_some_and(is_it) {
            self.last = self.all.iter().position(is_it)?;
        }
        self.all.get_mut(self.last)
    }

    /// Goes on past a record that was fetched: its partition, if that was started and the record lies after
    /// the start.
    pub(super) fn pass(&mut self, fetched: &Fetched<'_>) -> Option<&TopicPartition> {
        let cursor = self.find(fetched.topic, fetched.partition)?;
        if cursor.next? > fetched.offset {
            return None;
        }
        cursor.next = Some(fetched.offset + 1);
        Some(&cursor.source)
    }
}
