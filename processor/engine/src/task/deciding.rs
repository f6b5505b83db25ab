//! Deciding: from a record, or a due timer, to commands in the open batch.

use super::Task;
use super::poison::{Decided, ask_the_core};
use crate::batch::OpenBatch;
use crate::caution::InputId;
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::log::{Log, LogRecord, NewRecord};
use crate::metrics as names;
use crate::panics;
use crate::partition::partition_of;
use crate::store::{HistoryLine, Store, Stores, TimerKey};
use crate::timers::Timers;
use crate::working_set::Entry;
use bytes::Bytes;
use decision::event::{Body, Order};
use decision::ids::DebtorId;
use decision::record::RecordKind;
use decision::time::Timestamp;
use decision::{Debtor, Decisions, Event, Input};
use schemas::reject::Source;
use schemas::{InputTopic, OutputTopic, PutOff, Reject, WireError};
use std::time::Duration;

impl<L: Log, S: Stores> Task<L, S> {
    pub(super) fn take_record(&mut self, record: &LogRecord) -> Result<(), TaskError> {
        let Some(topic) = self.shared.topology.input(&record.source.topic) else { return Ok(()) };
        let Some(position) = self.positions.get_mut(topic.index()) else { return Ok(()) };
        if record.offset < *position && !self.shared.settings.faults.breaks(Mutation::RepeatsTaken) {
            return Ok(());
        }
        let previous = std::mem::replace(position, record.offset.saturating_add(1));
        self.begin_batch_if_clean();
        self.open.taken(&record.source.topic, previous, record.offset);
        self.shown.event(topic);
        let place = || InputId::Record { topic: record.source.topic.clone(), offset: record.offset };
        let condemned = self.caution.comes(place);
        // Reading changes nothing: where it fails nothing is to be mended but what reads.
        match (panics::caught(|| self.read(topic, record)), condemned) {
            (Ok(Ok(event)), None) => self.decide_event(&event, record),
            // Set aside, it would leave this partition by another version than the others go by.
            (Ok(Ok(event)), Some(how)) if is_adoption(&event) => {
                Err(TaskError::Misbehaves { partition: self.partition, reason: how })
            }
            (Ok(Ok(event)), Some(how)) => self.set_record_aside(record, Some(&event), how),
            (Ok(Err(error)), _) if error.is_retryable() => Err(self.recover(error.to_string())),
            (Ok(Err(error)), _) => {
                let reject = Reject::unreadable(source_of(record), &error, self.open.moment.now);
                self.reject(record.key.clone().unwrap_or_default(), &reject)
            }
            (Err(panic), _) => {
                self.renew_codecs();
                self.set_record_aside(record, None, panic)
            }
        }
    }

    /// A batch is decided at one moment: that of its first input.
    pub(super) fn begin_batch_if_clean(&mut self) {
        if !self.open.is_dirty() {
            self.open = OpenBatch::new(self.moment(), self.shared.clock.ticks());
            self.clock = self.open.moment.now;
        }
    }

    fn read(&mut self, topic: InputTopic, record: &LogRecord) -> Result<Event, WireError> {
        if let (Some(poison), Some(value)) = (self.shared.settings.faults.poison(), &record.value) {
            assert!(!poison.is_in_bytes(value, self.open.moment.now), "the decoder fails on purpose");
        }
        self.decoder.event(topic, record.key.as_deref(), record.value.as_deref())
    }

