//! Sealing: from an open batch to the records of one transaction, and to what the store learns.

use super::Task;
use crate::batch::{OpenBatch, SealedBatch};
use crate::error::TaskError;
use crate::faults::Mutation;
use crate::log::{Committed, Log, NewRecord};
use crate::store::{StoreBatch, Stores, TimerKey};
use bytes::Bytes;
use decision::ids::DebtorId;
use schemas::{Journal, OutputTopic, Position, TASK_STATE_KEY, TaskState, Waiting};
use std::collections::BTreeMap;

impl<L: Log, S: Stores> Task<L, S> {
    /// Seals the open batch. The next one begins with its first input.
    pub(super) fn seal(&mut self) -> Result<SealedBatch, TaskError> {
        assert!(!self.open.fails, "sealing fails on purpose");
        self.pass_gate()?;
        let load = self.open.load();
        let fresh = OpenBatch::new(self.open.moment, load.began);
        let open = std::mem::replace(&mut self.open, fresh);
        self.batch = self.batch.saturating_add(1);
        let mut outputs = open.outputs;
        let mut store = self.encode_changed(open.changed)?;
        outputs.reserve(store.debtors.len().saturating_add(open.waiting.len()).saturating_add(2));
        for (id, bytes) in &store.debtors {
            outputs.push(self.own_record(OutputTopic::Debtors, id.as_str().as_bytes(), bytes.clone()));
        }
        let waiting = self.encode_waiting(open.waiting)?;
        for (sequence, bytes) in &waiting {
            let key = Waiting::key(*sequence);
            outputs.push(self.own_record(OutputTopic::Debtors, key.as_bytes(), bytes.clone()));
        }
        let journal = self.journal(&open.moment, open.steps, &store);
        let journal = self.forms.journal(&journal)?;
        let label = self.label.clone();
        outputs.push(self.own_record(OutputTopic::Journal, label.as_bytes(), Some(journal)));
        if let Some(adopted) = open.adopts {
            self.adopt(adopted);
        }
        let state = self.task_state(&open.moment);
        let bytes = self.encode_state(&state)?;
        outputs.push(self.own_record(OutputTopic::Debtors, TASK_STATE_KEY, Some(bytes)));
        store.history = open.history;
        store.waiting = waiting.iter().map(|(sequence, bytes)| (*sequence, bytes.clone())).collect();
        let inputs = self.shared.topology.input_partitions(self.partition);
        Ok(SealedBatch {
            number: self.batch,
            outputs,
            offsets: inputs.into_iter().zip(self.offsets()).collect(),
            waiting,
            store,
            state,
            began: self.shared.clock.ticks(),
            load,
            inputs: open.inputs,
            commands: open.commands,
        })
    }

    /// The offsets of the transaction: those of the next records to decide.
    fn offsets(&self) -> Vec<i64> {
        let behind = i64::from(self.breaks(Mutation::OffsetsOneBehind));
        self.positions.iter().map(|next| next.saturating_sub(behind).max(0)).collect()
    }

    fn encode_changed(&mut self, mut changed: Vec<DebtorId>) -> Result<StoreBatch, TaskError> {
        // The journal's hash goes over them in order, whatever order they were changed in.
        changed.sort_unstable();
        let mut store = StoreBatch { debtors: Vec::with_capacity(changed.len()), ..StoreBatch::default() };
        for id in changed {
            let Some(entry) = self.working.entry(id.as_str()) else { continue };
            entry.list(&mut store.listed_no_more, &mut store.listed);
            if self.shared.settings.faults.breaks(Mutation::ListedForGood) {
                store.listed_no_more.clear();
            }
            let (debtor, due_before) = (&entry.debtor, entry.due_before());
            let bytes = self.forms.debtor(debtor)?;
            if debtor.next_due != due_before {
                let timer = |due| TimerKey { due, debtor: id.clone() };
                store.timers_removed.extend(due_before.map(timer));
                store.timers_added.extend(debtor.next_due.map(timer));
            }
            store.debtors.push((id, Some(bytes)));
        }
        Ok(store)
    }

