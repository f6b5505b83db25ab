//! An instance: one process's membership in the group. One thread polls; each partition that is
//! assigned of every input topic has a task on a thread of its own.
//!
//! A task exists only while its partition of *every* input topic is assigned. What a task does is
//! [`crate::task`]'s business.

use crate::error::TaskError;
use crate::faults::Mutation;
use crate::log::{Consumer, Log, LogError, LogRecord, Polled, TopicPartition};
use crate::metrics as names;
use crate::prober::{self, Answer, Question};
use crate::reading::Reading;
use crate::shared::Shared;
use crate::store::Stores;
use crate::threads::Thread;
use crate::worker::{Ending, FromTask, ToTask, Worker};
use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// One process's membership in the group.
pub struct Instance<L: Log, S: Stores> {
    shared: Arc<Shared<L, S>>,
    reading: Arc<Reading>,
    consumer: L::Consumer,
    assigned: BTreeSet<TopicPartition>,
    tasks: BTreeMap<u32, Slot>,
    /// Partitions whose task was fenced while the group says that they are this member's, and when it
    /// is tried again.
    fenced: BTreeMap<u32, Duration>,
    outbox: Sender<FromTask>,
    inbox: Receiver<FromTask>,
    prober: Sender<Question>,
    answers: Receiver<Answer>,
    /// When it was last asked which topics there are.
    looked_at_topics: Duration,
}

/// A task, as its instance sees it.
struct Slot {
    sender: Sender<ToTask>,
    thread: Option<Box<dyn Thread>>,
    queued: Arc<AtomicUsize>,
    /// Where it is shown how many records are queued.
    shown: metrics::Gauge,
    /// Where it is shown whether its task is at work.
    state: metrics::Gauge,
    is_stopped: Arc<AtomicBool>,
    /// The reading that is going on; none while the task recovers.
    epoch: Option<u64>,
    is_paused: bool,
}

