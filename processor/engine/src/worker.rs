//! A task's thread: it takes what comes for the task, turns it, and recovers it.
//!
//! What a turn does is [`crate::task`]'s business; who gets which partition [`crate::instance`]'s.

use crate::caution::Caution;
use crate::error::{TaskError, in_full};
use crate::faults::Mutation;
use crate::log::{Log, LogRecord};
use crate::metrics as names;
use crate::panics;
use crate::reading::{Reading, Showing};
use crate::shared::Shared;
use crate::store::{StoreError, Stores};
use crate::task::{Origin, Task};
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use decision::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What comes for a task.
#[derive(Debug)]
pub(crate) enum ToTask {
    /// Records, read since the task became ready for the `epoch`-th time.
    Records {
        /// Which reading they are of: those of an earlier one are dropped.
        epoch: u64,
        /// They.
        records: Vec<LogRecord>,
    },
    /// A partition of this topic was read to this offset; nothing more is there for now.
    Passed {
        /// As above.
        epoch: u64,
        /// The topic.
        topic: Arc<str>,
        /// The offset.
        offset: i64,
    },
    /// The ends of the input partitions.
    Ends {
        /// The moment for which they were asked.
        asked: Timestamp,
        /// They; none when the log did not answer.
        ends: Option<Vec<i64>>,
        /// The topics that they are of.
        topics: Option<Arc<Origin>>,
    },
    /// The topics as they are now.
    Topics(Arc<Origin>),
    /// A partition of this topic cannot be read further.
    Stuck {
        /// As above.
        epoch: u64,
        /// The topic.
        topic: Arc<str>,
        /// What the log says.
        reason: String,
    },
    /// End what is open, and stop.
    Stop,
    /// The partition is gone: drop what is open.
    Drop,
}

/// What a task tells its instance.
#[derive(Debug)]
pub(crate) enum FromTask {
    /// It is where it was: its partitions may be read from these positions.
    Ready {
        /// The partition.
        partition: u32,
        /// Counts its readings.
        epoch: u64,
        /// The next offset of each input topic.
        positions: Vec<i64>,
    },
    /// It wants to know the ends of its input partitions.
    WantsEnds {
        /// The partition.
        partition: u32,
        /// The moment for which it asks.
        asked: Timestamp,
    },
    /// It starts anew: its partitions are to be left unread until it is ready.
    Recovering {
        /// The partition.
        partition: u32,
    },
    /// It has stopped.
    Ended {
        /// The partition.
        partition: u32,
        /// How.
        ending: Ending,
    },
}

/// How a task stopped.
#[derive(Debug)]
pub(crate) enum Ending {
    /// As it was told.
    Stopped,
    /// Another task of the partition lives.
    Fenced(String),
    /// It cannot go on, and the process should not.
    Failed(TaskError),
}

/// The ends of a task's thread.
pub(crate) struct Worker<L: Log, S: Stores> {
    pub(crate) shared: Arc<Shared<L, S>>,
    pub(crate) reading: Arc<Reading>,
    pub(crate) partition: u32,
    pub(crate) member: L::Membership,
    pub(crate) inbox: Receiver<ToTask>,
    pub(crate) outbox: Sender<FromTask>,
    /// How many records wait in the inbox.
    pub(crate) queued: Arc<AtomicUsize>,
    pub(crate) is_stopped: Arc<AtomicBool>,
}

/// What a task went through.
#[derive(Default)]
struct Past {
    /// How often it became ready.
    epoch: u64,
    /// How often it failed to since.
    failures: usize,
    /// In which way the offsets differed, where they did.
    differed: Option<String>,
    /// Whether its store was built anew.
    was_rebuilt: bool,
    caution: Caution,
    /// How many inputs the last one had decided and not committed.
    lost: usize,
}

/// Tells the instance how a worker's thread has ended, in whatever way it does: a partition that nobody
/// reads would be the worst outage.
struct LastWord<'w, L: Log, S: Stores> {
    worker: &'w Worker<L, S>,
    /// None where the thread is being unwound.
    ending: Option<Ending>,
}

impl<L: Log, S: Stores> Drop for LastWord<'_, L, S> {
    fn drop(&mut self) {
        let partition = self.worker.partition;
        let unwound = || Ending::Failed(self.worker.panicked("its thread was ended".to_owned()));
        let ending = self.ending.take().unwrap_or_else(unwound);
        // The instance may be gone already; then nobody asks.
        let _ = self.worker.outbox.send(FromTask::Ended { partition, ending });
    }
}

/// How long a task waits before it tries to recover once more: the first time at once.
const RETRY_WAIT: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

