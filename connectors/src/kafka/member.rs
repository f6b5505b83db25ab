//! The member of the group: polls for records, ends of partitions and rebalances.

use super::context::Diagnostics;
use super::cursors::Cursors;
use super::error::{beyond_use, failed, name, of_code, refused, unavailable};
use super::event::{EventQueue, Fetched, GroupClient, Told};
use super::fetches::Fetches;
use super::membership::KafkaMembership;
use super::newcomer::Newcomer;
use super::partitions;
use super::rebalances::{GroupContext, Next, Rebalances, is_incremental};
use super::settings::KafkaSettings;
use bytes::Bytes;
use engine::log::{Consumer, LogError, LogRecord, Polled, TopicPartition};
use engine::pieces::Pieces;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a partition that was just assigned may take to be ready for a start. It is ready when
/// librdkafka's main thread has seen the assignment: a matter of milliseconds.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long leaving the group may take before the process goes on without.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// Reads the input topics as a member of the group.
pub struct KafkaConsumer {
    /// What the client has to say, but for what it fetches.
    events: EventQueue,
    /// What it fetches of the partitions that are started.
    fetches: Fetches,
    client: Arc<GroupClient>,
    settings: Arc<KafkaSettings>,
    topics: Vec<Arc<str>>,
    newcomer: Newcomer,
    cursors: Cursors,
    /// Where keys and values are copied to.
    pieces: Pieces,
    rebalances: Rebalances,
    /// What was heard of, and not told yet.
    later: VecDeque<Result<Polled, LogError>>,
    is_closed: bool,
}

impl KafkaConsumer {
    pub(super) fn join(settings: &Arc<KafkaSettings>, topics: &[Arc<str>]) -> Result<Self, LogError> {
        let (client, events, fetches) = subscribe(settings, topics)?;
        Ok(Self {
            events,
            fetches,
            client,
            settings: Arc::clone(settings),
            topics: topics.to_vec(),
            newcomer: Newcomer::default(),
            cursors: Cursors::default(),
            pieces: Pieces::default(),
            rebalances: Rebalances::default(),
            later: VecDeque::new(),
            is_closed: false,
        })
    }

