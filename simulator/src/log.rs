//! The log as a process sees it: the in-memory one, with everything that can go wrong on the way there
//! and back.

use crate::faults::{Effect, What};
use crate::fibers::ProcessId;
use crate::process::Member;
use crate::world::World;
use connectors::memory::{
    CommitFate, MemoryConsumer, MemoryLog, MemoryMembership, MemoryProducer, MemoryReader,
};
use engine::log::{
    Chunk, CommitError, Committed, Consumer, Log, LogError, Membership, NewRecord, Polled, Producer, Reader,
    TopicPartition,
};
use schemas::OutputTopic;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The log, for one life of a process.
pub(crate) struct SimLog {
    world: Arc<World>,
    process: ProcessId,
    inner: MemoryLog,
}

impl SimLog {
    pub(crate) fn new(world: Arc<World>, process: ProcessId) -> Self {
        let inner = world.log.clone();
        let inner = if world.are_static { inner.as_instance(&format!("p{process}")) } else { inner };
        Self { world, process, inner }
    }
}

impl Log for SimLog {
    type Consumer = SimConsumer;
    type Producer = SimProducer;
    type Reader = SimReader;
    type Membership = SimMembership;

    fn join(&self, topics: &[Arc<str>]) -> Result<SimConsumer, LogError> {
        let inner = self.world.call(self.process, Effect::Join, |_| {
            let inner = self.inner.join(topics)?;
            let (membership, heard) = (inner.membership(), self.world.fibers.now());
            self.world.process(self.process, |process| {
                process.members.push(Member { life: process.life, membership, heard });
            });
            Ok(inner)
        })?;
        Ok(SimConsumer {
            world: self.world.clone(),
            process: self.process,
            inner,
            read: BTreeMap::new(),
            held: VecDeque::new(),
        })
    }

    fn onlooker(&self) -> Result<SimMembership, LogError> {
        let inner = self.inner.onlooker()?;
        Ok(SimMembership { world: self.world.clone(), process: self.process, inner })
    }

    fn producer(&self, transactional_id: &str) -> Result<SimProducer, LogError> {
        Ok(SimProducer {
            world: self.world.clone(),
            process: self.process,
            log: self.inner.clone(),
            id: transactional_id.to_owned(),
            inner: Some(self.inner.producer(transactional_id)?),
            ends: Ends::Now,
        })
    }

    fn reader(&self) -> Result<SimReader, LogError> {
        let inner = self.inner.reader()?;
        Ok(SimReader { world: self.world.clone(), process: self.process, inner, position: 0 })
    }

    fn append(&self, record: &NewRecord, wait: Duration) -> Result<(), LogError> {
        self.world.call(self.process, Effect::Send, |_| Log::append(&self.inner, record, wait))
    }

    fn partitions(&self, topics: &[Arc<str>]) -> Result<Vec<Option<u32>>, LogError> {
        self.inner.partitions(topics)
    }

    fn topic_ids(&self, topics: &[Arc<str>]) -> Result<Vec<Option<Arc<str>>>, LogError> {
        self.inner.topic_ids(topics)
    }

    fn end_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.world.call(self.process, Effect::Ends, |_| self.inner.end_offsets(partitions))
    }

    fn start_offsets(&self, partitions: &[TopicPartition]) -> Result<Vec<i64>, LogError> {
        self.world.call(self.process, Effect::Ends, |_| self.inner.start_offsets(partitions))
    }
}

/// Reads the inputs as a member of the group.
pub(crate) struct SimConsumer {
    world: Arc<World>,
    process: ProcessId,
    inner: MemoryConsumer,
    /// From where each partition is read, and the offset after the last record that came.
    read: BTreeMap<TopicPartition, (i64, i64)>,
    /// Parts of assignments and revocations that come later.
    held: VecDeque<(Duration, Polled)>,
}

impl SimConsumer {
    /// What the log has now; none where there is nothing.
    fn poll_now(&mut self, at_most: usize) -> Result<Option<Polled>, LogError> {
        let now = self.world.fibers.now();
        if self.held.front().is_some_and(|(at, _)| *at <= now) {
            return Ok(self.held.pop_front().map(|(_, event)| event));
        }
        match self.inner.poll(at_most, Duration::ZERO)? {
            Polled::Records(records) if records.is_empty() => Ok(None),
            Polled::Records(records) => {
                for record in &records {
                    if let Some((_, next)) = self.read.get_mut(&record.source) {
                        *next = record.offset.saturating_add(1);
                    }
                }
                Ok(Some(Polled::Records(records)))
            }
            end @ (Polled::End { .. } | Polled::Stuck { .. }) => Ok(Some(end)),
            event @ (Polled::Assigned(_) | Polled::Revoked(_) | Polled::Lost(_)) => Ok(self.in_parts(event)),
        }
    }