    fn decide_event(&mut self, event: &Event, record: &LogRecord) -> Result<(), TaskError> {
        let debtor_id = event.debtor();
        if let Body::Control(control) = &event.body {
            // About no debtor: they come to every partition.
            if matches!(control.order, Order::ReleaseHeld | Order::DropHeld) {
                self.judge(control, event.event_id.as_str(), control.order == Order::DropHeld);
                return Ok(());
            }
            if let Order::AdoptPolicy { revision } = control.order {
                return self.hear_of_publication(event, record, revision);
            }
        }
        let home = partition_of(debtor_id.as_bytes(), self.shared.topology.partitions());
        let now = self.open.moment.now;
        if home != self.partition {
            // Its state would lie in two places, and neither would know of the other.
            let detail = format!(
                "debtor «{debtor_id}» belongs to partition {home}: produce with the debtor as key and \
                 Kafka's default partitioner (murmur2)"
            );
            let reject = Reject::misplaced(source_of(record), event, detail, now);
            return self.reject(record.key.clone().unwrap_or_default(), &reject);
        }
        if let Some(poison) = self.shared.settings.faults.poison() {
            self.open.fails |= poison.is_in_a_batch(event.event_id.as_str(), now);
        }
        let decisions = match self.decide(debtor_id, Input::Event(event))? {
            Ok(decisions) => decisions,
            Err(how) => return self.set_record_aside(record, Some(event), how),
        };
        if let Some(rejection) = &decisions.rejection {
            let reject = Reject::declined(source_of(record), event, rejection, now);
            self.reject(record.key.clone().unwrap_or_default(), &reject)?;
        }
        self.write(decisions)
    }

    /// Decides on one input; the debtor in the working set becomes what it is afterwards. Where the
    /// core fails over it, and the task is wary, the debtor stays as it is.
    pub(super) fn decide(&mut self, id: &str, input: Input<'_>) -> Result<Decided, TaskError> {
        if self.is_wary() {
            return self.try_to_decide(&DebtorId::from(id), input);
        }
        let batch = self.batch.saturating_add(1);
        if !self.working.has(id) {
            let debtor = self.load(id)?.unwrap_or_else(|| Debtor::new(id.into()));
            self.working.put(debtor, batch);
        }
        let moment = self.open.moment;
        let Some(entry) = self.working.get(id, batch) else {
            return Err(TaskError::Recover {
                partition: self.partition,
                reason: format!("debtor «{id}» is not in the working set"),
            });
        };
        let due_before = entry.debtor.next_due;
        let by = (moment, &*self.known.policies);
        let decisions = ask_the_core(&mut entry.debtor, input, by, &self.shared.settings.faults, false);
        if decisions.changed {
            note_change(entry, batch, due_before, &mut self.open, &mut self.timers);
        }
        Ok(Ok(decisions))
    }

    /// The debtor as the batch in flight leaves it, else as the store knows it.
    pub(super) fn load(&mut self, id: &str) -> Result<Option<Debtor>, TaskError> {
        let in_flight = self.committing.as_ref().and_then(|sealed| sealed.debtor(id).cloned());
        let stored: Option<Bytes> = match in_flight {
            Some(bytes) => Some(bytes),
            None => self.store.debtor(id)?,
        };
        let Some(bytes) = stored else { return Ok(None) };
        match self.decoder.debtor(&bytes) {
            Ok(debtor) => Ok(Some(debtor)),
            Err(error) => {
                Err(TaskError::from_stored(self.partition, "a debtor", format_args!("«{id}»"), &error))
            }
        }
    }

    /// Writes what was decided into the open batch: the commands come to the gate when it is sealed.
    pub(super) fn write(&mut self, decisions: Decisions) -> Result<(), TaskError> {
        self.open.fresh.extend(decisions.commands);
        for record in &decisions.records {
            if record.kind == RecordKind::Alert {
                self.shown.alert();
            }
            let value = self.forms.record(record)?;
            let line = HistoryLine { sequence: record.sequence, record: value.clone() };
            self.open.history.push((record.debtor_id.clone(), line));
            let key = self.forms.copy(record.debtor_id.as_str().as_bytes());
            let target = self.shared.topology.target(OutputTopic::Records, self.partition, &key);
            let timestamp = record.at.0;
            self.open.outputs.push(NewRecord { target, key, value: Some(value), timestamp });
        }
        Ok(())
    }

    pub(super) fn reject(&mut self, key: Bytes, reject: &Reject<'_>) -> Result<(), TaskError> {
        metrics::counter!(names::REJECTS, "reason" => reject.reason.to_string()).increment(1);
        let value = self.forms.reject(reject)?;
        let target = self.shared.topology.target(OutputTopic::Rejects, self.partition, &key);
        let timestamp = self.open.moment.now.0;
        self.open.outputs.push(NewRecord { target, key, value: Some(value), timestamp });
        Ok(())
    }

