//! Recovery: the one way in which a task comes to where it was, after a start, a crash, a
//! rebalance or any error.
//!
//! Fence first, so that nothing more is written by an older task and its open transaction has
//! ended; then read the changelog from where the store stands to its end; then compare the state's
//! input offsets with the group's. Local state is never wiped for a crash, and never ahead.

mod fitness;
mod listing;
mod origin;
mod ruling;

pub(crate) use origin::Origin;

use super::Task;
use super::gathered::Gathered;
use super::progress::Progress;
use super::shown::Shown;
use crate::batch::OpenBatch;
use crate::caution::Caution;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::forms::Forms;
use crate::gate::{Breaker, Gate, Rates, Waits};
use crate::horizon::Horizon;
use crate::lists::{self, Listed};
use crate::log::{Log, LogRecord, Producer, Reader, TopicPartition};
use crate::metrics as names;
use crate::pace::Pace;
use crate::put_off::PutOffs;
use crate::shared::Shared;
use crate::store::{HistoryLine, Store, StoreBatch, Stores, TimerKey};
use crate::sweep::Sweep;
use crate::timers::Timers;
use crate::versions::Known;
use crate::working_set::WorkingSet;
use bytes::Bytes;
use decision::command::Command;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Moment, Policies};
use schemas::{Decoder, OutputTopic, TASK_STATE_KEY, TaskState, Waiting, WireError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long one read of the changelog waits.
const READ_WAIT: Duration = Duration::from_millis(200);

/// How long a read to the end may bring nothing at all before it is given up.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// How many waiting commands are read at once.
const WAITING_AT_ONCE: usize = 1_000;

/// Which of the two topics is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Changelog,
    History,
}

/// Where else a debtor lies than under its id.
#[derive(Default)]
struct Marks {
    due: Option<Timestamp>,
    listed: Box<[Listed]>,
}

/// How far a topic was read.
#[derive(Clone, Copy)]
struct Reading {
    /// From where.
    from: i64,
    /// Since when.
    began: Duration,
    /// To where, and where it ends.
    position: i64,
    end: i64,
    now: Duration,
}

/// How long the parts of a recovery took.
struct Laps {
    began: Duration,
    last: Duration,
}

impl Laps {
    fn new(now: Duration) -> Self {
        Self { began: now, last: now }
    }

    /// The milliseconds since the last part ended.
    fn next(&mut self, now: Duration) -> u128 {
        now.saturating_sub(std::mem::replace(&mut self.last, now)).as_millis()
    }

    /// The milliseconds of all.
    fn all(&self, now: Duration) -> u128 {
        now.saturating_sub(self.began).as_millis()
    }
}

/// A task on its way to where it was.
pub struct Recovery<'a, L: Log, S: Stores> {
    shared: &'a Arc<Shared<L, S>>,
    partition: u32,
    store: S::Store,
    decoder: Decoder,
    forms: Forms,
    state: Option<TaskState>,
    /// The clock at which the store stood as it was opened, until it is known not to be too old.
    stood: Option<Timestamp>,
    origin: Origin,
    is_stopped: &'a AtomicBool,
    restored: u64,
}

impl<L: Log, S: Stores> Task<L, S> {
    /// Brings the partition's task to where the log says it was.
    ///
    /// # Errors
    /// [`TaskError::Recover`] when it may be tried again; see [`TaskError`] for the others.
    pub fn recover_from(
        shared: &Arc<Shared<L, S>>,
        partition: u32,
        member: L::Membership,
        is_stopped: &AtomicBool,
    ) -> Result<Self, TaskError> {
        let mut laps = Laps::new(shared.clock.ticks());
        let from_log = |error| TaskError::from_log(partition, error);
        let mut producer = shared.log.producer(&shared.transactional_id(partition)).map_err(from_log)?;
        let is_last = shared.settings.faults.breaks(Mutation::FenceLast);
        if !is_last {
            producer.fence().map_err(from_log)?;
        }
        let fence_ms = laps.next(shared.clock.ticks());
        let origin = Origin::find(shared).map_err(from_log)?;
        let topics_ms = laps.next(shared.clock.ticks());
        let mut recovery = Recovery::open(shared, partition, origin, is_stopped)?;
        let open_ms = laps.next(shared.clock.ticks());
        recovery.rebuild_if_unfit(&member)?;
        recovery.catch_up_or_rebuild()?;
        recovery.check_partitions()?;
        recovery.store.flush()?;
        // A task whose first batch could not be kept is not at work.
        let _ = recovery.store.keeps()?;
        let read_ms = laps.next(shared.clock.ticks());
        let positions = recovery.compare_offsets(recovery.state.as_ref(), &member)?;
        let known = recovery.known()?;
        let gate = recovery.gate()?;
        if is_last {
            producer.fence().map_err(from_log)?;
        }
        let offsets_ms = laps.next(shared.clock.ticks());
        let (restored, took_ms) = (recovery.restored, laps.all(shared.clock.ticks()));
        tracing::info!(partition, restored, took_ms, "caught up with the changelog");
        tracing::debug!(partition, fence_ms, topics_ms, open_ms, read_ms, offsets_ms, "that took");
        Ok(recovery.into_task(producer, member, (positions, known), gate))
    }
}