/// How long a task waits before it opens a store again that failed. A full disk is not emptied in a
/// second, and each opening that fails costs it a few files.
const STORE_WAIT: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// The wait after so many failures: the last one again and again.
fn wait_of(waits: &[Duration], failures: usize) -> Duration {
    waits.get(failures).or(waits.last()).copied().unwrap_or_default()
}

impl<L: Log, S: Stores> Worker<L, S> {
    /// Runs until the task stops; tells the instance how.
    pub(crate) fn run(self) {
        let mut last_word = LastWord { worker: &self, ending: None };
        last_word.ending = Some(self.live());
    }

    fn live(&self) -> Ending {
        let mut past = Past::default();
        loop {
            let outcome = match panics::caught(|| self.live_once(&mut past)) {
                Ok(outcome) => outcome,
                Err(panic) => Err(self.panicked(panic)),
            };
            match outcome {
                Ok(()) => return Ending::Stopped,
                Err(error) => {
                    if let Some(ending) = self.ends_by(error, &mut past) {
                        return ending;
                    }
                }
            }
        }
    }

    /// Recovers the task, and works until it is told to stop or something fails.
    fn live_once(&self, past: &mut Past) -> Result<(), TaskError> {
        past.lost = 0;
        let (shared, member) = (&self.shared, self.member.clone());
        let mut task = Task::recover_from(shared, self.partition, member, &self.is_stopped)?;
        past.epoch += 1;
        past.failures = 0;
        past.differed = None;
        task.be_cautious(std::mem::take(&mut past.caution));
        let (partition, epoch, positions) = (self.partition, past.epoch, task.positions().to_vec());
        // What waits has come back with the state, and a quiet partition may not commit for long.
        task.show();
        self.show_store(false);
        let _ = self.outbox.send(FromTask::Ready { partition, epoch, positions });
        let showing = task.show_to(&self.reading);
        let outcome = panics::caught(|| self.work(&mut task, epoch, &showing));
        drop(showing);
        (past.caution, past.lost) = task.give_up();
        let outcome = outcome.unwrap_or_else(|panic| Err(self.panicked(panic)));
        if let Err(TaskError::Store(_)) = &outcome {
            // Told before the store is closed, which may take as long as the disk does.
            self.show_store(true);
            let _ = self.outbox.send(FromTask::Recovering { partition });
        }
        outcome
    }

    /// Whether the task ends by this, and how; where it does not, it starts anew, now that this returns.
    fn ends_by(&self, error: TaskError, past: &mut Past) -> Option<Ending> {
        let is_stopped = match error {
            TaskError::Stopped => return Some(Ending::Stopped),
            TaskError::Fenced { reason, .. } => return Some(Ending::Fenced(reason)),
            TaskError::Recover { reason, .. } => self.is_stopped_while_starting_anew(&reason, past.failures),
            // Whoever fenced this task meanwhile may have committed after it had caught up: only what
            // is found a second time was moved by somebody.
            error @ (TaskError::OffsetsDiffer { .. } | TaskError::Refused { .. }) => {
                let said = error.to_string();
                if past.differed.as_ref() == Some(&said) {
                    return Some(Ending::Failed(error));
                }
                let is_stopped = self.is_stopped_while_starting_anew(&said, past.failures);
                past.differed = Some(said);
                is_stopped
            }
            TaskError::Store(error @ (StoreError::Open { .. } | StoreError::Failed { .. })) => {
                self.is_stopped_while_the_store_fails(&error, past.failures)
            }
            // The changelog has all of it. What is damaged again did not come from the disk.
            TaskError::Store(error @ StoreError::Damaged { .. }) if !past.was_rebuilt => {
                match self.discard_store(&error) {
                    Ok(()) => {
                        past.was_rebuilt = true;
                        false
                    }
                    Err(error) => self.is_stopped_while_the_store_fails(&error, past.failures),
                }
            }
            error @ (TaskError::Panicked { .. } | TaskError::Encode { .. }) => {
                let how = in_full(&error);
                tracing::error!(partition = self.partition, how, "the core failed");
                if !past.caution.failed(&how, past.lost, self.shared.clock.ticks()) {
                    let partition = self.partition;
                    return Some(Ending::Failed(TaskError::Misbehaves { partition, reason: how }));
                }
                self.is_stopped_while_starting_anew(&how, past.failures)
            }
            error @ (TaskError::Changelog { .. }
            | TaskError::Misbehaves { .. }
            | TaskError::Store(StoreError::Damaged { .. } | StoreError::OfAnotherVersion { .. })
            | TaskError::Fatal(_)) => return Some(Ending::Failed(error)),
        };
        past.failures += 1;
        is_stopped.then_some(Ending::Stopped)
    }

