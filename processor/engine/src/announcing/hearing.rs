//! Hearing what instances say: their topic is read from some way before its end on, for as long as the process runs.

use super::namesakes::Namesakes;
use super::{Around, Failures, HEARTBEAT, Trouble, is_over};
use crate::log::{Log, LogRecord, Reader, TopicPartition};
use crate::owners::Owners;
use crate::settings::Clock;
use crate::threads::Threads;
use crossbeam_channel::Receiver;
use schemas::{Decoder, Schemas};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long one read waits, and so how long it takes to hear that it is over.
const READ_WAIT: Duration = Duration::from_millis(200);

/// So many records before the end it begins: of a hundred instances a quarter of an hour, and one or two megabytes.
/// It should be longer than two instances claim the same partition.
const BEGINS_BEFORE_END: i64 = 10_000;

pub(super) struct Hearing<L> {
    log: Arc<L>,
    clock: Arc<dyn Clock>,
    threads: Arc<dyn Threads>,
    place: TopicPartition,
    owners: Arc<RwLock<Owners>>,
    namesakes: Arc<Namesakes>,
    decoder: Decoder,
    /// The offset of the next record; none before the first reading.
    next: Option<i64>,
    failures: Failures,
    /// Whether it was told that something in the topic is no word of an instance.
    has_told_garbage: bool,
}

impl<L: Log> Hearing<L> {
    pub(super) fn new(
        around: &Around<L>,
        place: TopicPartition,
        (owners, namesakes): (Arc<RwLock<Owners>>, Arc<Namesakes>),
    ) -> Self {
        Self {
            log: Arc::clone(&around.log),
            clock: Arc::clone(&around.clock),
            threads: Arc::clone(&around.threads),
            place,
            owners,
            namesakes,
            decoder: Decoder::new(Arc::clone(&around.registry), &Schemas::none()),
            next: None,
            failures: Failures::default(),
            has_told_garbage: false,
        }
    }

    pub(super) fn run(mut self, stopped: &Receiver<Infallible>) {
        while let Err(trouble) = self.follow(stopped) {
            let wait = match trouble {
                // Whoever cannot speak there either says so.
                Trouble::NoTopic(_) => HEARTBEAT,
                Trouble::Log(_) | Trouble::Schema { .. } | Trouble::Encode(_) | Trouble::Decode(_) => {
                    self.failures.add("what other instances work on cannot be heard", &trouble)
                }
            };
            self.threads.wait_for(stopped, wait);
        }
    }

    /// Reads until it is stopped, or something fails.
    fn follow(&mut self, stopped: &Receiver<Infallible>) -> Result<(), Trouble> {
        if is_over(stopped) {
            return Ok(());
        }
        let place = std::slice::from_ref(&self.place);
        let topic = std::slice::from_ref(&self.place.topic);
        if self.log.partitions(topic)?.first().copied().flatten().is_none() {
            return Err(Trouble::NoTopic(Arc::clone(&self.place.topic)));
        }
        let end = self.log.end_offsets(place)?.first().copied().unwrap_or(0);
        let mut reader = self.log.follower()?;
        let start = reader.start_offset(&self.place)?;
        let begin = end.saturating_sub(BEGINS_BEFORE_END).max(start);
        // What is not there any more was taken by retention, or with a topic that was made anew.
        let from = self.next.filter(|next| (start..=end).contains(next)).unwrap_or(begin);
        reader.seek(&self.place, from)?;
        self.next = Some(from);
        while !is_over(stopped) {
            let chunk = reader.read(READ_WAIT)?;
            for record in &chunk.records {
                self.take(record, record.offset < end)?;
                self.next = Some(record.offset.saturating_add(1));
            }
            self.next = self.next.max(Some(chunk.position));
            self.failures.end("what other instances work on is heard again");
        }
        Ok(())
    }

    /// Takes a word; of before the reading began, or of now.
    fn take(&mut self, record: &LogRecord, is_recalled: bool) -> Result<(), Trouble> {
        let Some(value) = record.value.as_deref() else { return Ok(()) };
        let instance = match self.decoder.instance(value) {
            Ok(instance) => instance,
            Err(error) if error.is_retryable() => return Err(Trouble::Decode(error)),
            Err(error) => {
                if !self.has_told_garbage {
                    let (topic, offset) = (&*self.place.topic, record.offset);
                    tracing::warn!(topic, offset, %error, "it is no word of an instance, and is passed over; as will be others");
                }
                self.has_told_garbage = true;
                return Ok(());
            }
        };
        let now = self.clock.ticks();
        let mut owners = self.owners.write().unwrap_or_else(PoisonError::into_inner);
        if is_recalled {
            owners.recall(instance, now);
        } else {
            self.namesakes.hears(&instance, now);
            owners.hear(instance, now);
        }
        Ok(())
    }
}