impl<'a, L: Log, S: Stores> Recovery<'a, L, S> {
    fn open(
        shared: &'a Arc<Shared<L, S>>,
        partition: u32,
        origin: Origin,
        is_stopped: &'a AtomicBool,
    ) -> Result<Self, TaskError> {
        let store = shared.stores.open(partition)?;
        let mut recovery = Self {
            shared,
            partition,
            store,
            origin,
            decoder: Decoder::new(shared.registry.clone(), &shared.schemas),
            forms: Forms::new(partition, shared.schemas),
            state: None,
            stood: None,
            is_stopped,
            restored: 0,
        };
        if let Some(meta) = recovery.store.meta()? {
            let state = recovery.decoder.task_state(&meta).map_err(|error| {
                TaskError::from_stored(partition, "the task's state", "where it stands", &error)
            })?;
            recovery.stood = Some(state.clock);
            recovery.state = Some(state);
        }
        Ok(recovery)
    }

    fn breaks(&self, mutation: Mutation) -> bool {
        self.shared.settings.faults.breaks(mutation)
    }

    fn own(&self, topic: OutputTopic) -> TopicPartition {
        self.shared.topology.target(topic, self.partition, TASK_STATE_KEY)
    }

    fn log_error(&self, error: crate::log::LogError) -> TaskError {
        TaskError::from_log(self.partition, error)
    }

    fn end_of(&self, source: &TopicPartition) -> Result<i64, TaskError> {
        let ends = self.shared.log.end_offsets(std::slice::from_ref(source));
        let ends = ends.map_err(|error| self.log_error(error))?;
        Ok(ends.first().copied().unwrap_or(0))
    }

    /// Reads the changelog, then the history, from where the store stands to their ends: the high
    /// watermarks, since after the fence no transaction of this partition is open.
    fn catch_up(&mut self) -> Result<(), TaskError> {
        self.make_lists()?;
        let changelog = self.own(OutputTopic::Debtors);
        let from = self.state.as_ref().and_then(|state| state.changelog_next);
        self.read_to_end(&changelog, from, Topic::Changelog)?;
        if self.breaks(Mutation::HistoryNotCaughtUp) {
            return Ok(());
        }
        let records = self.own(OutputTopic::Records);
        let from = self.state.as_ref().and_then(|state| state.records_next);
        self.read_to_end(&records, from, Topic::History)
    }

    /// Reads a topic to its end, and writes what was read into the store, gathered.
    fn read_to_end(
        &mut self,
        source: &TopicPartition,
        from: Option<i64>,
        topic: Topic,
    ) -> Result<(), TaskError> {
        let mut gathered = Gathered::default();
        let mut progress = None;
        let read = self.read_through(source, from, |recovery, records, reading| {
            recovery.count(records.len());
            match topic {
                Topic::Changelog => recovery.gather_changelog(records, &mut gathered)?,
                Topic::History => recovery.gather_history(records, &mut gathered)?,
            }
            if gathered.is_full() {
                recovery.write(std::mem::take(&mut gathered), topic, reading.position)?;
            }
            let begins = || Progress::new(source, reading.from, reading.end, reading.began);
            progress.get_or_insert_with(begins).has_come_to(reading.position, reading.now);
            Ok(())
        })?;
        read.map_or(Ok(()), |position| self.write(gathered, topic, position))
    }

