//! A task: one partition's worker. It decides batches, commits each in one transaction, and lets
//! the store learn what is committed. It is driven from outside and owns no thread.
//!
//! How a batch is decided is [`deciding`], which of its commands go out [`gating`], how it becomes a
//! transaction [`sealing`], and how a task
//! comes to where it was [`recovery`]; [`adopting`] goes by another publication of the
//! policy, [`sweeping`] decides all debtors anew, [`poison`] sets aside what the core fails over. Nothing here knows a rule.

mod adopting;
mod deciding;
mod gathered;
mod gating;
mod poison;
mod progress;
mod recovery;
mod sealing;
mod shown;
mod sweeping;

pub(crate) use recovery::Origin;
pub use recovery::Recovery;

use crate::batch::{OpenBatch, SealedBatch};
use crate::caution::Caution;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::forms::Forms;
use crate::gate::Gate;
use crate::guard::{Belief, ClockGuard};
use crate::horizon::Horizon;
use crate::log::{CommitError, Committed, Log, LogRecord, Producer};
use crate::pace::Pace;
use crate::put_off::PutOffs;
use crate::reading::{Reading, Showing};
use crate::shared::Shared;
use crate::store::{Keeping, Store, StoreError, Stores};
use crate::sweep::Sweep;
use crate::timers::Timers;
use crate::versions::Known;
use crate::working_set::WorkingSet;
use decision::Moment;
use decision::time::Timestamp;
use schemas::Decoder;
use shown::{Counts, Shown};
use std::sync::Arc;
use std::time::Duration;

/// One partition's worker.
pub struct Task<L: Log, S: Stores> {
    shared: Arc<Shared<L, S>>,
    partition: u32,
    label: String,
    producer: L::Producer,
    member: L::Membership,
    store: S::Store,
    decoder: Decoder,
    forms: Forms,
    shown: Shown,
    working: WorkingSet,
    timers: Timers,
    horizon: Horizon,
    sweep: Sweep,
    pace: Pace,
    gate: Gate,
    /// Which topics it reads and writes.
    origin: Origin,
    /// The versions of the policy that it decides by.
    known: Known,
    caution: Caution,
    put_off: PutOffs,
    /// The next offset to decide of each input topic.
    positions: Vec<i64>,
    /// The offset of the next record that this task will write to the records topic, or before.
    records_next: i64,
    /// The last batch that was sealed.
    batch: i64,
    /// The clock of the last batch.
    clock: Timestamp,
    open: OpenBatch,
    committing: Option<SealedBatch>,
    /// When the last commit ended.
    last_commit: Duration,
    /// Since when the store keeps the next commit waiting.
    waits_for_store: Option<Duration>,
    /// How many batches were applied after which other commands wait.
    waiting_changes: u64,
}

/// What a turn of a task left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether more records may be taken now.
    pub takes_more: bool,
    /// How long nothing needs to happen but for new records.
    pub idle_for: Duration,
    /// The moment for which the ends of the input partitions are to be asked, for [`Task::ends`]; none
    /// where nothing is to be asked.
    pub wants_ends: Option<Timestamp>,
}

/// How long a turn waits for the end of a commit when it has nothing else to do.
const COMMIT_WAIT: Duration = Duration::from_millis(2);

/// How long a commit waits for a store whose disk does not keep up, before the store counts as failed.
const LONGEST_STORE_WAIT: Duration = Duration::from_secs(30);

/// How long a task without work sleeps at most before it looks at its timers again.
const LONGEST_IDLE: Duration = Duration::from_millis(100);

impl<L: Log, S: Stores> Task<L, S> {
    /// The partition.
    #[must_use]
    pub fn partition(&self) -> u32 {
        self.partition
    }

    /// The next offset to decide of each input topic, in the topology's order.
    #[must_use]
    pub fn positions(&self) -> &[i64] {
        &self.positions
    }

    /// Decides on records, in order. Those already decided are passed over.
    ///
    /// # Errors
    /// When the store cannot be read, or something cannot be encoded.
    pub fn take(&mut self, records: &[LogRecord]) -> Result<(), TaskError> {
        let newest = records.iter().filter_map(|record| record.timestamp).max();
        if let Some(newest) = newest {
            let (wall, ticks) = (self.shared.clock.now(), self.shared.clock.ticks());
            self.shared.guard.heard(Timestamp(newest), wall, ticks);
            self.shown.lag(wall.micros_since(Timestamp(newest)));
        }
        for record in records {
            self.take_record(record)?;
            self.settle_if_adopting()?;
            self.settle_if_cautious()?;
        }
        Ok(())
    }