    /// The part of an event of the group that comes now; the rest comes in its order, later.
    fn in_parts(&mut self, event: Polled) -> Option<Polled> {
        let fibers = &self.world.fibers;
        let later = fibers.now().saturating_add(Duration::from_micros(fibers.below(60_000)));
        if !self.held.is_empty() {
            self.held.push_back((later, event));
            return None;
        }
        if !self.world.are_split || fibers.below(2) == 0 {
            return Some(event);
        }
        let names = self.world.names.inputs();
        let late: BTreeSet<&Arc<str>> = names.iter().filter(|_| fibers.below(2) == 0).collect();
        let split = |partitions: Vec<TopicPartition>| -> (Vec<_>, Vec<_>) {
            partitions.into_iter().partition(|partition| !late.contains(&partition.topic))
        };
        let (now, rest) = match event {
            Polled::Assigned(all) => both(split(all), Polled::Assigned),
            Polled::Revoked(all) => both(split(all), Polled::Revoked),
            Polled::Lost(all) => both(split(all), Polled::Lost),
            other @ (Polled::Records(_) | Polled::End { .. } | Polled::Stuck { .. }) => return Some(other),
        };
        self.held.push_back((later, rest));
        Some(now)
    }

    /// Whether the partition is gone, and the news of it is still on its way.
    fn is_leaving(&self, partition: &TopicPartition) -> bool {
        self.held.iter().any(|(_, event)| match event {
            Polled::Revoked(leaving) | Polled::Lost(leaving) => leaving.contains(partition),
            Polled::Assigned(_) | Polled::Records(_) | Polled::End { .. } | Polled::Stuck { .. } => false,
        })
    }

    fn staying(&self, partitions: &[TopicPartition]) -> Vec<TopicPartition> {
        partitions.iter().filter(|partition| !self.is_leaving(partition)).cloned().collect()
    }

    /// Records that came already come again.
    fn rewind(&mut self, by: u32) -> Result<(), LogError> {
        let read = self.read.iter().filter(|(partition, _)| !self.is_leaving(partition));
        let again = read.map(|(partition, (from, next))| {
            (partition.clone(), next.saturating_sub(i64::from(by)).max(*from))
        });
        let mut reader = self.world.log.reader()?;
        for (partition, offset) in again.collect::<Vec<_>>() {
            // What retention took does not come again.
            let start = reader.start_offset(&partition)?;
            self.inner.start(&partition, offset.max(start))?;
        }
        Ok(())
    }
}

fn both(
    (now, rest): (Vec<TopicPartition>, Vec<TopicPartition>),
    event: fn(Vec<TopicPartition>) -> Polled,
) -> (Polled, Polled) {
    (event(now), event(rest))
}

impl Consumer for SimConsumer {
    type Membership = SimMembership;

    fn poll(&mut self, at_most: usize, _: Duration) -> Result<Polled, LogError> {
        let (world, process) = (self.world.clone(), self.process);
        let polled = world.call(process, Effect::Poll, |what| {
            match what {
                // The client asks again from where it stands.
                Some(What::ReplyIsLost) => return Ok(None),
                Some(What::ComesAgain(by)) => self.rewind(by)?,
                _ => {}
            }
            self.poll_now(at_most)
        })?;
        if let Some(polled) = polled {
            return Ok(polled);
        }
        // Nothing there: the next look is a while later, as a scheduler has it.
        world.fibers.sleep(Duration::from_micros(3_000 + world.fibers.below(20_000)));
        Ok(Polled::Records(Vec::new()))
    }

    fn assign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.assign(partitions)
    }

    fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        for partition in partitions {
            self.read.remove(partition);
        }
        self.inner.unassign(partitions)
    }

    fn start(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        if self.is_leaving(partition) {
            return Ok(());
        }
        self.inner.start(partition, offset)?;
        self.read.insert(partition.clone(), (offset, offset));
        Ok(())
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.pause(&self.staying(partitions))
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.inner.resume(&self.staying(partitions))
    }

    fn membership(&self) -> SimMembership {
        SimMembership { world: self.world.clone(), process: self.process, inner: self.inner.membership() }
    }

    fn close(&mut self) {
        self.inner.close();
    }
}

/// The member that a process is.
#[derive(Clone)]
pub(crate) struct SimMembership {
    world: Arc<World>,
    process: ProcessId,
    inner: MemoryMembership,
}