    fn encode_waiting(
        &mut self,
        waiting: BTreeMap<i64, Option<Waiting>>,
    ) -> Result<BTreeMap<i64, Option<Bytes>>, TaskError> {
        let mut bytes = BTreeMap::new();
        for (sequence, waiting) in waiting {
            bytes.insert(sequence, waiting.map(|waiting| self.forms.waiting(&waiting)).transpose()?);
        }
        Ok(bytes)
    }

    fn own_record(&mut self, topic: OutputTopic, key: &[u8], value: Option<Bytes>) -> NewRecord {
        NewRecord {
            target: self.shared.topology.target(topic, self.partition, key),
            key: self.forms.copy(key),
            value,
            timestamp: self.clock.0,
        }
    }

    fn journal(
        &self,
        moment: &decision::Moment,
        mut steps: Vec<schemas::Step>,
        store: &StoreBatch,
    ) -> Journal {
        let policy = &self.known.policies.at(moment.now).identity;
        let debtors = store.debtors.iter().filter_map(|(_, form)| form.as_deref());
        if self.breaks(Mutation::JournalOutOfStep) {
            steps.sort_by_key(|step| matches!(step, schemas::Step::Taken(_)));
        }
        Journal {
            partition: self.partition,
            batch: self.batch,
            now: moment.now,
            horizon: moment.horizon,
            policy_name: policy.name.clone(),
            policy_version: policy.version.clone(),
            policy_hash: policy.hash.clone(),
            policy_revision: self.known.revision,
            steps,
            positions: self.position_list(),
            state_hash: schemas::journal::state_hash(debtors),
        }
    }

    fn position_list(&self) -> Vec<Position> {
        let names = self.shared.topology.names().inputs().iter();
        let positions = self.positions.iter().copied();
        names.zip(positions).map(|(topic, next)| Position { topic: topic.clone(), next }).collect()
    }

    fn task_state(&self, moment: &decision::Moment) -> TaskState {
        TaskState {
            partition: self.partition,
            batch: self.batch,
            clock: moment.now,
            horizon: moment.horizon,
            policy_hash: self.known.policies.at(moment.now).identity.hash.clone(),
            positions: self.position_list(),
            timers_due: Some(self.cursor_due(moment)),
            timers_debtor: Some(self.timers.cursor().debtor.clone()),
            swept_policy_hash: Some(self.sweep.policy_hash().clone()),
            swept_after: self.sweep.after().filter(|_| !self.breaks(Mutation::SweepForgotten)).cloned(),
            waited: self.gate.waited(),
            rates: self.gate.rates().spent().to_vec(),
            breaker: self.gate.breaker().state().cloned(),
            changelog_next: None,
            records_next: None,
            changelog_topic_id: self.origin.changelog.as_deref().map(str::to_owned),
            partitions: Some(self.shared.topology.partitions().get()),
            topic_ids: self.origin.inputs.clone(),
            put_off: self.put_off.list(),
            policy_revision: self.known.revision.filter(|_| !self.breaks(Mutation::RevisionForgotten)),
        }
    }

    fn cursor_due(&self, moment: &decision::Moment) -> decision::time::Timestamp {
        if self.breaks(Mutation::CursorAtTheClock) { moment.now } else { self.timers.cursor().due }
    }

    fn encode_state(&mut self, state: &TaskState) -> Result<Bytes, TaskError> {
        self.forms.task_state(state)
    }

    /// Where the store stands after a committed batch.
    pub(super) fn meta_after(
        &mut self,
        sealed: &SealedBatch,
        committed: &Committed,
    ) -> Result<Bytes, TaskError> {
        let own = |topic| self.shared.topology.target(topic, self.partition, TASK_STATE_KEY);
        let next_in = |topic| committed.last_offsets.get(&own(topic)).map(|last| last.saturating_add(1));
        let Some(changelog_next) = next_in(OutputTopic::Debtors) else {
            return Err(self.recover("the log did not say where the changelog's records lie"));
        };
        // A batch without records leaves the records topic where it was.
        self.records_next = next_in(OutputTopic::Records).unwrap_or(self.records_next);
        let ahead = if self.breaks(Mutation::PositionAhead) { 3 } else { 0 };
        let state = TaskState {
            changelog_next: Some(changelog_next.saturating_add(ahead)),
            records_next: Some(self.records_next),
            ..sealed.state.clone()
        };
        self.encode_state(&state)
    }
}