    /// Lets others read the partition, as long as this lives.
    pub(crate) fn show_to<'r>(&self, reading: &'r Reading) -> Showing<'r> {
        let showing = reading.show(self.partition, self.store.reader(), &self.known);
        self.is_shown_by(&showing);
        showing
    }

    /// Says how far it is.
    pub(crate) fn is_shown_by(&self, showing: &Showing<'_>) {
        showing.moved(self.reached(), self.clock, &self.known);
        showing.judged(self.gate.breaker().verdict().map_or(0, |verdict| verdict.up_to));
        showing.waiting_changed(self.waiting_changes);
    }

    /// Begins with what is known of inputs over which the core failed.
    pub(crate) fn be_cautious(&mut self, mut caution: Caution) {
        caution.begins_anew();
        self.caution = caution;
    }

    /// What is known of such inputs by now, and how many that were decided are not committed.
    pub(crate) fn give_up(&mut self) -> (Caution, usize) {
        let committing = self.committing.as_ref().map_or(0, |sealed| sealed.inputs);
        (std::mem::take(&mut self.caution), committing.saturating_add(self.open.inputs))
    }

    /// An input partition was read to `offset`, and holds nothing more for now: what lies before
    /// are markers and aborted records.
    pub fn passed(&mut self, topic: &str, offset: i64) {
        let topic = self.shared.topology.input(topic);
        if let Some(position) = topic.and_then(|topic| self.positions.get_mut(topic.index())) {
            *position = (*position).max(offset);
        }
    }

    /// The ends of the input partitions, as asked for by a turn; none when the log did not answer.
    pub fn ends(&mut self, asked: Timestamp, ends: Option<Vec<i64>>) {
        self.horizon.answered(asked, ends);
    }

    /// Goes on as far as it can without new records: ends a commit, fires timers, begins a commit.
    ///
    /// # Errors
    /// When the task cannot go on as it is; see [`TaskError`].
    pub fn turn(&mut self, has_records_waiting: bool) -> Result<Turn, TaskError> {
        let wait = if has_records_waiting { Duration::ZERO } else { COMMIT_WAIT };
        self.end_commit(wait)?;
        self.horizon.advance(&self.positions);
        let next_timer = self.fire_timers()?;
        self.settle_if_cautious()?;
        self.sweep()?;
        self.settle_if_cautious()?;
        self.try_put_off_again()?;
        self.open_gate();
        self.settle_if_cautious()?;
        if self.committing.is_none()
            && self.open.is_dirty()
            && self.is_time_to_commit()
            && self.store_keeps()?
        {
            self.begin_commit()?;
        }
        if !has_records_waiting && self.committing.is_none() && !self.open.is_dirty() {
            self.shown.lag(0);
        }
        let now = self.wall_clock();
        let until = self.due_until(next_timer);
        let is_asked = next_timer.is_some_and(|due| self.horizon.wants_probe(due, until));
        let wants_ends = is_asked.then_some(until);
        if is_asked {
            self.horizon.asked(until);
        }
        Ok(Turn { takes_more: !self.is_full(), idle_for: self.idle_for(next_timer, now), wants_ends })
    }

    /// Ends what is open: the batch is committed and applied, the store flushed.
    ///
    /// # Errors
    /// When the commit does not end well; then nothing is lost, and the next task catches up.
    pub fn finish(&mut self) -> Result<(), TaskError> {
        self.settle()?;
        self.store.flush()?;
        Ok(())
    }

    /// While inputs are taken one by one, the one at hand is committed before the next is taken.
    fn settle_if_cautious(&mut self) -> Result<(), TaskError> {
        if self.caution.takes_one_by_one() { self.settle() } else { Ok(()) }
    }

    /// Commits what is open, and waits for it.
    fn settle(&mut self) -> Result<(), TaskError> {
        let deadline = self.shared.clock.ticks().saturating_add(self.shared.settings.commit_timeout);
        while self.committing.is_some() || self.open.is_dirty() {
            if self.committing.is_none() && self.store_keeps()? {
                self.begin_commit()?;
            }
            self.end_commit(COMMIT_WAIT)?;
            if self.shared.clock.ticks() > deadline {
                return Err(self.recover("the last commit did not end in time"));
            }
        }
        Ok(())
    }

    /// How many of something a batch may hold, of those that it could.
    fn most_of(&self, most: usize) -> usize {
        if self.caution.takes_one_by_one() { most.min(1) } else { most }
    }

    /// How many of something that can wait a batch takes, of those that it could; the first is so late.
    fn paced(&self, most: usize, late: Duration) -> usize {
        self.most_of(self.pace.of(most, self.shared.clock.ticks(), late))
    }

    fn is_full(&self) -> bool {
        self.open.inputs >= self.shared.settings.batch_inputs
    }

    fn is_time_to_commit(&self) -> bool {
        let since = self.shared.clock.ticks().saturating_sub(self.last_commit);
        self.is_full() || since >= self.shared.settings.commit_interval
    }

    fn idle_for(&self, next_timer: Option<Timestamp>, now: Timestamp) -> Duration {
        if self.committing.is_some() {
            return Duration::ZERO;
        }
        if self.open.is_dirty() {
            let since = self.shared.clock.ticks().saturating_sub(self.last_commit);
            return self.shared.settings.commit_interval.saturating_sub(since);
        }
        let until_timer = next_timer.map_or(i64::MAX, |due| due.micros_since(now));
        let until_timer = u64::try_from(until_timer).unwrap_or(0);
        // A due timer that waits for the log's ends is looked at again soon, not at once.
        Duration::from_micros(until_timer).clamp(Duration::from_millis(1), LONGEST_IDLE)
    }

    fn wall_clock(&self) -> Timestamp {
        let now = self.belief().now;
        if self.breaks(Mutation::ClockGoesBack) { now } else { self.clock.max(now) }
    }

    fn belief(&self) -> Belief {
        if self.breaks(Mutation::ClockBelieved) {
            let now = self.shared.clock.now();
            return Belief { now, due_until: now };
        }
        self.shared.guard.believe(self.shared.clock.now(), self.shared.clock.ticks())
    }

    /// Up to when something may fall due, as far as the wall clock is believed. Where something is
    /// due beyond, that is said.
    fn due_until(&self, next_timer: Option<Timestamp>) -> Timestamp {
        let belief = self.belief();
        let wall = self.shared.clock.now();
        ClockGuard::show(wall, belief);
        if next_timer.is_some_and(|due| belief.due_until < due && due <= wall) {
            self.shared.guard.tell(wall, belief, self.shared.clock.ticks());
        }
        belief.due_until
    }

    /// The moment for a batch that begins now.
    fn moment(&self) -> Moment {
        let now = self.wall_clock();
        Moment { now, horizon: self.reached().min(now) }
    }

    /// Up to when the log is known to have been read.
    fn reached(&self) -> Timestamp {
        if self.breaks(Mutation::TimersBeforeTheLog) {
            return self.belief().due_until;
        }
        self.horizon.reached()
    }

    fn breaks(&self, mutation: Mutation) -> bool {
        self.shared.settings.faults.breaks(mutation)
    }

    fn recover(&self, reason: impl Into<String>) -> TaskError {
        TaskError::Recover { partition: self.partition, reason: reason.into() }
    }

    /// Whether the store can keep what is committed next. Where the disk does not keep up, that takes a
    /// moment.
    fn store_keeps(&mut self) -> Result<bool, TaskError> {
        if self.store.keeps()? == Keeping::Now {
            self.waits_for_store = None;
            return Ok(true);
        }
        let now = self.shared.clock.ticks();
        let since = *self.waits_for_store.get_or_insert(now);
        if now.saturating_sub(since) > LONGEST_STORE_WAIT {
            let reason = format!("for {LONGEST_STORE_WAIT:?} the disk has not kept up with what was applied");
            return Err(StoreError::Failed { operation: "apply a batch", reason }.into());
        }
        self.shared.threads.sleep(COMMIT_WAIT);
        Ok(false)
    }

    fn begin_commit(&mut self) -> Result<(), TaskError> {
        let sealed = self.seal()?;
        self.shown.taken();
        if self.breaks(Mutation::ApplyBeforeCommit) {
            self.store.apply(&sealed.store)?;
            self.store.flush()?;
            tracing::debug!(partition = self.partition, batch = sealed.number, "applied, not committed");
            self.pause_on_purpose();
        }
        self.send(&sealed)?;
        self.committing = Some(sealed);
        Ok(())
    }

    fn send(&mut self, sealed: &SealedBatch) -> Result<(), TaskError> {
        let partition = self.partition;
        let from_log = |error| TaskError::from_log(partition, error);
        self.producer.begin().map_err(from_log)?;
        for record in &sealed.outputs {
            self.producer.send(record).map_err(from_log)?;
        }
        tracing::trace!(partition, batch = sealed.number, "commit begins");
        self.producer.commit(sealed.offsets.clone(), &self.member);
        Ok(())
    }

    /// Waits for the end of the commit under way, if any, and lets the store learn of it.
    fn end_commit(&mut self, wait: Duration) -> Result<(), TaskError> {
        if self.committing.is_none() {
            return Ok(());
        }
        let Some(outcome) = self.producer.wait(wait) else { return self.check_commit_time() };
        let Some(sealed) = self.committing.take() else { return Ok(()) };
        match outcome {
            Ok(committed) => self.committed(sealed, &committed),
            Err(CommitError::Aborted(_)) if self.breaks(Mutation::AbortedIsDone) => self.guess_done(&sealed),
            Err(CommitError::Unknown(_)) if self.breaks(Mutation::UnknownIsDone) => self.guess_done(&sealed),
            Err(CommitError::Unknown(_)) if self.breaks(Mutation::NoCatchUpAfterUnknown) => {
                self.renew_producer()?;
                self.send(&sealed)?;
                self.committing = Some(sealed);
                Ok(())
            }
            Err(CommitError::Aborted(reason)) => {
                tracing::info!(
                    partition = self.partition,
                    batch = sealed.number,
                    reason,
                    "sending the batch again"
                );
                self.send(&sealed)?;
                self.committing = Some(sealed);
                Ok(())
            }
            Err(CommitError::Fenced(reason)) => Err(TaskError::Fenced { partition: self.partition, reason }),
            Err(CommitError::Unknown(reason)) => Err(self.recover(reason)),
            Err(CommitError::Fatal(reason)) => {
                let operation = format!("commit a batch of partition {}", self.partition);
                Err(TaskError::Fatal(crate::log::LogError::Fatal { operation, reason }))
            }
        }
    }

    /// In tests only: what a task that guesses would do.
    fn guess_done(&mut self, sealed: &SealedBatch) -> Result<(), TaskError> {
        self.renew_producer()?;
        self.store.apply(&sealed.store)?;
        self.timers.applied(&sealed.store.timers_added);
        Ok(())
    }

    fn renew_producer(&mut self) -> Result<(), TaskError> {
        let from_log = |error| TaskError::from_log(self.partition, error);
        let id = self.shared.transactional_id(self.partition);
        self.producer = self.shared.log.producer(&id).map_err(from_log)?;
        self.producer.fence().map_err(from_log)
    }

    /// In tests only: long enough for a kill to land here.
    fn pause_on_purpose(&self) {
        if let Some(pause) = self.shared.settings.faults.pause_before_apply {
            self.shared.threads.sleep(pause);
        }
    }

    fn check_commit_time(&self) -> Result<(), TaskError> {
        let began = self.committing.as_ref().map_or(Duration::MAX, |sealed| sealed.began);
        let took = self.shared.clock.ticks().saturating_sub(began);
        if took > self.shared.settings.commit_timeout {
            return Err(self.recover("the commit did not end in time"));
        }
        Ok(())
    }

    /// The transaction has ended well: the batch becomes the state.
    fn committed(&mut self, mut sealed: SealedBatch, committed: &Committed) -> Result<(), TaskError> {
        let ended = self.shared.clock.ticks();
        tracing::debug!(partition = self.partition, batch = sealed.number, "committed, not applied");
        self.pause_on_purpose();
        sealed.store.meta = Some(self.meta_after(&sealed, committed)?);
        match self.store.apply(&sealed.store) {
            Err(_) if self.breaks(Mutation::NoCatchUpAfterStoreFailed) => {
                self.store = self.shared.stores.open(self.partition)?;
            }
            outcome => outcome?,
        }
        tracing::debug!(partition = self.partition, batch = sealed.number, "applied");
        let has_changed = !sealed.store.waiting.is_empty();
        self.waiting_changes = self.waiting_changes.saturating_add(u64::from(has_changed));
        self.timers.applied(&sealed.store.timers_added);
        self.working.make_room(self.batch.saturating_add(1));
        self.caution.committed(sealed.inputs);
        self.last_commit = ended;
        self.pace.committed(sealed.load, ended);
        let took = ended.saturating_sub(sealed.began);
        self.shared.status.commit_ended(took, sealed.inputs, sealed.commands);
        self.shown.committed(took, sealed.inputs, sealed.commands);
        self.show();
        Ok(())
    }

    /// Shows how many debtors are decoded, and what waits at the gate.
    pub(crate) fn show(&self) {
        let (waiting_commands, held_commands) = self.gate.waiting();
        self.shown.stands(&Counts {
            cached_debtors: self.working.len(),
            waiting_commands,
            held_commands,
            is_breaker_open: self.gate.breaker().is_open(),
            put_off: self.put_off.len(),
            policy_revision: usize::try_from(self.known.revision.unwrap_or(0)).unwrap_or(0),
        });
    }
}