    /// Reads a topic to its end: its high watermark as it is now. Answers to where that was; nothing where
    /// nothing is to be read.
    fn read_through(
        &mut self,
        source: &TopicPartition,
        from: Option<i64>,
        mut take: impl FnMut(&mut Self, &[LogRecord], Reading) -> Result<(), TaskError>,
    ) -> Result<Option<i64>, TaskError> {
        let end = self.end_of(source)?;
        let mut reader = self.shared.log.reader().map_err(|error| self.log_error(error))?;
        let start = reader.start_offset(source).map_err(|error| self.log_error(error))?;
        let from = from.unwrap_or(start).max(start);
        if from >= end {
            return Ok(None);
        }
        reader.seek(source, from).map_err(|error| self.log_error(error))?;
        let began = self.shared.clock.ticks();
        let (mut position, mut heard) = (from, began);
        while position < end {
            if self.is_stopped.load(Ordering::Relaxed) {
                return Err(TaskError::Stopped);
            }
            let chunk = reader.read(READ_WAIT).map_err(|error| self.log_error(error))?;
            let now = self.shared.clock.ticks();
            if chunk.position > position {
                heard = now;
            } else if now.saturating_sub(heard) > LONGEST_SILENCE {
                let reason = format!("{} stands at {position} of {end}", source.topic);
                return Err(TaskError::Recover { partition: self.partition, reason });
            }
            if chunk.position == position && self.breaks(Mutation::RestoreToStableOffset) {
                break;
            }
            position = position.max(chunk.position);
            take(self, &chunk.records, Reading { from, began, position, end, now })?;
        }
        Ok(Some(position))
    }

    fn count(&mut self, records: usize) {
        let count = u64::try_from(records).unwrap_or(u64::MAX);
        self.restored = self.restored.saturating_add(count);
        metrics::counter!(names::RESTORED_RECORDS, "partition" => self.partition.to_string())
            .increment(count);
    }

    /// Takes changelog records: debtors, commands that wait, and the task's own state.
    fn gather_changelog(&mut self, records: &[LogRecord], gathered: &mut Gathered) -> Result<(), TaskError> {
        for record in records {
            let key = record.key.clone().unwrap_or_default();
            if *key == *TASK_STATE_KEY {
                let value = record.value.as_deref().unwrap_or_default();
                let records_next = self.state.as_ref().and_then(|state| state.records_next);
                let state = self.decoder.task_state(value).map_err(|error| self.not_read(record, &error))?;
                self.check_writer(&state)?;
                self.state = Some(TaskState { records_next, ..state });
                continue;
            }
            if let Some(sequence) = Waiting::read_key(&key) {
                if record.value.is_some() || !self.breaks(Mutation::TombstonesIgnored) {
                    gathered.waiting(sequence, record.value.clone());
                }
                continue;
            }
            let id = std::str::from_utf8(&key).map_err(|error| self.unreadable(record, &error))?;
            gathered.debtor(DebtorId::from(id), record.value.clone());
        }
        Ok(())
    }

    /// Takes records of the history.
    fn gather_history(&mut self, records: &[LogRecord], gathered: &mut Gathered) -> Result<(), TaskError> {
        for record in records {
            let Some(value) = &record.value else { continue };
            let place = self.decoder.record_place(value).map_err(|error| self.unreadable(record, &error))?;
            let kept = HistoryLine { sequence: place.sequence, record: value.clone() };
            gathered.history(DebtorId::from(place.debtor_id), kept);
        }
        Ok(())
    }

    /// Writes what was gathered up to this position, debtors with their timers.
    fn write(&mut self, gathered: Gathered, topic: Topic, position: i64) -> Result<(), TaskError> {
        let mut batch = StoreBatch {
            waiting: gathered.waiting.into_iter().collect(),
            history: gathered.history,
            ..StoreBatch::default()
        };
        for (id, bytes) in gathered.debtors {
            let before = self.store.debtor(id.as_str())?;
            let (before, after) = (self.marks(before.as_ref())?, self.marks(bytes.as_ref())?);
            // What is as before needs no writing.
            if before.due != after.due {
                let timer = |due| TimerKey { due, debtor: id.clone() };
                batch.timers_removed.extend(before.due.map(timer));
                batch.timers_added.extend(after.due.map(timer));
            }
            if before.listed != after.listed {
                let (goes, comes) = lists::change(&id, &before.listed, &after.listed);
                batch.listed_no_more.extend(goes);
                batch.listed.extend(comes);
            }
            batch.debtors.push((id, bytes));
        }
        if let Some(state) = &mut self.state {
            match topic {
                Topic::Changelog => state.changelog_next = Some(position),
                Topic::History => state.records_next = Some(position),
            }
        }
        self.apply(batch)
    }

    fn marks(&mut self, stored: Option<&Bytes>) -> Result<Marks, TaskError> {
        let Some(bytes) = stored else { return Ok(Marks::default()) };
        let debtor = self.decoder.debtor(bytes).map_err(|error| {
            TaskError::from_stored(
                self.partition,
                "a debtor",
                "when it is due and what lists it is on",
                &error,
            )
        })?;
        Ok(Marks { due: debtor.next_due, listed: lists::all_of(&debtor) })
    }