/// Why an instance ended.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The log failed beyond use.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A task failed beyond use.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The thread that asks the log for its ends has ended.
    #[error("the thread that asks the log for its ends has ended")]
    NobodyAsks,
    /// A task's thread cannot be started.
    #[error("cannot start a thread for partition {partition}")]
    Thread {
        /// The partition.
        partition: u32,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// How long a partition whose task was fenced is left to whoever fenced it. Where it is that one's, the
/// group says so here within a heartbeat or two, and nothing more is done. Where it was a member that
/// had lost the partition and did not know, it knows by then, and the partition must not stay alone.
const FENCED_WAIT: Duration = Duration::from_secs(10);

/// How long a poll waits for records: also how soon a task's messages are looked at.
const POLL_WAIT: Duration = Duration::from_millis(5);

/// How often it is asked whether the topics are still the same. A client reads on in a topic of the same
/// name without a word, and passes over what lies before its position there.
const LOOK_AT_TOPICS_EVERY: Duration = Duration::from_secs(5);

impl<L: Log, S: Stores> Instance<L, S> {
    /// Joins the group. Tasks begin as partitions are assigned, in [`Instance::run`].
    ///
    /// # Errors
    /// When the log cannot be reached or refuses.
    pub fn join(shared: Arc<Shared<L, S>>) -> Result<Self, InstanceError> {
        let consumer = shared.log.join(shared.topology.names().inputs())?;
        let (outbox, inbox) = unbounded();
        let (prober, asked) = unbounded();
        let (answer, answers) = unbounded();
        let of_prober = shared.clone();
        let answers_ends = Box::new(move || prober::answer(&of_prober, &asked, &answer));
        // It ends when nobody can ask any more, and nobody waits for that.
        let _ = shared
            .threads
            .start("weir-ends".to_owned(), answers_ends)
            .map_err(|source| InstanceError::Thread { partition: 0, source })?;
        let (partitions, clock) = (shared.topology.partitions(), shared.clock.clone());
        let reading = Reading::new(partitions, clock, shared.registry.clone(), &shared.schemas);
        Ok(Self {
            shared,
            reading: Arc::new(reading),
            consumer,
            assigned: BTreeSet::new(),
            tasks: BTreeMap::new(),
            fenced: BTreeMap::new(),
            outbox,
            inbox,
            prober,
            answers,
            looked_at_topics: Duration::ZERO,
        })
    }

    /// What may be read, from any thread, of the partitions that are at work here.
    #[must_use]
    pub fn reading(&self) -> Arc<Reading> {
        self.reading.clone()
    }

    /// Runs until `is_stopped`, then ends every task's open transaction and leaves.
    ///
    /// # Errors
    /// When the log or a task fails beyond use: the process should end, and say so.
    pub fn run(mut self, is_stopped: &AtomicBool) -> Result<(), InstanceError> {
        let outcome = self.go_on(is_stopped);
        let how = if outcome.is_ok() { Stopping::Finish } else { Stopping::Drop };
        let all: Vec<u32> = self.tasks.keys().copied().collect();
        self.stop(&all, how);
        self.consumer.close();
        outcome
    }

    fn go_on(&mut self, is_stopped: &AtomicBool) -> Result<(), InstanceError> {
        while !is_stopped.load(Ordering::Relaxed) {
            match self.consumer.poll(self.shared.settings.poll_records, POLL_WAIT) {
                Ok(polled) => self.polled(polled)?,
                Err(error @ LogError::Fatal { .. } | error @ LogError::Fenced { .. }) => {
                    return Err(error.into());
                }
                Err(error @ (LogError::Unavailable { .. } | LogError::Refused { .. })) => {
                    tracing::warn!(%error, "polling goes on");
                }
            }
            while let Ok(message) = self.inbox.try_recv() {
                self.told(message)?;
            }
            self.look_at_topics();
            self.hand_on_answers()?;
            if !self.fenced.is_empty() {
                self.start_tasks()?;
            }
            self.pause_and_resume()?;
            self.tell_status();
        }
        Ok(())
    }

    fn look_at_topics(&mut self) {
        let now = self.shared.clock.ticks();
        if !self.tasks.is_empty() && now.saturating_sub(self.looked_at_topics) >= LOOK_AT_TOPICS_EVERY {
            self.looked_at_topics = now;
            let _ = self.prober.send(Question::Topics);
        }
    }

    /// Hands on what the log said of its ends and topics. Who asks it must live, or nothing falls due any more.
    fn hand_on_answers(&self) -> Result<(), InstanceError> {
        loop {
            match self.answers.try_recv() {
                Ok(Answer::Ends { partition, asked, ends }) => {
                    if let Some(slot) = self.tasks.get(&partition) {
                        let (ends, topics) = ends.unzip();
                        let _ = slot.sender.send(ToTask::Ends { asked, ends, topics });
                    }
                }
                Ok(Answer::Topics(topics)) => {
                    for slot in self.tasks.values() {
                        let _ = slot.sender.send(ToTask::Topics(topics.clone()));
                    }
                }
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(InstanceError::NobodyAsks),
            }
        }
    }

    fn polled(&mut self, polled: Polled) -> Result<(), InstanceError> {
        match polled {
            Polled::Records(records) => self.hand_over(records),
            Polled::End { source, offset } => {
                let Some(slot) = self.tasks.get(&source.partition) else { return Ok(()) };
                let Some(epoch) = slot.epoch else { return Ok(()) };
                let _ = slot.sender.send(ToTask::Passed { epoch, topic: source.topic, offset });
            }
            Polled::Stuck { source, reason } => {
                let Some(slot) = self.tasks.get(&source.partition) else { return Ok(()) };
                let Some(epoch) = slot.epoch else { return Ok(()) };
                let _ = slot.sender.send(ToTask::Stuck { epoch, topic: source.topic, reason });
            }
            Polled::Assigned(partitions) => {
                tracing::info!(count = partitions.len(), "partitions assigned");
                self.consumer.assign(&partitions)?;
                for partition in &partitions {
                    self.fenced.remove(&partition.partition);
                }
                self.assigned.extend(partitions);
                // First how much it is, or it would be ready for a moment.
                self.tell_status();
                self.shared.status.has_its_part(true);
                self.start_tasks()?;
            }
            Polled::Revoked(partitions) => self.let_go(&partitions, Stopping::Finish)?,
            Polled::Lost(partitions) => {
                self.shared.status.has_its_part(false);
                self.let_go(&partitions, Stopping::Drop)?;
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, records: Vec<LogRecord>) {
        let mut of_tasks: BTreeMap<u32, Vec<LogRecord>> = BTreeMap::new();
        for record in records {
            of_tasks.entry(record.source.partition).or_default().push(record);
        }
        for (partition, records) in of_tasks {
            let Some(slot) = self.tasks.get(&partition) else { continue };
            let Some(epoch) = slot.epoch else { continue };
            slot.queued.fetch_add(records.len(), Ordering::Relaxed);
            if let Some(last) =
                records.last().filter(|_| self.shared.settings.faults.breaks(Mutation::EndBeforeRecords))
            {
                let (topic, offset) = (last.source.topic.clone(), last.offset.saturating_add(1));
                let _ = slot.sender.send(ToTask::Passed { epoch, topic, offset });
            }
            // A task that has just ended is told of by its own message.
            let _ = slot.sender.send(ToTask::Records { epoch, records });
        }
    }

    /// Starts a task for each partition that is assigned of every input topic and has none.
    fn start_tasks(&mut self) -> Result<(), InstanceError> {
        for partition in 0..self.shared.topology.partitions().get() {
            let inputs = self.shared.topology.input_partitions(partition);
            let is_whole = if self.shared.settings.faults.breaks(Mutation::TaskBeforeAllTopics) {
                inputs.iter().any(|input| self.assigned.contains(input))
            } else {
                inputs.iter().all(|input| self.assigned.contains(input))
            };
            let is_left = self.fenced.get(&partition).is_some_and(|until| self.shared.clock.ticks() < *until);
            if is_whole && !is_left && !self.tasks.contains_key(&partition) {
                self.fenced.remove(&partition);
                let slot = self.start_task(partition)?;
                self.tasks.insert(partition, slot);
            }
        }
        Ok(())
    }

    fn start_task(&self, partition: u32) -> Result<Slot, InstanceError> {
        let (sender, inbox) = unbounded();
        let queued = Arc::new(AtomicUsize::new(0));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            shared: self.shared.clone(),
            reading: self.reading.clone(),
            partition,
            member: self.consumer.membership(),
            inbox,
            outbox: self.outbox.clone(),
            queued: queued.clone(),
            is_stopped: is_stopped.clone(),
        };
        let thread = self
            .shared
            .threads
            .start(format!("weir-task-{partition}"), Box::new(move || worker.run()))
            .map_err(|source| InstanceError::Thread { partition, source })?;
        let shown = metrics::gauge!(names::QUEUED_RECORDS, "partition" => partition.to_string());
        let state = metrics::gauge!(names::TASK_STATE, "partition" => partition.to_string());
        let thread = Some(thread);
        Ok(Slot { sender, thread, queued, shown, state, is_stopped, epoch: None, is_paused: false })
    }

    fn told(&mut self, message: FromTask) -> Result<(), InstanceError> {
        match message {
            FromTask::Ready { partition, epoch, positions } => {
                let Some(slot) = self.tasks.get_mut(&partition) else { return Ok(()) };
                slot.epoch = Some(epoch);
                slot.is_paused = false;
                let inputs = self.shared.topology.input_partitions(partition);
                for (input, position) in inputs.iter().zip(positions) {
                    self.consumer.start(input, position)?;
                }
                tracing::info!(partition, "the task is at work");
            }
            FromTask::Recovering { partition } => {
                let Some(slot) = self.tasks.get_mut(&partition) else { return Ok(()) };
                slot.epoch = None;
                self.consumer.pause(&self.shared.topology.input_partitions(partition))?;
            }
            FromTask::WantsEnds { partition, asked } => {
                let _ = self.prober.send(Question::Ends { partition, asked });
            }
            FromTask::Ended { partition, ending } => {
                self.join_thread(partition);
                match ending {
                    Ending::Stopped => {}
                    Ending::Fenced(reason) => {
                        tracing::warn!(partition, reason, "the partition is another's now");
                        let until = self.shared.clock.ticks().saturating_add(FENCED_WAIT);
                        self.fenced.insert(partition, until);
                    }
                    Ending::Failed(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn join_thread(&mut self, partition: u32) {
        if let Some(thread) = self.tasks.remove(&partition).and_then(|mut slot| slot.thread.take()) {
            thread.join();
            names::let_go(partition);
        }
    }

    fn let_go(&mut self, partitions: &[TopicPartition], how: Stopping) -> Result<(), InstanceError> {
        tracing::info!(count = partitions.len(), ?how, "partitions are let go");
        let numbers: BTreeSet<u32> = partitions.iter().map(|partition| partition.partition).collect();
        self.stop(&numbers.into_iter().collect::<Vec<_>>(), how);
        for partition in partitions {
            self.assigned.remove(partition);
            self.fenced.remove(&partition.partition);
        }
        self.consumer.unassign(partitions)?;
        Ok(())
    }

    /// Stops tasks and waits for them: a revoke waits until the open transaction has ended.
    fn stop(&mut self, partitions: &[u32], how: Stopping) {
        for partition in partitions {
            let Some(slot) = self.tasks.get(partition) else { continue };
            let message = match how {
                Stopping::Finish => ToTask::Stop,
                Stopping::Drop => ToTask::Drop,
            };
            slot.is_stopped.store(true, Ordering::Relaxed);
            let _ = slot.sender.send(message);
        }
        for partition in partitions {
            self.shared.status.stops_tasks(self.shared.clock.ticks());
            self.join_thread(*partition);
        }
    }

    fn pause_and_resume(&mut self) -> Result<(), InstanceError> {
        let most = self.shared.settings.queued_records;
        for (partition, slot) in &mut self.tasks {
            let queued = slot.queued.load(Ordering::Relaxed);
            #[expect(clippy::cast_precision_loss, reason = "a count of records is small")]
            slot.shown.set(queued as f64);
            slot.state.set(if slot.epoch.is_some() { names::AT_WORK } else { names::COMES_BACK });
            if slot.epoch.is_none() {
                continue;
            }
            let inputs = || self.shared.topology.input_partitions(*partition);
            if !slot.is_paused && queued > most {
                self.consumer.pause(&inputs())?;
                slot.is_paused = true;
            } else if slot.is_paused && queued <= most / 2 {
                self.consumer.resume(&inputs())?;
                slot.is_paused = false;
            }
        }
        Ok(())
    }

    fn tell_status(&self) {
        let running = self.tasks.values().filter(|slot| slot.epoch.is_some()).count();
        let assigned: BTreeSet<u32> = self.assigned.iter().map(|source| source.partition).collect();
        self.shared.status.set(assigned.len(), running);
        self.shared.status.polled(self.shared.clock.ticks());
        #[expect(clippy::cast_precision_loss, reason = "a count of partitions is small")]
        metrics::gauge!(names::RUNNING_TASKS).set(running as f64);
    }
}

/// How a task is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopping {
    /// Its open transaction is ended first.
    Finish,
    /// What is open is dropped.
    Drop,
}