    /// Fires timers that are due and behind the horizon, as many as a batch may. Answers the moment
    /// of the next one.
    pub(super) fn fire_timers(&mut self) -> Result<Option<Timestamp>, TaskError> {
        let next = self.timers.next(&self.store)?;
        let now = self.wall_clock();
        let lateness = next.map_or(0, |next| now.micros_since(next).max(0));
        self.shown.lateness(lateness);
        let Some(next) = next else { return Ok(None) };
        let reached = self.reached();
        if self.put_off.is_full() {
            // Where the core fails over so many, it does not cut anybody off.
            return Ok(None);
        }
        let late = Duration::from_micros(lateness.unsigned_abs());
        let room = self.paced(self.shared.settings.timers_per_batch, late).saturating_sub(self.open.fired);
        if next > now.min(reached) {
            return Ok(Some(next));
        }
        if room == 0 || self.is_full() {
            self.open.leaves_some = true;
            return Ok(Some(next));
        }
        self.begin_batch_if_clean();
        // A batch that began earlier has an older moment: what fell due since waits for the next.
        let until = self.open.moment.horizon;
        if next > until {
            return Ok(Some(next));
        }
        for timer in self.timers.take(&self.store, until, room)? {
            self.fire(&timer)?;
        }
        let next = self.timers.next(&self.store)?;
        self.open.leaves_some |= next.is_some_and(|next| next <= until);
        Ok(next)
    }

    /// Whether anything is known of a debtor, who is then in the working set.
    pub(super) fn is_known(&mut self, id: &DebtorId) -> Result<bool, TaskError> {
        if !self.working.has(id.as_str()) {
            let Some(debtor) = self.load(id.as_str())? else { return Ok(false) };
            self.working.put(debtor, self.batch.saturating_add(1));
        }
        Ok(true)
    }

    /// Fires one timer, if its debtor still has something due then.
    fn fire(&mut self, timer: &TimerKey) -> Result<(), TaskError> {
        let what = PutOff { debtor_id: timer.debtor.clone(), due: Some(timer.due) };
        if self.put_off.contains(&what) {
            return Ok(());
        }
        match self.knows(&timer.debtor)? {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(how) => return self.put_off(what, &how),
        }
        let due = self.working.peek(timer.debtor.as_str()).and_then(|debtor| debtor.next_due);
        if due != Some(timer.due) && !self.breaks(Mutation::TimersWithoutGeneration) {
            return Ok(());
        }
        let decided = match self.caution.comes(|| InputId::Due(what.clone())) {
            Some(how) => Err(how),
            None => self.decide(timer.debtor.as_str(), Input::Due)?,
        };
        match decided {
            Ok(decisions) => {
                self.open.fired(timer);
                self.shown.timer();
                self.write(decisions)
            }
            Err(how) => self.put_off(what, &how),
        }
    }
}

/// Notes that a decision of a batch has changed a debtor, who was due at `due_before` until then.
pub(super) fn note_change(
    entry: &mut Entry,
    batch: i64,
    due_before: Option<Timestamp>,
    open: &mut OpenBatch,
    timers: &mut Timers,
) {
    let id = &entry.debtor.id;
    if let Some(due) = entry.debtor.next_due.filter(|due| Some(*due) != due_before) {
        timers.set(TimerKey { due, debtor: id.clone() });
    }
    let id = id.clone();
    if entry.changes(batch, due_before) {
        open.changed.push(id);
    }
}

fn is_adoption(event: &Event) -> bool {
    matches!(&event.body, Body::Control(control) if matches!(control.order, Order::AdoptPolicy { .. }))
}

pub(super) fn source_of(record: &LogRecord) -> Source<'_> {
    Source {
        topic: &record.source.topic,
        partition: record.source.partition,
        offset: record.offset,
        timestamp: record.timestamp.map(Timestamp),
        key: record.key.as_deref(),
        value: record.value.as_deref(),
    }
}