    /// Writes a batch with where the store stands after it. Before the task's own record was read
    /// nothing says where that is, and until a store is known not to be too old, whoever begins again
    /// after a crash must find that out anew: then the batch is written without, and read again.
    fn apply(&mut self, mut batch: StoreBatch) -> Result<(), TaskError> {
        if let (Some(state), None) = (&self.state, self.stood) {
            let meta = self.forms.task_state(state)?;
            batch.meta = Some(meta);
        }
        Ok(self.store.apply(&batch)?)
    }

    fn not_read(&self, record: &LogRecord, error: &WireError) -> TaskError {
        if error.is_retryable() {
            return TaskError::Recover { partition: self.partition, reason: error.to_string() };
        }
        self.unreadable(record, error)
    }

    fn unreadable(&self, record: &LogRecord, error: &dyn std::fmt::Display) -> TaskError {
        TaskError::Changelog { partition: self.partition, offset: record.offset, reason: error.to_string() }
    }

    /// Where the sweep stands: a partition without a state has nobody to decide anew.
    fn sweep(&self, policies: &Policies) -> Sweep {
        let now = self.shared.clock.now();
        let holds = || policies.at(now).identity.hash.clone();
        match &self.state {
            None => Sweep::new(holds(), None),
            Some(state) => {
                let swept = state.swept_policy_hash.as_ref().unwrap_or(&state.policy_hash);
                Sweep::new(swept.clone(), state.swept_after.clone())
            }
        }
    }

    /// The gate, with all that waits there.
    fn gate(&mut self) -> Result<Gate, TaskError> {
        let Some(state) = &self.state else { return Ok(Gate::default()) };
        let breaker = Breaker::new(state.breaker.clone().unwrap_or_default());
        let spent = if self.breaks(Mutation::RatesForgotten) { Vec::new() } else { state.rates.clone() };
        let mut gate = Gate::new(Rates::new(spent), breaker, state.waited);
        if self.breaks(Mutation::WaitingForgotten) {
            return Ok(gate);
        }
        let mut after = 0;
        loop {
            let waiting = self.store.waiting_after(after, WAITING_AT_ONCE)?;
            for (sequence, bytes) in &waiting {
                let not_read = |error| super::gating::not_read(self.partition, *sequence, &error);
                let waiting = self.decoder.waiting(bytes).map_err(not_read)?;
                let topic = super::gating::topic_of(&waiting)?;
                let command = self.decoder.command(topic, &waiting.value).map_err(not_read)?;
                if let Some(command) = command {
                    let command = Command { window: waiting.window, ..command };
                    gate.restore(*sequence, Waits::of(&command, waiting.is_held, waiting.undo));
                }
                after = *sequence;
            }
            if waiting.len() < WAITING_AT_ONCE {
                return Ok(gate);
            }
        }
    }

    fn into_task(
        self,
        producer: L::Producer,
        member: L::Membership,
        (positions, known): (Vec<i64>, Known),
        gate: Gate,
    ) -> Task<L, S> {
        let clock = self.state.as_ref().map_or(Timestamp::EARLIEST, |state| state.clock);
        let horizon = self.state.as_ref().map_or(Timestamp::EARLIEST, |state| state.horizon);
        let cursor = TimerKey {
            due: self.state.as_ref().and_then(|state| state.timers_due).unwrap_or(Timestamp::EARLIEST),
            debtor: self
                .state
                .as_ref()
                .and_then(|state| state.timers_debtor.clone())
                .unwrap_or_else(|| "".into()),
        };
        let sweep = self.sweep(&known.policies);
        let put_off =
            PutOffs::new(self.state.as_ref().map(|state| state.put_off.clone()).unwrap_or_default());
        Task {
            shared: self.shared.clone(),
            partition: self.partition,
            label: self.partition.to_string(),
            producer,
            member,
            store: self.store,
            decoder: self.decoder,
            forms: self.forms,
            shown: Shown::new(&self.partition.to_string()),
            working: WorkingSet::new(self.shared.settings.cached_debtors),
            timers: Timers::new(cursor),
            horizon: Horizon::new(horizon),
            sweep,
            pace: Pace::new(),
            gate,
            origin: self.origin,
            known,
            caution: Caution::default(),
            put_off,
            positions,
            records_next: self.state.as_ref().and_then(|state| state.records_next).unwrap_or(0),
            batch: self.state.as_ref().map_or(0, |state| state.batch),
            clock,
            open: OpenBatch::new(Moment { now: clock, horizon }, Duration::ZERO),
            committing: None,
            last_commit: Duration::ZERO,
            waits_for_store: None,
            waiting_changes: 0,
        }
    }
}