    /// The partitions, each at the end that it has now. One that was just made, or whose leader is
    /// just changing, is asked for again for a while.
    fn ends_of(&self, partitions: &[TopicPartition]) -> Result<TopicPartitionList, LogError> {
        if partitions.is_empty() {
            return partitions::list(partitions, Offset::End);
        }
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match self.ask_ends_of(partitions) {
                Err(LogError::Unavailable { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                answer => return answer,
            }
        }
    }

    fn ask_ends_of(&self, partitions: &[TopicPartition]) -> Result<TopicPartitionList, LogError> {
        let operation = "ask where the assigned partitions end";
        let list = partitions::list(partitions, Offset::End)?;
        let ends = self.client.offsets_for_times(list, self.settings.request_timeout);
        // Whatever a leader says of a partition that this member was given, it may pass.
        let ends = ends.map_err(|error| unavailable(operation, &error.to_string()))?;
        for end in ends.elements() {
            if !matches!(end.offset(), Offset::Offset(_)) {
                let place = format!("{} {} has {:?}", end.topic(), end.partition(), end.offset());
                return Err(unavailable(operation, &place));
            }
        }
        Ok(ends)
    }

    /// A rebalance to be told to the engine; those that concern only the client are answered.
    fn next_rebalance(&mut self) -> Result<Option<Polled>, LogError> {
        while let Some(next) = self.rebalances.next(is_incremental(&self.client)) {
            match next {
                Next::Tell(polled) => {
                    if let Polled::Revoked(partitions) | Polled::Lost(partitions) = &polled {
                        self.forget(partitions);
                    }
                    return Ok(Some(polled));
                }
                Next::LetGo(partitions) => self.answer_let_go(&partitions)?,
            }
        }
        Ok(None)
    }

    /// Takes what the client has to say, and what it has fetched, and tells the first of it.
    fn drain(&mut self, at_most: usize, wait: Duration) -> Result<Polled, LogError> {
        while let Some(mut event) = self.events.poll(Duration::ZERO) {
            let heard = self.heard(event.tell());
            self.later.extend(heard);
        }
        let wait = if self.later.is_empty() { wait } else { Duration::ZERO };
        let (mut records, cursors, pieces) = (Vec::new(), &mut self.cursors, &mut self.pieces);
        let others = self.fetches.take(at_most, wait, |fetched| {
            if let Some(source) = cursors.pass(&fetched) {
                records.push(record(source, &fetched, |bytes| pieces.copy(bytes)));
            }
        });
        if !records.is_empty() {
            self.later.push_back(Ok(Polled::Records(records)));
        }
        // After all records: of an end that lies before one of them nothing is to be told.
        for told in others {
            let heard = self.heard(told);
            self.later.extend(heard);
        }
        if let Some(first) = self.later.pop_front() {
            return first;
        }
        Ok(self.next_rebalance()?.unwrap_or(Polled::Records(Vec::new())))
    }

    /// What the engine is to be told of something, where it is anything.
    fn heard(&mut self, told: Told<'_>) -> Option<Result<Polled, LogError>> {
        match told {
            Told::End { topic, partition, offset } => self.end(&topic, partition, offset).map(Ok),
            Told::Failed { code: RDKafkaErrorCode::AutoOffsetReset, reason, of: Some(of), .. } => {
                self.stuck(&of, reason).map(Ok)
            }
            Told::Failed { code, is_fatal, reason, of: _ } => Some(self.failed(code, is_fatal, reason)),
            Told::Rebalance { gives, partitions } => {
                self.hear(gives, &partitions);
                None
            }
            Told::Log { level, facility, message } => {
                self.client.context().diagnostics.line(level, &facility, &message);
                None
            }
            Told::Statistics(json) => {
                self.client.context().diagnostics.report(json);
                None
            }
            // What is fetched of a partition between its assignment and its start.
            Told::Record(_) => None,
            // A consumer is not told of what became of records.
            Told::Delivered(_) | Told::Nothing => None,
        }
    }

    fn hear(&mut self, gives: bool, named: &[(String, i32)]) {
        let mut partitions: Vec<TopicPartition> =
            named.iter().filter_map(|(topic, partition)| partitions::of_native(topic, *partition)).collect();
        partitions.sort();
        self.rebalances.hear(match (gives, self.client.assignment_lost()) {
            (true, _) => Polled::Assigned(partitions),
            (false, false) => Polled::Revoked(partitions),
            (false, true) => Polled::Lost(partitions),
        });
    }

    fn end(&mut self, topic: &str, partition: i32, offset: i64) -> Option<Polled> {
        let cursor = self.cursors.find(topic, partition)?;
        // One of before the start, or of before a later start, says nothing.
        (cursor.next? <= offset).then(|| {
            cursor.next = Some(offset);
            Polled::End { source: cursor.source.clone(), offset }
        })
    }

    /// librdkafka reads no further in a partition once it was told that what it asks for is not there.
    fn stuck(&mut self, (topic, partition): &(String, i32), reason: String) -> Option<Polled> {
        let cursor = self.cursors.find(topic, *partition)?;
        // Of one that is not started yet, nobody waits for anything.
        cursor.next?;
        cursor.is_stuck = true;
        Some(Polled::Stuck { source: cursor.source.clone(), reason })
    }

    /// What an error means. The refusal of a newcomer, which has nothing to lose, brings nothing.
    fn failed(&mut self, code: RDKafkaErrorCode, is_fatal: bool, reason: String) -> Result<Polled, LogError> {
        let operation = "poll";
        if !is_fatal && code != RDKafkaErrorCode::Fatal {
            return Err(of_code(operation, code, reason));
        }
        match self.client.client().fatal_error() {
            Some((code, reason)) if Newcomer::is_refusal(code) && self.cursors.is_empty() => {
                let instance = self.settings.group_instance_id.as_deref().unwrap_or_default();
                self.newcomer.is_refused(Instant::now(), instance, &reason)?;
                Ok(Polled::Records(Vec::new()))
            }
            Some((code, reason)) => Err(beyond_use(operation, code, reason)),
            None => Err(beyond_use(operation, code, reason)),
        }
    }

    /// Asks for a place again, with a new client: the one that was refused is beyond use.
    fn ask_again(&mut self) -> Result<(), LogError> {
        self.newcomer.asks();
        let (client, events, fetches) = subscribe(&self.settings, &self.topics)?;
        // The queues of the old client end before the client does.
        self.events = events;
        self.fetches = fetches;
        self.client = client;
        self.rebalances = Rebalances::default();
        self.later.clear();
        Ok(())
    }

    /// Forgets where these partitions stand, and what was heard of them and not told.
    fn forget(&mut self, partitions: &[TopicPartition]) {
        self.cursors.forget(partitions, self.fetches.queue());
        self.forget_heard(partitions);
    }

    /// Forgets what was heard of these partitions and not told.
    fn forget_heard(&mut self, partitions: &[TopicPartition]) {
        self.later.retain_mut(|heard| match heard {
            Ok(Polled::Records(records)) => {
                records.retain(|record| !partitions.contains(&record.source));
                !records.is_empty()
            }
            heard => source_of(heard).is_none_or(|source| !partitions.contains(source)),
        });
    }

    fn answer_let_go(&self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        let answer = if is_incremental(&self.client) {
            self.client.incremental_unassign(&partitions::list(partitions, Offset::Invalid)?)
        } else {
            self.client.unassign()
        };
        answer.map_err(|error| failed("let partitions go", &error))
    }

    /// Moves the fetch position of an assigned partition.
    fn seek(&self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        let operation = || format!("start {} at {offset}", name(partition));
        let begun = Instant::now();
        loop {
            let list = partitions::at([(partition, Offset::Offset(offset))])?;
            let sought = self
                .client
                .seek_partitions(list, self.settings.request_timeout)
                .map_err(|error| failed(&operation(), &error))?;
            let Some(Err(error)) = partitions::find(&sought, partition).map(|found| found.error()) else {
                return Ok(());
            };
            // The assignment has not reached the partition yet, or it is being stopped for the one
            // before. librdkafka asks to try again.
            let is_early = matches!(
                error.rdkafka_error_code(),
                Some(RDKafkaErrorCode::State | RDKafkaErrorCode::PreviousInProgress)
            );
            if !is_early {
                return Err(failed(&operation(), &error));
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(unavailable(&operation(), "its assignment has not come into force"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Consumer for KafkaConsumer {
    type Membership = KafkaMembership;

    fn poll(&mut self, at_most: usize, wait: Duration) -> Result<Polled, LogError> {
        if self.is_closed {
            return Err(refused("poll", "the consumer is closed"));
        }
        if let Some(left) = self.newcomer.waits(Instant::now()) {
            if left > wait {
                std::thread::sleep(wait);
                return Ok(Polled::Records(Vec::new()));
            }
            self.ask_again()?;
        }
        if let Some(later) = self.later.pop_front() {
            return later;
        }
        if let Some(rebalance) = self.next_rebalance()? {
            return Ok(rebalance);
        }
        self.drain(at_most, wait)
    }

    fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        let operation = "take the assigned partitions";
        // librdkafka has no "assigned, but paused": it starts at once, and is paused at once. At
        // the end there is next to nothing to fetch in between. The end is asked for here: a look-up
        // of librdkafka's own (as for a logical offset) is begun again by the pause, half a second
        // later, and then overrules a seek that came between. Records would be passed over silently.
        let list = self.ends_of(partitions)?;
        let assigned = if is_incremental(&self.client) {
            self.client.incremental_assign(&list)
        } else {
            self.cursors.clear();
            self.client.assign(&list)
        };
        assigned.map_err(|error| failed(operation, &error))?;
        self.newcomer.is_taken(Instant::now());
        for source in partitions {
            self.cursors.add(source, &self.client)?;
        }
        if partitions.is_empty() {
            return Ok(());
        }
        self.client.pause(&list).map_err(|error| failed(operation, &error))
    }

    fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.forget(partitions);
        match self.rebalances.let_go(partitions, is_incremental(&self.client)) {
            Some(all) => self.answer_let_go(&all),
            None => Ok(()),
        }
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        if self.cursors.of(partition, "start")?.is_stuck {
            // It has stopped, and takes no seek; to assign all partitions anew would stop the others.
            return Err(LogError::Fatal {
                operation: format!("start {} at {offset}", name(partition)),
                reason: "what came next was gone, and the client reads no further in it: a new process can"
                    .to_owned(),
            });
        }
        let named = std::slice::from_ref(partition);
        self.forget_heard(named);
        // Whatever was fetched before is dropped by the seek, since librdkafka numbers positions.
        self.seek(partition, offset)?;
        // Before it is read: what comes of it is to come to one queue.
        self.resume(named)?;
        let cursor = self.cursors.of(partition, "start")?;
        cursor.next = Some(offset);
        if std::mem::take(&mut cursor.is_parked) {
            let list = partitions::list(named, Offset::Invalid)?;
            self.client.resume(&list).map_err(|error| failed("start partitions", &error))?;
        }
        Ok(())
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        // librdkafka's own pause drops what it has fetched, tens of thousands of records, to fetch it
        // again. Here it stays where it is, and no more is fetched once that is enough.
        for partition in partitions {
            self.cursors.of(partition, "pause")?.hold();
        }
        Ok(())
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.cursors.of(partition, "resume")?.release(self.fetches.queue());
        }
        Ok(())
    }

    fn membership(&self) -> KafkaMembership {
        KafkaMembership::of(&self.client, &self.settings)
    }

    fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        self.cursors.clear();
        if self.rebalances.is_unanswered()
            && let Err(error) = self.client.unassign()
        {
            tracing::warn!(%error, "cannot let partitions go before leaving the group");
        }
        // The client is dropped with the last membership, perhaps much later; the group should know
        // now. A static member sends nothing here, and keeps its place.
        if let Err(error) = self.client.close_queue() {
            tracing::warn!(%error, "cannot leave the group");
            return;
        }
        let begun = Instant::now();
        while !self.client.closed() && begun.elapsed() < LEAVE_WITHIN {
            let _ = self.client.poll(Duration::from_millis(10));
        }
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.close();
    }
}

/// A new member of the group.
fn subscribe(
    settings: &Arc<KafkaSettings>,
    topics: &[Arc<str>],
) -> Result<(Arc<GroupClient>, EventQueue, Fetches), LogError> {
    let operation = format!("join the group {}", settings.group_id);
    let diagnostics =
        Diagnostics::new(&format!("{} member", settings.client_id), settings.statistics.as_ref());
    let client: GroupClient = settings
        .member_config()
        .create_with_context(GroupContext { diagnostics, protocol: settings.group_protocol })
        .map_err(|error| failed(&operation, &error))?;
    let client = Arc::new(client);
    let events = EventQueue::of_consumer(&client).zip(Fetches::new(&client));
    let (events, fetches) = events.ok_or_else(|| refused(&operation, "the client has no event queue"))?;
    let topics: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    client.subscribe(&topics).map_err(|error| failed(&operation, &error))?;
    Ok((client, events, fetches))
}

/// The partition that something is about which was heard of, where it is one.
fn source_of(polled: &Result<Polled, LogError>) -> Option<&TopicPartition> {
    match polled {
        Ok(Polled::End { source, .. } | Polled::Stuck { source, .. }) => Some(source),
        Ok(Polled::Records(_) | Polled::Assigned(_) | Polled::Revoked(_) | Polled::Lost(_)) | Err(_) => None,
    }
}

/// A record as the engine takes it, its bytes copied.
pub(super) fn record(
    source: &TopicPartition,
    fetched: &Fetched<'_>,
    mut copy: impl FnMut(&[u8]) -> Bytes,
) -> LogRecord {
    LogRecord {
        source: source.clone(),
        offset: fetched.offset,
        timestamp: fetched.timestamp.map(|millis| millis.saturating_mul(1_000)),
        key: fetched.key.map(&mut copy),
        value: fetched.value.map(copy),
    }
}