    fn panicked(&self, reason: String) -> TaskError {
        TaskError::Panicked { partition: self.partition, reason }
    }

    fn breaks(&self, mutation: Mutation) -> bool {
        self.shared.settings.faults.breaks(mutation)
    }

    /// Says that the task starts anew, and waits until it may. True where it is told to stop instead.
    fn is_stopped_while_starting_anew(&self, reason: &str, failures: usize) -> bool {
        tracing::warn!(partition = self.partition, reason, "the task starts anew");
        metrics::counter!(names::RECOVERIES).increment(1);
        let _ = self.outbox.send(FromTask::Recovering { partition: self.partition });
        self.is_told_to_stop_within(wait_of(&RETRY_WAIT, failures))
    }

    /// Says that the store fails, and waits for the disk, longer each time. True where the task is told
    /// to stop instead. Nothing is lost by waiting: what is committed comes back from the changelog.
    fn is_stopped_while_the_store_fails(&self, error: &StoreError, failures: usize) -> bool {
        let partition = self.partition;
        let wait = wait_of(&STORE_WAIT, failures);
        tracing::error!(partition, %error, wait_ms = wait.as_millis(), "the store fails and is opened again");
        metrics::counter!(names::STORE_FAILURES).increment(1);
        self.show_store(true);
        let _ = self.outbox.send(FromTask::Recovering { partition });
        self.is_told_to_stop_within(wait)
    }

    fn discard_store(&self, error: &StoreError) -> Result<(), StoreError> {
        let partition = self.partition;
        tracing::error!(partition, %error, "the store is damaged and is built anew from the changelog");
        metrics::counter!(names::STORES_REBUILT).increment(1);
        let _ = self.outbox.send(FromTask::Recovering { partition });
        self.shared.stores.discard(partition)
    }

    fn show_store(&self, is_failing: bool) {
        let gauge = metrics::gauge!(names::STORE_FAILING, "partition" => self.partition.to_string());
        gauge.set(if is_failing { 1.0 } else { 0.0 });
    }

    fn is_told_to_stop_within(&self, wait: Duration) -> bool {
        let until = self.shared.clock.ticks().saturating_add(wait);
        while self.shared.clock.ticks() < until && !self.is_stopped.load(Ordering::Relaxed) {
            self.shared.threads.sleep(Duration::from_millis(5));
        }
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn work(&self, task: &mut Task<L, S>, epoch: u64, showing: &Showing<'_>) -> Result<(), TaskError> {
        let mut turn = task.turn(false)?;
        if self.breaks(Mutation::FirstQuestionLost) {
            turn.wants_ends = None;
        }
        loop {
            if let Some(asked) = turn.wants_ends {
                let _ = self.outbox.send(FromTask::WantsEnds { partition: self.partition, asked });
            }
            if turn.takes_more {
                if self.inbox.is_empty() {
                    self.shared.threads.wait_for(&self.inbox, turn.idle_for);
                }
                match self.inbox.try_recv() {
                    Ok(message) => {
                        if !self.handle(task, epoch, message)? {
                            return Ok(());
                        }
                    }
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => return Err(TaskError::Stopped),
                }
            }
            turn = task.turn(turn.takes_more && !self.inbox.is_empty())?;
            task.is_shown_by(showing);
        }
    }

    /// Handles one message; false when the task is to stop.
    fn handle(&self, task: &mut Task<L, S>, epoch: u64, message: ToTask) -> Result<bool, TaskError> {
        match message {
            ToTask::Records { epoch: of, records } => {
                self.queued.fetch_sub(records.len(), Ordering::Relaxed);
                if of == epoch || self.breaks(Mutation::EarlierReadingTaken) {
                    task.take(&records)?;
                }
            }
            ToTask::Passed { epoch: of, topic, offset } => {
                if of == epoch {
                    task.passed(&topic, offset);
                }
            }
            ToTask::Ends { asked, ends, topics } => {
                if let Some(topics) = topics {
                    task.check_topics(&topics)?;
                }
                task.ends(asked, ends);
            }
            ToTask::Topics(topics) => task.check_topics(&topics)?,
            ToTask::Stuck { epoch: of, topic, reason } => {
                if of == epoch {
                    let reason = format!("{topic} cannot be read further: {reason}");
                    return Err(TaskError::Recover { partition: self.partition, reason });
                }
            }
            ToTask::Stop => {
                task.finish()?;
                return Ok(false);
            }
            ToTask::Drop => return Ok(false),
        }
        Ok(true)
    }
}