impl Membership for SimMembership {
    fn committed(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>, LogError> {
        self.world.call(self.process, Effect::Committed, |_| self.inner.committed(partitions))
    }
}

/// When a commit ends, as its producer sees it.
enum Ends {
    /// The log has said so already.
    Now,
    /// Not before this moment.
    At(Duration),
    /// Never: the request arrives so much later, and nobody hears of it.
    Unheard(Duration),
}

/// Writes in transactions.
pub(crate) struct SimProducer {
    world: Arc<World>,
    process: ProcessId,
    log: MemoryLog,
    id: String,
    /// None once the producer has given its request up.
    inner: Option<MemoryProducer>,
    ends: Ends,
}

impl SimProducer {
    fn inner(&mut self) -> Result<&mut MemoryProducer, LogError> {
        self.inner.as_mut().ok_or_else(|| LogError::Refused {
            operation: "write".to_owned(),
            reason: "the producer is beyond use".to_owned(),
        })
    }
}

impl Producer for SimProducer {
    type Membership = SimMembership;

    fn fence(&mut self) -> Result<(), LogError> {
        let (world, process) = (self.world.clone(), self.process);
        world.call(process, Effect::Fence, |_| {
            self.inner()?.fence()?;
            self.world.transaction(&self.id, false);
            Ok(())
        })
    }

    fn begin(&mut self) -> Result<(), LogError> {
        self.inner()?.begin()?;
        self.world.transaction(&self.id, true);
        Ok(())
    }

    fn send(&mut self, record: &NewRecord) -> Result<(), LogError> {
        let (world, process) = (self.world.clone(), self.process);
        let target = record.target.clone();
        let end = self.log.end_offsets(std::slice::from_ref(&target))?;
        world.call(process, Effect::Send, |_| self.inner()?.send(record))?;
        if *target.topic == **world.names.output(OutputTopic::Journal) {
            world.journaled(target.partition, end.first().copied().unwrap_or(0));
        }
        Ok(())
    }

    fn commit(&mut self, offsets: Vec<(TopicPartition, i64)>, member: &SimMembership) {
        let (world, process) = (self.world.clone(), self.process);
        let what = world.before(process, Effect::Commit);
        let now = world.fibers.now();
        let soon = now.saturating_add(Duration::from_micros(world.fibers.below(8_000)));
        let (fate, ends) = match what {
            Some(What::Fails) => (CommitFate::OpenUnknown, Ends::Now),
            Some(What::ReplyIsLost) => (CommitFate::CommittedUnknown, Ends::Now),
            Some(What::CrashesAfter) => (CommitFate::Ends, Ends::Now),
            Some(What::IsAborted) => (CommitFate::Aborts, Ends::Now),
            Some(What::TakesLong(time)) => (CommitFate::Hangs, Ends::At(now.saturating_add(time))),
            Some(What::ArrivesLate(time)) => (CommitFate::Hangs, Ends::Unheard(time)),
            _ => (CommitFate::Hangs, Ends::At(soon)),
        };
        world.set_fate(&self.id, fate);
        self.ends = ends;
        if let Some(inner) = &mut self.inner {
            inner.commit(offsets, &member.inner);
        }
        world.after(process, what);
    }

    fn wait(&mut self, wait: Duration) -> Option<Result<Committed, CommitError>> {
        let fibers = &self.world.fibers;
        match self.ends {
            Ends::Now => {}
            Ends::At(moment) => {
                let left = moment.saturating_sub(fibers.now());
                if !left.is_zero() {
                    fibers.sleep(left.min(wait.max(Duration::from_micros(200))));
                }
                if fibers.now() < moment {
                    return None;
                }
                self.world.set_fate(&self.id, CommitFate::Ends);
            }
            Ends::Unheard(arrives_in) => {
                let inner = self.inner.take()?;
                self.world.send_off(arrives_in, &self.id, inner);
                return Some(Err(CommitError::Unknown("no reply came".to_owned())));
            }
        }
        let outcome = self.inner.as_mut()?.wait(Duration::ZERO)?;
        if let Ok(_) | Err(CommitError::Aborted(_)) = &outcome {
            self.world.transaction(&self.id, false);
        }
        Some(outcome)
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.inner()?.abort()?;
        self.world.transaction(&self.id, false);
        Ok(())
    }
}

/// Reads one partition from where it is told.
pub(crate) struct SimReader {
    world: Arc<World>,
    process: ProcessId,
    inner: MemoryReader,
    position: i64,
}

impl Reader for SimReader {
    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), LogError> {
        self.position = offset;
        self.inner.seek(partition, offset)
    }

    fn start_offset(&mut self, partition: &TopicPartition) -> Result<i64, LogError> {
        self.inner.start_offset(partition)
    }

    fn read(&mut self, _: Duration) -> Result<Chunk, LogError> {
        let (world, process, position) = (self.world.clone(), self.process, self.position);
        let nothing = || Chunk { records: Vec::new(), position };
        let chunk = world.call(process, Effect::Read, |what| match what {
            Some(What::BringsNothing) => Ok(nothing()),
            _ => self.inner.read(Duration::ZERO),
        })?;
        if chunk.position == position {
            world.fibers.sleep(Duration::from_micros(2_000 + world.fibers.below(30_000)));
        }
        self.position = chunk.position;
        Ok(chunk)
    }
}
